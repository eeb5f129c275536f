"""Arguments that several constructors share: fields of one frozen dataclass, given one by one.

    @dataclass(frozen=True)
    class Reach:
        near: float = 0.2
        far: float = 4.0

    class Scene:
        @flat_arguments(far=8.0)
        def __init__(self, reach: Reach, label: str = "") -> None: ...

    Scene(near=0.1, label="a")  # reach is Reach(near=0.1, far=8.0)

The dataclass is the one home of their types, defaults, descriptions and checks. The signature of the constructor is
the flat one, so that configs, error messages and ``help`` know nothing of it.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from typing import Any

from jnerf.checks.arguments import resolved

Init = Callable[..., None]


def flat_arguments(**defaults: Any) -> Callable[[Init], Init]:
    """Decorator of a constructor: the fields of each parameter that is a dataclass become parameters of their own.

    Those without a default come first.

    Args:
        defaults: of fields, where they are others than the dataclass has. None as one lets None be given, too.

    Raises:
        TypeError: a default names no field, or the constructor takes ``*args`` or ``**kwargs``.
    """

    def decorate(init: Init) -> Init:
        groups: dict[str, type] = {}
        parameters: list[inspect.Parameter] = []
        for entry in inspect.signature(init).parameters.values():
            if entry.kind in (entry.VAR_POSITIONAL, entry.VAR_KEYWORD):
                raise TypeError(f"{init.__qualname__}: flat arguments do not go with *{entry.name}")
            kind = resolved(entry, init)
            if isinstance(kind, type) and is_dataclass(kind):
                groups[entry.name] = kind
                hints = typing.get_type_hints(kind, include_extras=True)
                parameters += [_parameter(f, hints[f.name], defaults) for f in fields(kind)]
            else:
                parameters.append(entry.replace(annotation=kind))
        unknown = set(defaults) - {f.name for kind in groups.values() for f in fields(kind)}
        if unknown:
            raise TypeError(f"{init.__qualname__}: no field is called {', '.join(sorted(unknown))}")
        parameters.sort(key=lambda p: (p.kind, p.default is not p.empty))
        signature = inspect.Signature(parameters)

        @wraps(init)
        def constructor(*args: Any, **kwargs: Any) -> None:
            try:
                given = signature.bind(*args, **kwargs)
            except TypeError as error:  # worded as Python's own
                raise TypeError(f"{init.__qualname__}() {error}") from None
            given.apply_defaults()
            values = given.arguments
            for name, kind in groups.items():
                values[name] = kind(**{f.name: values.pop(f.name) for f in fields(kind)})
            init(**values)

        constructor.__signature__ = signature
        return constructor

    return decorate


def shared_groups(cls: type) -> list[type]:
    """The dataclasses whose fields a class's constructor takes one by one.

    Args:
        cls: a class; what it inherits does not count.
    """
    init = getattr(vars(cls).get("__init__"), "__wrapped__", None)
    entries = inspect.signature(init).parameters.values() if init else ()
    kinds = [resolved(entry, init) for entry in entries]
    return [kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind)]


def _parameter(field: Field, annotation: Any, defaults: dict[str, Any]) -> inspect.Parameter:
    default = defaults.get(field.name, field.default)
    if default is None:
        annotation = annotation | None
    empty = inspect.Parameter.empty
    return inspect.Parameter(
        field.name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=empty if default is MISSING else default,
        annotation=annotation,
    )
