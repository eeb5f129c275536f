"""NeuS on a hash grid, scan 24 with masks: a closed surface within half an hour on two CPU cores."""

_base_ = ["../../_base_/scan24.py", "hash_neus_base.py"]

exp_name = "hash_neus_scan24_wmask"
