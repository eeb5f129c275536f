"""What a run that is no longer finite ends with; runs that do so are in ``tests/engine/test_trainer.py``."""

import numpy as np
import pytest

from jnerf.config import find_config, load_config
from jnerf.engine.guards.finite import check_finite, check_losses
from jnerf.errors import TrainingError

PATH = "encoder.pos_encoder.table_precision"


def config(precision):
    return load_config(find_config("ngp_embedded"), [f"{PATH}={precision}"])


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_a_table_in_float16_is_pointed_at(precision):
    with pytest.raises(TrainingError, match="'rgb' is nan at step 8.*checkpoint is step 5") as one:
        check_losses({"rgb": float("nan"), "depth": 1.0}, 7, 5, config(precision))
    with pytest.raises(TrainingError, match=r"after step 7: a \(1 values\).*is step 5") as two:
        check_finite({"a": np.array([1, np.inf]), "b": np.ones(1)}, 7, 5, config(precision))
    for said in (str(one.value), str(two.value)):
        assert (f"{PATH} is 'float16', in which" in said) == (precision == "float16")
        assert ("'bfloat16' and 'float32' have no such end" in said) == (precision == "float16")


def test_what_is_finite_is_let_through():
    check_losses({"rgb": 1.0}, 7, 5, config("float16"))
    check_finite({"a": np.ones(2)}, 7, 5, config("float16"))
