"""A config block against the constructor that it will be passed to: the signature is the schema."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, get_origin

from jnerf.checks.origin import complaint
from jnerf.checks.suggest import hint, nearest
from jnerf.checks.types import describe, mismatch


@dataclass(frozen=True)
class Parameter:
    """One constructor argument.

    Attributes:
        annotation: resolved; ``Any`` when there is none or it names something imported for type
            checkers only.
        required: it has no default.
        default: None where it has none.
    """

    annotation: Any
    required: bool
    default: Any = None


@dataclass(frozen=True)
class Signature:
    """What a constructor accepts.

    Attributes:
        parameters: by name, in the order of the source.
        open: it takes any further keyword (``**kwargs`` all the way up).
    """

    parameters: dict[str, Parameter]
    open: bool


def signature_of(cls: type) -> Signature:
    """The constructor arguments of a class.

    A constructor with ``**kwargs`` also accepts what the constructor above it accepts, for that is
    where such keywords go.

    Args:
        cls: any class with a Python ``__init__``.
    """
    found: dict[str, Parameter] = {}
    for owner in cls.__mro__:
        if owner is object or "__init__" not in vars(owner):
            continue
        init = vars(owner)["__init__"]
        passes_on = False
        for entry in list(inspect.signature(init).parameters.values())[1:]:
            if entry.kind is entry.VAR_KEYWORD:
                passes_on = True
            elif entry.kind in (entry.POSITIONAL_OR_KEYWORD, entry.KEYWORD_ONLY):
                required = entry.default is entry.empty
                default = None if required else entry.default
                found.setdefault(entry.name, Parameter(resolved(entry, init), required, default))
        if not passes_on:
            return Signature(found, open=False)
    has_init = any("__init__" in vars(owner) for owner in cls.__mro__[:-1])
    return Signature(found, open=has_init)


def argument_problems(
    cls: type,
    cfg: Mapping[str, Any],
    path: str,
    facts: Collection[str] = (),
    complete: bool = True,
) -> list[str]:
    """Everything that is wrong with a block, one line each; empty when it can be built.

    Args:
        cls: the class that ``cfg["type"]`` names.
        cfg: the block.
        path: where the block is in the config, as ``encoder.pos_encoder``.
        facts: names of arguments that are supplied from elsewhere and may be absent.
        complete: whether arguments without a default must be there.
    """
    signature = signature_of(cls)
    own = [
        name
        for name, parameter in signature.parameters.items()
        if name not in facts or _is_plain(parameter.annotation)
    ]
    problems = []
    for key, value in cfg.items():
        if key == "type":
            continue
        parameter = signature.parameters.get(key)
        if parameter is not None:
            wrong = mismatch(value, parameter.annotation)
            if wrong is not None:
                inner = ".".join([path, key, *map(str, wrong.path)])
                problems.append(complaint(cfg, key, inner, wrong.text))
        elif not signature.open:
            valid = [*own, "type"] if nearest(key, [*own, "type"]) == "type" else own
            text = f"unknown argument of {cls.__name__}. {hint(key, valid)}"
            problems.append(complaint(cfg, key, f"{path}.{key}", text))
    for name, parameter in signature.parameters.items() if complete else ():
        if parameter.required and name not in cfg and name not in facts:
            kind = "" if parameter.annotation is Any else f" ({describe(parameter.annotation)})"
            text = f"{cls.__name__} needs the argument '{name}'{kind}. Valid: {', '.join(own)}"
            problems.append(complaint(cfg, None, path, text))
    return problems


def _is_plain(annotation: Any) -> bool:
    """Whether a config could hold it: supplied numbers may be set too, supplied objects may not."""
    return annotation in (bool, int, float, str) or get_origin(annotation) is not None


def resolved(entry: inspect.Parameter, init: Any) -> Any:
    """A parameter's annotation as an object: strings of ``from __future__ import annotations`` evaluated.

    Args:
        entry: a parameter of ``init``.
        init: the function, in whose module names are looked up.

    Returns:
        ``Any`` where there is no annotation, or it names something imported for type checkers only.
    """
    if entry.annotation is entry.empty:
        return Any
    holder = SimpleNamespace(__annotations__={"value": entry.annotation})
    try:
        names = getattr(init, "__globals__", {})
        return typing.get_type_hints(holder, globalns=names, include_extras=True)["value"]
    except (NameError, AttributeError):
        # Imported under TYPE_CHECKING: an object that the engine hands over, no config value.
        return Any
