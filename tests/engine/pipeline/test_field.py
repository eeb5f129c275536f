"""What a network is asked while samples are placed: of a round that a loss trains its whole answer, once."""

import jittor as jt
import numpy as np
import pytest

from jnerf.engine.pipeline.field import FrozenField, output_at
from jnerf.models.networks.base import Network
from jnerf.samplers.hierarchical import HierarchicalSampler
from jnerf.structures import FieldOutput, RayBundle


class Asked(Network):
    """A thick ball with a trained density; keeps what it was asked."""

    def __init__(self):
        super().__init__()
        self.thick = jt.array([3.0])
        self.asked = []

    def _sigmas(self, samples):
        inside = ((samples.positions - 0.5) ** 2).sum(1) < 0.09
        return self.thick * inside.float32()

    def density_of(self, samples):
        self.asked.append(f"density {samples.round}")
        assert jt.flags.no_grad
        return self._sigmas(samples), None

    def execute(self, samples):
        self.asked.append(f"all {samples.round}")
        return FieldOutput(sigmas=self._sigmas(samples), rgbs=samples.positions)


def rays(n=9):
    random = np.random.default_rng(0)
    o = random.uniform(0.4, 0.6, (n, 3)).astype(np.float32) - np.float32([0, 0, 2])
    d = np.tile(np.float32([0, 0, 1]), (n, 1))
    return RayBundle(jt.array(o), jt.array(d))


@pytest.mark.parametrize("step", [0, None])
def test_a_round_is_asked_once_and_trained_where_a_loss_reads_it(step):
    sampler = HierarchicalSampler(n_coarse=8, n_fine=4)
    unread, read = Asked(), Asked()
    without = sampler(rays(), FrozenField(unread), step)
    found = sampler(rays(), FrozenField(read, {0}), step)
    np.testing.assert_array_equal(found.t_starts.numpy(), without.t_starts.numpy())
    assert (unread.asked, read.asked) == (["density 0"], ["all 0"])
    assert without.history[0].features is None
    if step is None:  # nobody asks again
        return
    (coarse,) = found.history
    sigmas = output_at(read, coarse).sigmas
    assert read.asked == ["all 0"]
    gradient = jt.grad(sigmas.sum(), read.thick).item()
    assert gradient == (sigmas.numpy() > 0).sum() > 0
    output_at(read, found)
    assert read.asked == ["all 0", "all 1"]


def test_whoever_places_samples_without_gradients_has_the_round_asked_again_with_them():
    network, sampler = Asked(), HierarchicalSampler(n_coarse=8, n_fine=4)
    with jt.no_grad():
        found = sampler(rays(), FrozenField(network, {0}), 0)
    assert network.asked == ["density 0"]
    sigmas = output_at(network, found.history[0]).sigmas
    assert network.asked == ["density 0", "all 0"]
    assert jt.grad(sigmas.sum(), network.thick).item() > 0


def test_what_a_network_could_use_again_is_kept_where_it_is_asked_again():
    class Remembering(Asked):
        provides = frozenset({"alphas", "rgbs"})

        def density_of(self, samples):
            return self._sigmas(samples), samples.positions

    sampler = HierarchicalSampler(n_coarse=8, n_fine=4)
    unread, read = (sampler(rays(), FrozenField(Remembering(), k), 0) for k in ((), {0}))
    assert unread.history[0].features is None
    assert read.history[0].features.shape[0] == len(read.history[0])


def test_a_network_without_densities_is_asked_as_before():
    network = Asked()
    network.provides = frozenset({"alphas", "rgbs"})
    HierarchicalSampler(n_coarse=8, n_fine=4)(rays(), FrozenField(network, {0}), 0)
    assert network.asked == ["density 0"]
