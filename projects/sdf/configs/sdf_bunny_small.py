"""The bunny, an open mesh: inside is where its winding number is 0.5 or more."""

_base_ = ["sdf_armadillo_small.py", "../../_base_/bunny.py"]

exp_name = "sdf_bunny_small"
total_steps = 600
n_rays = 2**15

dataset = dict(noise_std=dict(steps=(0, 200)))
encoder = dict(pos_encoder=dict(log2_table_size=17, max_resolution=512))
optim = dict(lr=dict(steps=(0, 600)))

evaluation = dict(steps=[100, 300])
