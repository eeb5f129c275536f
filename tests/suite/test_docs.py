"""The page of interfaces has what the base classes have: no more names, no fewer."""

import inspect
import re
from pathlib import Path

import pytest

from jnerf.datasets.base import Dataset
from jnerf.encoders.base import Encoder
from jnerf.models.losses.base import Loss
from jnerf.models.networks.base import Network
from jnerf.models.renderers.base import Renderer
from jnerf.optims.base import Average, Optim, Optimiser
from jnerf.samplers.base import Sampler
from jnerf.samplers.field import Field

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "conventions.md").read_text()
FAMILIES = {
    "Dataset": [Dataset],
    "Sampler": [Sampler],
    "Encoder": [Encoder],
    "Network": [Network],
    "Renderer": [Renderer],
    "Loss": [Loss],
    "Optim": [Optim, Optimiser, Average],
}
OF_INSTANCES = {"n_dims", "out_dim", "round", "n_images"}  # set by constructors
CALLS = {"encoder", "network", "sampler", "renderer"}  # how a module is called


def own_names(kind: type) -> set[str]:
    names = set(vars(kind)) | set(inspect.get_annotations(kind))
    return {name for name in names if not name.startswith("_")} - {"execute"}


def section(family: str) -> str:
    return re.search(rf"^### {family}\n(.*?)(?=^##)", PAGE, re.M | re.S)[1]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_interface_is_on_the_page(family):
    rows = re.findall(r"^\| (.*?) \|", section(family), re.M)[1:]
    told = {name for row in rows for name in re.findall(r"`(\w+)", row)} - CALLS - {"execute"}
    have = set().union(*map(own_names, FAMILIES[family]))
    assert told - OF_INSTANCES == have - OF_INSTANCES


def test_so_is_the_field():
    for name in own_names(Field):
        assert f"`{name}(" in section("Sampler")
