"""NeuS on a hash grid, scan 24 with masks, for CPUs."""

_base_ = ["../../_base_/scan24.py", "hash_neus_base.py"]

exp_name = "hash_neus_scan24_wmask"
