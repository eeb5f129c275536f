"""TensoRF on fern of LLFF, as published for forward-facing scenes: NDC, most components across the view."""

_base_ = ["../../_base_/fern.py", "tensorf_base.py"]

exp_name = "tensorf_fern"
total_steps = 25000

_upsample = [2000, 3000, 4000, 5500]
_fall = 0.1 ** (1 / 25000)

sampler = dict(type="UniformSampler", n_samples=512)
encoder = dict(
    density_factors=dict(n_components=[16, 4, 4]),
    color_factors=dict(n_components=[48, 12, 12]),
)
network = dict(
    final_resolution=640,
    upsample_steps=_upsample,
    mask_steps=[2500],
    density_activation="relu",
    density_shift=0.0,
    density_scale=50.0,  # 25 per unit of NDC, which is 2 deep where the box is 1
    feature_frequencies=0,
    direction_frequencies=0,
)
renderer = dict(background="random")
# The published weight of 1 has a factor of 1e-2 inside, and falls as the learning rate would without its restarts.
_variation = dict(schedule="exponential", value=1e-2, every=1, factor=_fall)
loss = dict(
    sparsity=None,
    density_variation=dict(type="FactorVariationLoss", of_factors="density", weight=_variation),
    color_variation=dict(type="FactorVariationLoss", of_factors="color", weight=_variation),
)
optim = dict(
    lr=dict(factor=_fall, restart=_upsample),
    groups=dict(network=dict(lr=dict(factor=_fall, restart=_upsample))),
)

evaluation = dict(steps=[500, 2000, 5000, 10000])
