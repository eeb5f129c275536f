"""The portrait in one dense grid of features, 256 vertices a side: the comparison."""

_base_ = ["image_albert_small.py"]

exp_name = "image_albert_dense_small"
encoder = dict(pos_encoder=dict(_delete_=True, type="DenseGridEncoder", resolution=256, n_features=16))
