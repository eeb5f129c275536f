"""A parameter's copy in 16 bits that is never out of date.

Whatever gives a parameter other values (an optimiser, an average in its place, a checkpoint, an assignment) gives it
another node in Jittor's graph, whose number never comes again. A copy knows the number of the node that it was made
from: where the parameter has another, it is made anew, in a pass over all of it. An optimiser that changes a few rows
asks by the number whether there is a copy (``current``), writes the same rows of it, and says so (``follow``). Neither
knows the other, and where one of them forgets, the copy is made anew.

Not seen is what is written into a parameter's memory itself, by ``var.data = ...`` or ``var.data[...] = ...``: give new
values by ``assign`` or ``update``, as all of jnerf does.
"""

from __future__ import annotations

from weakref import WeakValueDictionary

import jittor as jt

from jnerf.ops.half_copy.op import round_half


class HalfCopy:
    """The copy of one parameter at a time.

    Args:
        precision: "float16" or "bfloat16".
    """

    def __init__(self, precision: str) -> None:
        self.precision = precision
        self.var: jt.Var | None = None
        self._made_from = -1

    def of(self, param: jt.Var) -> jt.Var:
        """The present values of a float32 parameter in 16 bits, of its shape; no gradient.

        An array that was handed out before keeps its values when the copy is made anew; not when ``follow`` is told
        of an update in place.
        """
        if self._made_from != param.id:
            self.var = round_half(param, self.precision)
            self.follow(param)
        return self.var

    def follow(self, param: jt.Var) -> None:
        """Says that ``var`` holds the present values of a parameter."""
        if _CURRENT.get(self._made_from) is self:
            del _CURRENT[self._made_from]
        self._made_from = param.id
        _CURRENT[param.id] = self


_CURRENT: WeakValueDictionary[int, HalfCopy] = WeakValueDictionary()


def current(param: jt.Var) -> HalfCopy | None:
    """The copy that was made from a parameter as it is now; None if there is none.

    >>> table, copy = jt.ones((2, 2)), HalfCopy("bfloat16")
    >>> current(table) is None, copy.of(table).dtype, current(table) is copy
    (True, 'bfloat16', True)
    >>> _ = table.assign(table * 2)
    >>> current(table) is None, copy.of(table).numpy().tolist()
    (True, [[2.0, 2.0], [2.0, 2.0]])
    """
    return _CURRENT.get(param.id)
