"""Settings on which the frames of a film depend."""

from jnerf.engine.guards.shown import shown_with


def changed(first, second, **rest):
    """The settings that count, of two configs that differ."""
    then, now = shown_with({**rest, **first}), shown_with({**rest, **second})
    return [path for path in now if then.get(path) != now[path]]


def test_those_that_change_pictures_count():
    def sampler(**more):
        return {"sampler": dict(type="OccupancySampler", **more), "loss": {}, "chunk": 1}

    assert changed(sampler(), sampler(early_stop=0.1)) == ["sampler.early_stop"]
    assert changed(sampler(), sampler(early_stop=1e-4)) == []  # its default
    assert changed(sampler(), sampler(density_chunk=9, look_samples=2**20, fixed_sizes=True)) == []
    lod = [{"network": dict(type="NGLODNetwork", lod=lod)} for lod in (1, 2)]
    assert changed(*lod) == ["network.lod"]
    roots = [{"dataset": dict(type="BlenderDataset", root=root, scale=1.0)} for root in "ab"]
    assert changed(*roots) == [] and "dataset.scale" in shown_with(roots[0])
    assert changed({"total_steps": 3, "optim": None}, {"total_steps": 4, "ema": None}) == []
