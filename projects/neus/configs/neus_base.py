"""Method: NeuS (Wang et al. 2021, https://arxiv.org/abs/2106.10689), as published for scenes with masks."""

seed = 1337
total_steps = 300000
n_rays = 512

sampler = dict(
    type="NeuSSampler",
    n_samples=64,
    n_rounds=4,
    n_fine=16,  # added by each round
    sharpness=64.0,  # of the first round, per radius of the object's ball; doubles with each
)
encoder = dict(
    # 6 frequencies 2^k of coordinates from -1 to 1, without the pi of NeRF's equation 4: hence the range
    pos_encoder=dict(
        type="FrequencyEncoder",
        n_frequencies=6,
        include_input=False,  # the network takes the position itself in any case
        input_range=(-1.0707963, 2.0707963),  # 0.5 -+ pi / 2
    ),
    dir_encoder=dict(type="FrequencyEncoder", n_frequencies=4, input_range=(-3.1415927, 3.1415927)),
)
network = dict(
    type="NeuSNetwork",
    hidden_width=256,
    n_layers=8,  # of the distance's MLP
    skip=4,  # the input enters again behind the fourth
    color_layers=4,
    geometry_features=256,
    radius_init=0.5,  # the first surface: a sphere half as large as the object's ball
    variance_init=0.3,  # s = exp(10 v) per radius
)
renderer = dict(type="NeuSRenderer", anneal_steps=0, background=None, early_stop=0.0)
loss = dict(
    # Summed over the channels, as the method has it: the mean over them times three.
    rgb=dict(type="L1Loss", masked=True, weight=3.0),
    eikonal=dict(type="EikonalLoss", weight=0.1),
    mask=dict(type="MaskLoss", weight=0.1),
)
optim = dict(
    type="Adam",
    lr=dict(schedule="cosine", value=5e-4, end=2.5e-5, steps=(5000, 300000), warmup=5000),
    betas=(0.9, 0.999),
    eps=1e-8,
)

evaluation = dict(steps=[10000, 50000, 100000, 200000], n_images=3)
checkpoint = dict(every=2500, keep=3)
log_every = 50
chunk = 1024  # rays rendered at once: 128 samples each, and layers of 256
