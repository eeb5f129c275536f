"""RMSprop that leaves rows without gradient alone, as Plenoxels trains its voxels.

Fridovich-Keil et al. 2022 (https://arxiv.org/abs/2112.05131), section 3.4 and appendix. The arithmetic is in
``jnerf.ops.rmsprop``.
"""

from __future__ import annotations

from dataclasses import dataclass

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.ops.rmsprop import rmsprop_rows
from jnerf.optims.base import Groups
from jnerf.optims.grouped import Due, GroupedOptimiser
from jnerf.registry import OPTIMS
from jnerf.schedules import Scheduled


@dataclass(frozen=True)
class RMSpropSlot:
    """One parameter and the mean of its squared gradients."""

    param: jt.Var
    v: jt.Var

    def state(self) -> dict[str, jt.Var]:
        """The mean."""
        return {"v": self.v}


@OPTIMS.register()
class RMSprop(GroupedOptimiser[RMSpropSlot]):
    """RMSprop over named groups of parameters; rows without gradient keep all their state.

    Args:
        params: parameters of each group, float32; a group may be empty.
        lr: learning rate, a number or a schedule (``jnerf.schedules``).
        beta: decay of the mean of squared gradients, in [0, 1).
        eps: added to its root.
        groups: options by place in the config: ``lr``, ``clip_norm``, ``every``, ``frozen``; see ``Adam``.

    Raises:
        ConfigError: an unknown group or option, or a value out of range.
    """

    def __init__(
        self,
        params: Groups,
        lr: Scheduled = 1e-2,
        beta: float = 0.95,
        eps: float = 1e-8,
        groups: dict | None = None,
    ) -> None:
        if not 0 <= beta < 1 or not eps > 0:
            raise ConfigError(
                f"RMSprop: beta is {beta} and eps {eps}; they must be in [0, 1), and positive"
            )
        self.beta, self.eps = float(beta), float(eps)
        super().__init__(params, lr, groups)

    def make_slot(self, group: str, param: jt.Var) -> RMSpropSlot:
        """A mean of zero."""
        return RMSpropSlot(param, jt.zeros(param.shape).stop_grad())

    def update(self, due: list[Due]) -> None:
        """One step; see ``jnerf.ops.rmsprop``."""
        if due:
            columns = zip(*((one.slot.param, one.grad, one.slot.v, one.lr) for one in due), strict=True)
            rmsprop_rows(*columns, self.beta, self.eps)
