"""NGLOD on the armadillo for a few minutes on one CPU core: fewer features, larger batches, relative errors."""

_base_ = ["nglod_armadillo.py"]

exp_name = "nglod_armadillo_small"
total_steps = 1100
n_rays = 2**15

dataset = dict(
    fit="box",
    surface_share=0.5,
    near_share=0.375,
    noise="logistic",
    noise_std=0.866 / 512,
    batches_at_once=16,
    passes=4,
)
encoder = dict(pos_encoder=dict(n_features=16))  # 4^3 to 64^3 voxels, all of them
network = dict(hidden_width=64)
loss = dict(_delete_=True, type="MAPELoss", epsilon=0.01)
optim = dict(
    lr=dict(_delete_=True, schedule="cosine", value=5e-3, end=5e-5, steps=(0, 1100)),
    betas=(0.9, 0.99),
    eps=1e-15,
)

evaluation = dict(steps=[])
