"""Instant-NGP on six views of the embedded scene whose depth is known: minutes on two CPU cores.

Set loss.depth=None for the same without depth.
"""

_base_ = ["../../_base_/embedded.py", "../../ngp/configs/ngp_base.py"]

exp_name = "ngp_depth_small"
total_steps = 500

dataset = dict(n_train=6, resolution=128, extras=["depth"])  # exact, of every ray
sampler = dict(target_samples=2**16)
encoder = dict(pos_encoder=dict(log2_table_size=17, max_resolution=512))
loss = dict(
    _delete_=True,
    rgb=dict(type="HuberLoss", delta=0.1, weight=3.0),
    depth=dict(type="DepthL1Loss", weight=1.0),
)
evaluation = dict(steps=[])
checkpoint = dict(every=250)
