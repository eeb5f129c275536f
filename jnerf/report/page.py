"""The page around a report: one file with its style and its script, light or dark as the reader has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jnerf import __version__
from jnerf.errors import ConfigError
from jnerf.report.html import Html, h, join


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        key: its anchor.
        title: its heading.
        body: what it says; None leaves it out.
    """

    key: str
    title: str
    body: Html | None


def page(kind: str, title: str, head: Html, sections: Sequence[Section]) -> str:
    """A whole page.

    Args:
        kind: "report" or "compare"; noted as what made it.
        title: of the window and above all.
        head: what stands first, without a heading.
        sections: in order.
    """
    shown = [section for section in sections if section.body is not None]
    links = (h("a", section.title, href=f"#{section.key}") for section in shown)
    parts = (
        h("section", h("h2", section.title), section.body, id=section.key) for section in shown
    )
    top = join(
        [
            h("meta", charset="utf-8"),
            h("meta", name="viewport", content="width=device-width, initial-scale=1"),
            h("meta", name="generator", content=f"jnerf {kind}"),
            h("title", title),
            h("style", Html(_asset("page.css"))),
        ]
    )
    body = join(
        [
            h("header", h("h1", title), h("nav", *links)),
            h("main", head, *parts),
            h("footer", f"Made by jnerf {__version__}. One file: it needs no network."),
            h("script", Html(_asset("page.js"))),
        ]
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{top}</head>\n<body>{body}</body></html>\n'


@cache
def _asset(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def check_output(path: Path, force: bool) -> None:
    """Keeps a file from being written over that is somebody's own.

    Args:
        path: the page to write.
        force: allow it.

    Raises:
        ConfigError: a file lies there that is no page of ours, or its folder does not exist.
    """
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else f"cannot be written: no folder {path.parent}"
        raise ConfigError(f"--output {path} {what}. Give the name of a .html file")
    if not path.exists() or force:
        return
    with path.open("rb") as file:
        start = file.read(1000)
    if b'name="generator" content="jnerf ' not in start:
        raise ConfigError(
            f"{path} is there already, and no page that jnerf has made. Choose another --output, or write over it "
            "with --force"
        )
