"""Method: VQAD (Takikawa et al. 2022, https://arxiv.org/abs/2206.07707): an octree's features from a codebook."""

_base_ = ["../../nglod/configs/nglod_base.py"]

encoder = dict(
    pos_encoder=dict(
        type="CodebookEncoder",
        base_level=5,  # voxels of 1/32 of the box
        n_levels=4,  # LODs: 32^3, 64^3, 128^3, 256^3 voxels
        n_features=16,  # k, of an entry
        bits=4,  # b: codebooks of 2^b entries, one for each LOD
        init_scale=0.01,  # standard deviation of the entries
        logit_scale=0.01,
    ),
)
