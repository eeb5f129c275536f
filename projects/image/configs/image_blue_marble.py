"""Blue Marble, 5400x2700 pixels, the published configuration."""

_base_ = ["../../_base_/blue_marble.py", "image_base.py"]

exp_name = "image_blue_marble"
encoder = dict(pos_encoder=dict(max_resolution=2700))
