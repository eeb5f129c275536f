"""Adam with per-entry step counts for sparse parameters, as Instant-NGP trains its hash table.

Kingma & Ba 2015 (https://arxiv.org/abs/1412.6980), with the two changes of Instant-NGP (Müller et
al. 2022, https://arxiv.org/abs/2201.05989, section 4): an epsilon of 1e-15 that is not
bias-corrected, and table entries that no sample touched are skipped entirely. The arithmetic is in
``jnerf.ops.adam``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.ops.adam import AdamNumbers, adam_dense, adam_sparse, bias_correction_table
from jnerf.optims.base import Groups
from jnerf.optims.grouped import Due, GroupedOptimiser
from jnerf.registry import OPTIMS
from jnerf.schedules import Scheduled


@dataclass(frozen=True)
class AdamSlot:
    """One parameter with its state; ``counts`` only where each entry counts its own steps."""

    param: jt.Var
    m: jt.Var
    v: jt.Var
    counts: jt.Var | None

    def state(self) -> dict[str, jt.Var]:
        """Moments and counts."""
        named = {"m": self.m, "v": self.v}
        return named if self.counts is None else named | {"counts": self.counts}


@OPTIMS.register()
class Adam(GroupedOptimiser[AdamSlot]):
    """Adam over named groups of parameters.

    A group that a step does not train (``every``, ``frozen``) neither moves nor ages: its moments and the count of its
    updates, which corrects their bias, stay what they are.

    Args:
        params: parameters of each group, float32; a group may be empty.
        lr: learning rate, a number or a schedule (``jnerf.schedules``).
        betas: decay of the first and second moment, each in [0, 0.99999].
        eps: added to the root of the second moment; not bias-corrected, unless ``corrected`` says so.
        corrected: the epsilon is added to the corrected root, as most libraries have it; not in groups with ``sparse``.
            What makes the first steps larger where gradients are about as small as it.
        groups: options by place in the config ("encoder", "encoder.pos_encoder", "network" ...). ``sparse`` (bool):
            entries with zero gradient are skipped and each entry has its own step count; ``weight_decay`` (float): l2
            coefficient, for groups that are not sparse; ``lr``: instead of the common one; ``clip_norm``: most that the
            group's gradients measure together; ``every``: steps from one update to the next, a number or a schedule;
            ``frozen`` (bool): not trained.

    Raises:
        ConfigError: an unknown group or option, or a value out of range.
    """

    def __init__(
        self,
        params: Groups,
        lr: Scheduled = 1e-2,
        betas: tuple[float, float] = (0.9, 0.99),
        eps: float = 1e-15,
        groups: dict | None = None,
        corrected: bool = False,
    ) -> None:
        try:
            table = bias_correction_table(betas)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if not eps > 0:
            raise ConfigError(f"Adam: eps is {eps}; it must be positive")
        self.betas, self.eps = (float(betas[0]), float(betas[1])), float(eps)
        self._corrected = corrected
        self._table = jt.array(table).stop_grad()
        #: Updates of each group so far.
        self.updates = dict.fromkeys(params, 0)
        super().__init__(params, lr, groups, known=("sparse", "weight_decay"))
        for name in params:
            self._check(name)

    def _check(self, name: str) -> None:
        own = self.options[name].own
        sparse, decay = own.get("sparse", False), own.get("weight_decay", 0.0)
        if not isinstance(sparse, bool):
            raise ConfigError(f"groups.{name}: sparse is {sparse!r}; give True or False")
        if isinstance(decay, bool) or not isinstance(decay, (int, float)) or not decay >= 0:
            raise ConfigError(f"groups.{name}: weight_decay is {decay!r}; give a number >= 0")
        if sparse and decay:
            raise ConfigError(
                f"groups.{name}: weight_decay {decay} with sparse=True would touch every entry;"
                " drop one of the two"
            )

    def make_slot(self, group: str, param: jt.Var) -> AdamSlot:
        """Moments of zero."""
        zeros = [jt.zeros(param.shape).stop_grad() for _ in range(2)]
        sparse = self.options[group].own.get("sparse", False)
        counts = jt.zeros(param.shape, dtype="int32").stop_grad() if sparse else None
        return AdamSlot(param, *zeros, counts)

    def rebind(self, params: Groups) -> None:
        """See ``Optim``; a group of new parameters alone counts its updates anew."""
        old = {id(slot.param) for group in self._slots.values() for slot in group}
        for name, group in params.items():
            if not any(id(param) in old for param in group):
                self.updates[name] = 0
        super().rebind(params)

    def begin_group(self, group: str) -> None:
        """Counts the update."""
        self.updates[group] += 1

    def update(self, due: list[Due]) -> None:
        """One step; see ``jnerf.ops.adam``."""
        dense = [one for one in due if one.slot.counts is None]
        if dense:
            columns = zip(*((one.slot.param, one.grad, one.slot.m, one.slot.v) for one in dense), strict=True)
            adam_dense(*columns, [self._numbers(one) for one in dense], self.betas)
        for one in due:
            slot = one.slot
            if slot.counts is not None:
                state = slot.param, one.grad, slot.m, slot.v, slot.counts
                adam_sparse(*state, self._table, one.lr, self.betas, self.eps)

    def _numbers(self, due: Due) -> AdamNumbers:
        decay, n = self.options[due.group].own.get("weight_decay", 0.0), self.updates[due.group]
        # the kernel corrects the quotient: what is to be added to the corrected root shrinks with it
        eps = self.eps * math.sqrt(1 - self.betas[1] ** n) if self._corrected else self.eps
        return AdamNumbers(n, due.lr, eps, float(decay))

    def _counts(self) -> dict[str, int]:
        return {f"{name}.updates": n for name, n in self.updates.items()}

    def _take_counts(self, counts: dict[str, int]) -> None:
        self.updates = {name: counts[f"{name}.updates"] for name in self.updates}
