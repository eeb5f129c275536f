"""Registries: look-up, lazy import, building, and the text of every error."""

import sys
import textwrap

import pytest
from fake_modules import FAKES

from jnerf.config import Block
from jnerf.errors import ConfigError
from jnerf.registry import REGISTRIES, Registry


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package whose module registers a class; yields its registry."""
    name = f"family_{tmp_path.name}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "thing.py").write_text(
        textwrap.dedent(f"""
        import sys
        @sys.modules["{name}_registry"].REGISTRY.register()
        class Thing:
            pass
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    siblings = {}
    registry = Registry("thing", name, siblings)
    Registry("other", None, siblings).register()(type("Stray", (), {}))
    holder = type(sys)(f"{name}_registry")
    holder.REGISTRY = registry
    monkeypatch.setitem(sys.modules, holder.__name__, holder)
    yield registry
    for module in [m for m in sys.modules if m.startswith(name)]:
        del sys.modules[module]


def message(call, *args, **kwargs):
    with pytest.raises(ConfigError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


def test_seven_families():
    assert list(REGISTRIES) == list(FAKES)


def test_lazy_import_on_first_lookup(package):
    assert package.names() == []
    assert package.get("Thing").__name__ == "Thing"
    assert package.names() == ["Thing"]


def test_classes_in_folders_of_the_package_are_found(package, tmp_path):
    room = tmp_path / f"family_{tmp_path.name}" / "room" / "inner"
    room.mkdir(parents=True)
    for folder in (room, room.parent):
        (folder / "__init__.py").write_text("")
    source = (room.parents[1] / "thing.py").read_text()
    (room / "other.py").write_text(source.replace("class Thing", "class Other"))
    assert package.get("Other").__module__.endswith(".room.inner.other")
    assert package.names() == ["Other", "Thing"]


def test_fault_in_a_folder_of_the_package_is_raised(package, tmp_path):
    room = tmp_path / f"family_{tmp_path.name}" / "room"
    room.mkdir()
    (room / "__init__.py").write_text("import no_such_module_of_anyone")
    with pytest.raises(ModuleNotFoundError, match="no_such_module_of_anyone"):
        package.get("Other")


def test_unknown_name(package):
    assert message(package.get, "Thin") == (
        "unknown thing 'Thin'. Did you mean 'Thing'? Registered: Thing"
    )


def test_name_of_another_registry(package):
    assert message(package.get, "Stray") == (
        "unknown thing 'Stray'. That name is registered as: other. Registered: Thing"
    )
    assert message(FAKES["sampler"].get, "FakeLoss").startswith(
        "unknown sampler 'FakeLoss'. That name is registered as: loss. "
    )


def test_type_must_be_a_string():
    assert message(FAKES["loss"].get, 3) == "the type of a loss must be a string, got 3"


def test_duplicate_names_both_modules():
    registry = Registry("loss")
    first, second = (type("Twin", (), {"__module__": name}) for name in ("pkg.a", "pkg.b"))
    registry.register()(first)
    assert message(registry.register(), second) == (
        "two classes are registered as loss 'Twin': pkg.a.Twin and pkg.b.Twin. "
        "Rename one of them, or register it under another name"
    )
    registry.register("Twin2")(second)
    assert registry.names() == ["Twin", "Twin2"]


def test_same_class_again_replaces():
    registry = Registry("loss")
    again = type("Cell", (), {"__module__": "__main__"})
    registry.register()(type("Cell", (), {"__module__": "__main__"}))
    registry.register()(again)
    assert registry.get("Cell") is again


def test_only_classes_register():
    with pytest.raises(TypeError, match="only classes can be registered as a loss"):
        Registry("loss").register()(lambda: None)


def test_build_offers_facts():
    sampler = FAKES["sampler"].build(
        dict(type="FakeSampler", near=0.5, levels=(1, 2)), aabb="box", near=0.1, cameras="unused"
    )
    assert (sampler.aabb, sampler.near, sampler.levels) == ("box", 0.5, (1, 2))


def test_build_hands_over_copies():
    cfg = Block(dict(type="FakeAdam", lr=1e-2, groups=dict(encoder=dict(sparse=True))))
    optim = FAKES["optim"].build(cfg, params={})
    optim.groups["encoder"]["sparse"] = False
    assert cfg.groups.encoder.sparse is True
    assert type(optim.groups) is dict


def test_build_errors():
    build = FAKES["sampler"].build
    facts = dict(aabb=None, near=0.1)
    assert message(build, dict(grid_resolution=3)) == (
        "sampler: no 'type'. Choose one of: FakeSampler, OtherSampler"
    )
    assert message(build, "FakeSampler") == (
        "sampler: expected dict(type=...), got str 'FakeSampler'"
    )
    assert message(build, dict(type="FakeSamplr")).startswith(
        "sampler.type: unknown sampler 'FakeSamplr'. Did you mean 'FakeSampler'? Registered: "
    )
    assert message(build, dict(type="FakeSampler", grid_resolutoin=3), "a.b", **facts) == (
        "a.b.grid_resolutoin: unknown argument of FakeSampler. Did you mean 'grid_resolution'? "
        "Valid: near, grid_resolution, levels, jitter"
    )
    assert message(build, dict(type="FakeSampler", jitter=1), **facts) == (
        "sampler.jitter: expected bool, got int 1"
    )
    assert message(build, dict(type="OtherSampler"), **facts) == (
        "sampler: OtherSampler needs the argument 'n_samples' (int). Valid: n_samples"
    )
    assert message(build, dict(type="FakeSampler", grid_resolution=0), **facts) == (
        "sampler: FakeSampler: grid_resolution must be at least 1, got 0"
    )
