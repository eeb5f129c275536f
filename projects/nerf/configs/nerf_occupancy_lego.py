"""NeRF's network on an occupancy grid, as JNeRF has it: one MLP, one round, samples only where something is."""

_base_ = ["nerf_lego.py"]

exp_name = "nerf_occupancy_lego"
total_steps = 50000

dataset = dict(crop_steps=0)  # the grid finds the middle by itself
sampler = dict(
    _delete_=True,
    type="OccupancySampler",
    grid_resolution=128,
    target_samples=2**16,  # samples per step; the number of rays follows
)
network = dict(rounds=1, density_activation="exp", density_scale=1.0)
loss = dict(coarse=None)
optim = dict(lr=dict(schedule="log_linear", value=5e-4, end=5e-5, steps=(0, 50000)))
