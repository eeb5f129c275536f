"""Blue Marble, 5400x2700 pixels, in a table of 2^18 rows a level, for two CPU cores."""

_base_ = ["image_blue_marble.py"]

exp_name = "image_blue_marble_small"
total_steps = 1500
n_rays = 2**16

encoder = dict(pos_encoder=dict(log2_table_size=18))
optim = dict(lr=dict(_delete_=True, schedule="cosine", value=1e-2, end=2e-4, steps=(0, 1500)))

evaluation = dict(steps=[100, 300, 700])
checkpoint = dict(every=500)
