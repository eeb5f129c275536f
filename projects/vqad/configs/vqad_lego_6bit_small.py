"""The same with 6 bits: codebooks of 64 entries."""

_base_ = ["vqad_lego_small.py"]

exp_name = "vqad_lego_6bit_small"

encoder = dict(pos_encoder=dict(bits=6))
