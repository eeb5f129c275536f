"""What MkDocs is told beside ``mkdocs.yml``: the pages of the methods, links out of ``docs/``, and formulas.

- ``projects/*/README.md`` and ``README.zh.md`` are the pages of the methods; they stay where they are and appear here
  as ``methods/<name>.md``.
- Links are written so that they work on a file in the repository. Those between ``docs/`` and ``projects/`` become
  links between pages. A link to a source file leads to ``repo_url`` where that is set, and is plain text otherwise.
  A link to nothing is a warning, which ``--strict`` makes an error.
- Lines of Chinese are joined without the blank that a browser would show between them.
- Formulas between dollars become MathML, which browsers draw without any script.
"""

from __future__ import annotations

import html
import logging
import posixpath
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
LOG = logging.getLogger("mkdocs.hooks.jnerf")
CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$\w])\$([^$\n]+?)\$(?![\w$])", re.DOTALL)
CHINESE = "[\u3000-\u9fff\uff00-\uffef]"  # characters and full-width marks
METHOD = re.compile(r"projects/(\w+)/README(\.zh)?\.md")


def on_files(files: Files, config: Any) -> Files:
    """Adds a page for each method and language."""
    for path in sorted(ROOT.glob("projects/*/README*.md")):
        uri = page_of(path.relative_to(ROOT).as_posix())
        if files.get_file_from_path(uri) is None:
            place = (config.docs_dir, config.site_dir, config.use_directory_urls)
            files.append(File(uri, *place))  # of a file that is not there: see on_page_read_source
    return files


def on_page_read_source(page: Any, config: Any) -> str | None:
    """The text of a method's page; None for pages that are files of ``docs/``."""
    source = source_of(page.file.src_uri)
    return (ROOT / source).read_text(encoding="utf-8") if source.startswith("projects/") else None


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Rewrites links and formulas outside code."""
    uri = page.file.src_uri
    source = source_of(uri)
    # A link may have code as its text, so links come first, and look at whole text but for fenced blocks.
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(f"(?<={CHINESE})\n(?={CHINESE})", "", parts[i])
        parts[i] = LINK.sub(lambda found: link(found, uri, source, config.repo_url), parts[i])
    parts = CODE.split("".join(parts))
    parts[::2] = [FORMULA.sub(formula, part) for part in parts[::2]]
    return "".join(parts)


def page_of(path: str) -> str:
    """The page that shows a file of the repository, or ""."""
    found = METHOD.fullmatch(path)
    if found:
        return f"methods/{found[1]}{found[2] or ''}.md"
    return path.removeprefix("docs/") if path.startswith("docs/") else ""


def source_of(uri: str) -> str:
    """The file of the repository that a page is made from."""
    found = re.fullmatch(r"methods/(\w+?)(\.zh)?\.md", uri)
    return f"projects/{found[1]}/README{found[2] or ''}.md" if found else f"docs/{uri}"


def link(found: re.Match[str], uri: str, source: str, repository: str | None) -> str:
    """A link, as it has to be on the page."""
    picture, text, target = found.groups()
    path, anchor = re.fullmatch(r"([^#]*)(#.*)?", target).groups()
    if not path or re.match(r"\w+:", path):
        return found[0]
    place = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if not (ROOT / place).exists():
        LOG.warning("%s: link to %s, and there is no %s", source, target, place)
        return found[0]
    page = page_of(place)
    if page and not page.startswith("benchmarks"):
        away = posixpath.relpath(page, posixpath.dirname(uri) or ".")
        return f"{picture}[{text}]({away}{anchor or ''})"
    if repository:
        kind = "tree" if (ROOT / place).is_dir() else "blob"
        return f"[{text}]({repository.rstrip('/')}/{kind}/main/{place}{anchor or ''})"
    return text


def formula(found: re.Match[str]) -> str:
    """A formula as MathML; none of its characters may mean something in Markdown."""
    block, inline = found.groups()
    text = convert(block or inline, display="block" if block else "inline")
    text = re.sub(r"(?<=>)([^<]+)(?=<)", lambda part: html.escape(html.unescape(part[1])), text)
    for mark in "*_\\`":
        text = text.replace(mark, f"&#{ord(mark)};")
    return text
