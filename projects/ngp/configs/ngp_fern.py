"""Instant-NGP on fern, a forward-facing capture: the paper's configuration, the field in NDC."""

_base_ = ["../../_base_/fern.py", "ngp_base.py"]

exp_name = "ngp_fern"
