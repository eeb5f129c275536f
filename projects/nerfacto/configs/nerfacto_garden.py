"""nerfacto on garden: the published configuration."""

_base_ = ["../../_base_/garden.py", "nerfacto_base.py"]

exp_name = "nerfacto_garden"
