"""Instant-NGP with cameras that learn, finer: twice the pixels, quarter of the step, thinner surfaces."""

_base_ = ["ngp_poses_small.py"]

exp_name = "ngp_poses_fine"
total_steps = 5000

dataset = dict(resolution=256)
# A surface is about a step and a cell thick. Cameras that see the disc from its edge see it where it begins, the others
# where it has become opaque, and that is by how much they are led astray.
sampler = dict(target_samples=2**17, step_size=0.001)
encoder = dict(pos_encoder=dict(log2_table_size=17, max_resolution=1024))
optim = dict(groups=dict(dataset=dict(cameras=dict(lr=dict(steps=(500, 4000))))))
checkpoint = dict(every=1000)
