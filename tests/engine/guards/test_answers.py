"""Wrong answers of modules, a user's for example, are named instead of trained on."""

from types import SimpleNamespace

import jittor as jt
import pytest

from jnerf.engine.guards.answers import check_batch, check_terms
from jnerf.errors import TrainingError
from jnerf.models.losses.photometric import MSELoss
from jnerf.structures import Batch, RayBundle


def batch(rays: int, rows: int, channels: int = 4) -> Batch:
    return Batch(RayBundle(jt.zeros((rays, 3)), jt.zeros((rays, 3))), jt.zeros((rows, channels)))


def test_truths_are_those_of_the_rays():
    check_batch(SimpleNamespace(), batch(5, 5), 5)
    with pytest.raises(
        TrainingError, match=r"sample\(5, step\) gave rgba \[8, 4\]; it must be \[5, 4"
    ):
        check_batch(SimpleNamespace(), batch(5, 8), 5)
    with pytest.raises(TrainingError, match=r"gave rgba \[5, 3\]"):
        check_batch(SimpleNamespace(), batch(5, 5, 3), 5)
    with pytest.raises(TrainingError, match=r"gave rays \[4\]; it must be \[5\]"):
        check_batch(SimpleNamespace(), batch(4, 4), 5)


def test_a_loss_is_one_number():
    losses = {"rgb": MSELoss()}
    check_terms(losses, {"rgb": jt.ones((3,)).mean()})
    with pytest.raises(TrainingError, match=r"loss.rgb: MSELoss gave \[3\]; .* end it with .mean"):
        check_terms(losses, {"rgb": jt.ones((3,))})
    with pytest.raises(TrainingError, match="loss.rgb: MSELoss gave 1.0; a loss is a Var"):
        check_terms(losses, {"rgb": 1.0})
