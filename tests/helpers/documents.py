"""The documentation as data: its pages, their headings, links and code blocks."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^```(\w*)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.M | re.S)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")


@dataclass(frozen=True)
class Fence:
    """A code block.

    Attributes:
        language: behind the three marks.
        title: the file that it is, or "".
        text: the code.
        line: its first line on the page.
    """

    language: str
    title: str
    text: str
    line: int

    @property
    def commands(self) -> list[list[str]]:
        """Of a bash block: the words of each command, without comments."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]


def english_pages() -> list[Path]:
    """Every page that is read in English, README.md first."""
    found = [ROOT / "README.md", *DOCS.rglob("*.md"), *ROOT.glob("projects/*/README.md")]
    return sorted((page for page in found if ".zh." not in page.name), key=lambda p: p.parts)


def chinese(page: Path) -> Path:
    """The Chinese page of an English one."""
    return page.with_suffix(".zh.md")


def name_of(page: Path) -> str:
    """Its path from the root, for messages."""
    return page.relative_to(ROOT).as_posix()


def fences(page: Path) -> list[Fence]:
    """The code blocks of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Fence(found[1], found[2] or "", found[3], text.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(text)
    ]


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def headings(page: Path) -> list[tuple[int, str]]:
    """Level and text of each heading."""
    found = re.findall(r"^(#+) (.+)$", prose(page), re.M)
    return [(len(marks), text.strip()) for marks, text in found]


def anchor(heading: str) -> str:
    """What GitHub and the site call a heading in links."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page lead."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "code", prose(page)))


def spoken_commands(page: Path) -> list[list[str]]:
    """Commands of jnerf between backticks in the text of a page, as words."""
    return [shlex.split(text) for text in re.findall(r"`(jnerf [^`\n]+)`", prose(page))]
