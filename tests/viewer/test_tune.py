"""What the panel of settings offers, of a run whose config does not say everything."""

from types import SimpleNamespace
from unittest.mock import MagicMock

from jnerf.config import find_config, load_config
from jnerf.viewer.panels.tune import TunePanel


def test_a_config_without_a_learning_rate_has_the_other_controls():
    config = load_config(find_config("ngp_embedded"), ["optim=dict(_delete_=True, type='Adam')"])
    panel = TunePanel(SimpleNamespace(trainer=SimpleNamespace(config=config), edits=MagicMock()))
    panel.build(MagicMock())
    assert {"weight_rgb", "log_every"} <= set(panel.controls)
    assert not {"lr_factor", "lr_schedule"} & set(panel.controls)
