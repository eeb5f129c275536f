"""DS-NeRF (Deng et al. 2022, https://arxiv.org/abs/2107.02791), as published on NeRF, for a capture of your own.

Days on two CPU cores: ngp_tracks_capture.py is for those.
"""

_base_ = ["../../_base_/capture.py", "../../nerf/configs/nerf_base.py"]

exp_name = "dsnerf_capture"  # give another for each scene: exp_name=fern

dataset = dict(
    depth="tracks",  # rays through pixels where an image sees a point
    depth_share=0.5,  # of the rays of a batch
)
renderer = dict(background=None)
loss = dict(
    fine=dict(type="MSELoss"),
    coarse=dict(type="MSELoss", round=0),
    depth=dict(
        type="RayTerminationLoss",
        sigma=1e-3,  # times a point's reprojection error over the mean one; square field units
        widen_errors=True,
        every_round=False,  # the fine samples alone
        weight=0.1,
    ),
)
