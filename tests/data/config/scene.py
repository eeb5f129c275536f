"""A scene base, as projects/_base_ has them."""

dataset = dict(type="FakeDataset", root="scene", background=[1.0, 1.0, 1.0])
