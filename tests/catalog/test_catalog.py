"""Lists of methods, configs and modules, against what is registered and what lies in projects."""

import inspect
import json
from collections.abc import Iterator

import pytest

from jnerf.catalog.blocks import class_of
from jnerf.catalog.lists import show
from jnerf.catalog.modules import modules
from jnerf.catalog.projects import configs, methods
from jnerf.catalog.signatures import argument_docs, arguments_of
from jnerf.checks.arguments import signature_of
from jnerf.checks.flat import shared_groups
from jnerf.errors import ConfigError
from jnerf.registry import INNER, REGISTRIES


@pytest.mark.parametrize("family", REGISTRIES | INNER)
def test_sources_name_the_classes_that_are_registered(family):
    registry = (REGISTRIES | INNER)[family]
    registry.load()
    ours = [name for name in registry.names() if registry.get(name).__module__[:6] == "jnerf."]
    found = [entry for entry in modules() if entry.family == family]
    assert [entry.name for entry in found] == ours
    for entry in found:
        cls = registry.get(entry.name)
        assert entry.path.as_posix().endswith(cls.__module__.replace(".", "/") + ".py")
        assert entry.summary and entry.summary in " ".join(cls.__doc__.split())
        assert not entry.summary.endswith("et al.")


def test_every_argument_of_every_module_is_described():
    for entry in modules():
        cls = class_of(entry.family, entry.name)
        found = arguments_of(entry.family, entry.name)
        assert [row.name for row in found] == list(signature_of(cls).parameters)
        assert [row.name for row in found if not row.doc] == [], entry.name


def test_nothing_is_described_that_is_no_argument():
    for entry in modules():
        cls = class_of(entry.family, entry.name)
        assert set(argument_docs(cls)) <= set(_arguments_anywhere(cls)), entry.name


def _arguments_anywhere(cls: type) -> Iterator[str]:
    """Arguments of constructors of a class, of what it derives from, and of groups that these share."""
    for owner in cls.__mro__[:-1]:
        yield from inspect.signature(inspect.unwrap(owner.__init__)).parameters
        for group in shared_groups(owner):
            yield from inspect.signature(group).parameters


def test_arguments_of_shared_groups_and_of_the_scene():
    found = {row.name: row for row in arguments_of("dataset", "BlenderDataset")}
    assert found["root"].required and found["scale"].default == 0.33
    assert found["scale"].doc == "field units per world unit."
    assert not found["near"].supplied and found["seed"].supplied
    grid = {row.name: row for row in arguments_of("encoder", "HashGridEncoder")}
    assert grid["interpolation"].type == "'linear' or 'smoothstep'"
    cameras = {row.name: row for row in arguments_of("dataset.cameras", "PoseRefinement")}
    assert cameras["c2w"].supplied and not cameras["begin"].supplied
    assert grid["aabb"].supplied and not grid["n_levels"].supplied


def test_every_method_and_config_has_a_line():
    found = {entry.name: entry for entry in methods()}
    assert found["ngp"].summary.startswith("Instant Neural Graphics Primitives")
    assert found["ngp"].summary.endswith("(2022)")
    assert all(entry.title and entry.summary and entry.configs for entry in found.values())
    kinds = {entry.name: entry.kind for entry in configs()}
    assert (kinds["ngp_lego"], kinds["ngp_base"], kinds["lego"]) == ("run", "method", "scene")
    assert [entry.name for entry in configs() if not entry.summary] == []


def test_text_and_json():
    text = show(("methods", "configs", "modules"))
    for line in ("  ngp_lego ", "  ngp_base ", "  HashGridEncoder ", "encoder modules:"):
        assert line in text
    table = json.loads(show(("methods", "configs", "modules"), as_json=True))
    assert [entry["name"] for entry in table["modules"]] == [entry.name for entry in modules()]
    one = json.loads(show(("modules",), "Adam", as_json=True))["modules"]
    assert [row["name"] for row in one[0]["arguments"]][:2] == ["params", "lr"]


def test_details():
    assert "  n_levels = 16  (int)\n      L, number of" in show(("modules",), "HashGridEncoder")
    assert "MSELoss" in show(("modules",), "loss") and "Adam" not in show(("modules",), "loss")
    assert "jnerf train ngp_lego" in show(("configs", "modules"), "ngp_lego")
    assert '_base_ = ["lego", "ngp_base"]' in show(("configs",), "ngp_base")
    assert "  ngp_fast  " in show(("methods",), "ngp")


def test_blocks_without_a_type():
    text = show(("modules",), "Transients")
    assert text.startswith("Transients, network.transient: Geometry features of a sample")
    assert "\ndict(...) takes:\n  width = 16  (int)\n" in text
    own, supplied = text.split("supplied by the engine")
    assert "  bias = -1.0  (float)" in own and "  scale = 1.0  (float)" in supplied
    assert "  squares = 0  (int)" in show(("modules",), "dataset.disturb")
    assert "Appearance  A row of numbers for each image" in show(("modules",))


def test_an_unknown_name():
    with pytest.raises(ConfigError, match="no modules of the name 'Adm'. Did you mean 'Adam'?"):
        show(("modules",), "Adm")
    with pytest.raises(ConfigError, match="of the name 'module'. Did you mean 'modules'?"):
        show(("methods", "configs", "modules"), "module")
