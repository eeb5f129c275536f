"""Instant-NGP with the distances of COLMAP's points, for a capture of your own: minutes on two CPU cores."""

_base_ = ["../../_base_/capture.py", "../../ngp/configs/ngp_base.py"]

exp_name = "ngp_tracks_capture"  # give another for each scene: exp_name=fern
total_steps = 2000

dataset = dict(depth="tracks", depth_share=0.25)
sampler = dict(target_samples=2**16)
encoder = dict(pos_encoder=dict(log2_table_size=17))
loss = dict(
    _delete_=True,
    rgb=dict(type="HuberLoss", delta=0.1, weight=3.0),
    depth=dict(type="RayTerminationLoss", sigma=1e-3, weight=1.0),
)
evaluation = dict(steps=[500])
