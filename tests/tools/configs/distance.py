"""A tiny run whose field has a surface."""

_base_ = ["../../engine/configs/tiny.py"]

custom_imports = ["distance_network.py"]
exp_name = "distance"
total_steps = 2
network = dict(type="FakeDistanceNetwork")
evaluation = dict(at_end=False)
