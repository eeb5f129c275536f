"""What LPIPS needs, one after the other; torch itself is not asked for."""

import importlib.util

import pytest

from jnerf.metrics.lpips import WEIGHTS, backbone, lpips_metric, weights_path
from jnerf.metrics.optional import MetricAbsent


@pytest.fixture
def installed(monkeypatch):
    """Says which libraries are there; they are empty."""

    def set_installed(*names):
        real = importlib.util.find_spec
        mine = ("torch", "torchvision", "lpips")
        monkeypatch.setattr(
            "importlib.util.find_spec",
            lambda name, *more: (name in names or None) if name in mine else real(name, *more),
        )

    return set_installed


@pytest.mark.parametrize("there", [(), ("torch",), ("torch", "torchvision")])
def test_what_is_missing_is_named(installed, there):
    installed(*there)
    missing = ("torch", "torchvision", "lpips")[len(there)]
    with pytest.raises(MetricAbsent, match=rf"^{missing} is not installed"):
        lpips_metric()


def test_weights_must_lie_on_the_disk(installed, monkeypatch, tmp_path):
    installed("torch", "torchvision", "lpips")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(MetricAbsent, match=f"are not at .*{WEIGHTS}; nothing is downloaded"):
        lpips_metric()
    assert weights_path() == tmp_path / "hub" / "checkpoints" / WEIGHTS
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert weights_path() == tmp_path / "torch" / "hub" / "checkpoints" / WEIGHTS


def test_the_networks_own_names_take_torchvisions_weights():
    weights = {f"features.{i}.weight": i for i in (0, 3, 6, 8, 10)} | {"classifier.1.weight": 9}
    wanted = {f"slice{k}.{i}.weight": None for k, i in ((1, 0), (2, 3), (3, 6), (4, 8), (5, 10))}
    assert list(backbone(weights, wanted).values()) == [0, 3, 6, 8, 10]
