"""A method on a scene; tests count on the line numbers of this file."""

_base_ = ["../scene.py"]

total_steps = 100
sampler = dict(
    type="FakeSampler",
    grid_resolution=64,
    levels=[1, 2],
)
encoder = {
    "pos_encoder": {"type": "FakeEncoder", "n_levels": 4},
    "dir_encoder": dict(type="FakeEncoder"),
}
network = dict(type="FakeNetwork")
renderer = dict(type="FakeRenderer", background="random")
loss = dict(type="FakeLoss", weight=dict(schedule="linear", value=1.0, end=0.0, steps=(0, 10)))
optim = dict(type="FakeAdam", lr=1e-2, betas=(0.9, 0.99), groups=dict(encoder=dict(sparse=True)))
