"""A portrait of 1024x1024 pixels, the published configuration: every level has room for all of its vertices."""

_base_ = ["../../_base_/albert.py", "image_base.py"]

exp_name = "image_albert"
