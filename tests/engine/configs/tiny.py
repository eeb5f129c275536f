"""A run of the fakes."""

custom_imports = ["fakes.py"]
exp_name = "tiny"
seed = 7
total_steps = 12
n_rays = 64
dataset = dict(type="FakeDataset")
sampler = dict(type="FakeSampler")
encoder = dict()
network = dict(type="FakeNetwork")
renderer = dict(type="FakeRenderer")
loss = dict(type="FakeLoss")
optim = dict(type="FakeMomentum")
ema = dict(type="FakeAverage")
evaluation = dict(steps=[], n_images=2)
checkpoint = dict(every=5, keep=2)
render = dict(n_frames=3, fps=10)
log_every = 4
