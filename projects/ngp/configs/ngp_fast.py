"""Instant-NGP on lego for the clock: the paper's field, another schedule. Half an hour on two CPU cores, not two hours.

A step costs what its samples cost, plus what it costs to update 12 million parameters. Early on many small steps get
further than few large ones; later the large batch and a falling learning rate take the noise out of the weights. PSNR
against seconds, beside the paper's recipe, is in the README of this folder's project.
"""

_base_ = ["ngp_lego.py"]

exp_name = "ngp_fast"
total_steps = 8000

sampler = dict(
    target_samples=dict(schedule="linear", value=2**16, end=2**18, steps=(0, 4000)),
    warmup_steps=128,  # of the grid, which is asked everywhere so long
)
optim = dict(lr=dict(schedule="cosine", value=1e-2, end=2e-4, steps=(0, 8000)))

evaluation = dict(steps=[500, 1000, 2000, 3000, 4000, 6000])
