custom_imports = ["pictures.py"]
exp_name = "picture"
total_steps = 150
n_rays = 512
dataset = dict(type="PictureDataset")
sampler = dict(type="Points")
encoder = dict(
    pos_encoder=dict(type="HashGridEncoder", n_levels=6, log2_table_size=10, max_resolution=64)
)
network = dict(type="PictureNetwork")
renderer = dict(type="Direct")
loss = dict(type="MSELoss")
optim = dict(type="Adam", lr=1e-2, groups=dict(encoder=dict(sparse=True)))
evaluation = dict(steps=[50])
log_every = 10
