"""The torus, whose distance is known everywhere, in half a minute of a CPU core: coarse cells do for what is smooth."""

_base_ = ["sdf_armadillo_small.py", "../../_base_/torus.py"]

exp_name = "sdf_torus_small"
total_steps = 600
n_rays = 2**15

dataset = dict(near_share=0.4, noise_std=0.01)
encoder = dict(pos_encoder=dict(log2_table_size=17, max_resolution=256))
optim = dict(lr=dict(steps=(0, 600)))

evaluation = dict(steps=[100, 300])
