"""A codebook of 4 bits on an octree that grows, for a quarter of an hour on one CPU core: 400 x 400 pixels."""

_base_ = ["../../nglod/configs/nglod_lego_small.py"]

exp_name = "vqad_lego_small"

encoder = dict(
    pos_encoder=dict(
        type="CodebookEncoder",
        bits=4,  # b: codebooks of 2^b entries, one for each LOD
        logit_scale=0.01,  # standard deviation
    ),
)
ema = None  # of logits it would be no average of what they choose
