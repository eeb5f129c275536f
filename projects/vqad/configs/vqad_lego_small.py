"""A codebook of 4 bits on an octree that grows, for some minutes on one CPU core: 400 x 400 pixels."""

_base_ = ["../../nglod/configs/nglod_lego_small.py"]

exp_name = "vqad_lego_small"

encoder = dict(
    pos_encoder=dict(
        type="CodebookEncoder",
        base_level=5,
        n_levels=4,  # LODs: 32^3 to 256^3 voxels
        initial_levels=2,
        n_features=16,  # k, of an entry
        bits=4,  # b: codebooks of 2^b entries, one for each LOD
        init_scale=0.1,  # standard deviation of the entries
        logit_scale=0.01,
    ),
)
