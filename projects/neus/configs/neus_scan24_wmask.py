"""NeuS on scan 24 with masks, as published. Days on two CPU cores: neus_scan24_small.py is for those."""

_base_ = ["../../_base_/scan24.py", "neus_base.py"]

exp_name = "neus_scan24_wmask"
