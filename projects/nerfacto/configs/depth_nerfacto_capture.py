"""depth-nerfacto of nerfstudio: nerfacto with files of depth beside the images (depth_file_path of transforms.json)."""

_base_ = ["nerfacto_base.py"]

exp_name = "depth_nerfacto_capture"  # give another for each scene

dataset = dict(
    type="TransformsDataset",
    root="./scene",  # with a transforms.json; relative without ./: under $JNERF_DATA first
    # In world units times integer_depth_scale of the file, else 0.001; depth_unit sets another.
    depth="z",  # distances along the view axis; "euclidean": along the ray
    auto_orient=True,
    auto_centre=True,
    auto_scale=True,
    scale=0.5,  # field units per world unit: the farthest camera stands where the contraction begins
    aabb_scale=1.0,
)
network = dict(initial_density=1.0)
# nerfstudio's sigma of 0.01 and weight of 0.001, in its units, of which a field unit is two
loss = dict(depth=dict(type="RayTerminationLoss", sigma=2.5e-3, weight=2e-3))
optim = dict(lr=1e-2)
