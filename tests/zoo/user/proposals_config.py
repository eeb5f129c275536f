_base_ = ["../../../projects/_base_/embedded.py", "../../../projects/ngp/configs/ngp_base.py"]

custom_imports = ["proposals.py"]
total_steps = 120
n_rays = 512
dataset = dict(resolution=32, n_train=8, n_test=2)
sampler = dict(_delete_=True, type="TwoProposals")
encoder = dict(
    pos_encoder=dict(log2_table_size=13, max_resolution=128),
    proposal_0=dict(type="HashGridEncoder", n_levels=4, log2_table_size=11, max_resolution=32),
    proposal_1=dict(type="HashGridEncoder", n_levels=5, log2_table_size=12, max_resolution=64),
)
network = dict(_delete_=True, type="NGPWithProposals")
loss = dict(
    _delete_=True, rgb=dict(type="HuberLoss", weight=3.0), interlevel=dict(type="Interlevel")
)
optim = dict(groups={"encoder.proposal_1": dict(every=2, clip_norm=1.0)})
evaluation = dict(_delete_=True, steps=[])
log_every = 10
