"""The torus, whose distance is known everywhere, in a minute of a CPU core: coarse cells do for what is smooth."""

_base_ = ["sdf_armadillo_small.py", "../../_base_/torus.py"]

exp_name = "sdf_torus_small"
total_steps = 1200
n_rays = 2**15

dataset = dict(surface_share=0.3, near_share=0.5, noise_std=0.015)
encoder = dict(pos_encoder=dict(log2_table_size=17, max_resolution=128))
optim = dict(lr=dict(steps=(0, 1200)))

evaluation = dict(steps=[100, 300])
