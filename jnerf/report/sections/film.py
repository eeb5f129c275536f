"""The films that were rendered: small ones inside the page, others as links beside it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from jnerf.report.html import Html, h, join
from jnerf.report.pictures import film_uri
from jnerf.report.run_data import RunData

_MOST_BYTES = 4 * 2**20  # of all films inside the page


def film(run: RunData) -> Html | None:
    """Every MP4 of the run's ``render`` folder, the newest first."""
    files = sorted(run.folder.render.glob("*.mp4"), key=lambda path: -path.stat().st_mtime)
    left = _MOST_BYTES
    parts = []
    for path in files:
        name = Path(os.path.relpath(path, run.page_folder or run.folder.root)).as_posix()
        link = quote(name)
        size = path.stat().st_size
        inside = size <= left
        left -= size if inside else 0
        where = "" if inside else ", beside this page"
        note = h("p", h("a", name, href=link), f", {size / 2**20:.1f} MB{where}", class_="note")
        source = film_uri(path) if inside else link
        parts.append(h("video", src=source, controls=True, loop=True, muted=True, playsinline=True))
        parts.append(note)
    return join(parts) if parts else None
