"""Text files of a scene, however an editor or a shell has encoded them."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

from jnerf.errors import DataError

# The longer marks first: UTF-32's begins with UTF-16's.
_WIDE = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark in front.

    Raises:
        OSError: the file is missing or cannot be read.
        DataError: it is UTF-16 or UTF-32, or no UTF-8; names the file and what it is.
    """
    data = path.read_bytes()
    found = next((name for mark, name in _WIDE if data.startswith(mark)), None)
    if (
        found is None and 0 in data[:2]
    ):  # no text begins with a zero, but as half of a wide character
        found = "UTF-16 or UTF-32 without a byte order mark"
    if found is not None:
        raise DataError(
            f"{path} is {found}, as Windows' Notepad and PowerShell may write it: expected UTF-8. Save it as UTF-8, or "
            f"convert it: iconv -f {found.split()[0]} -t UTF-8 {path.name} > new"
        )
    try:
        # Line ends become \n, as when Python opens a text file.
        return "\n".join(data.decode("utf-8-sig").replace("\r\n", "\n").split("\r"))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is no UTF-8: byte {error.start} is 0x{data[error.start]:02x}. Save it as UTF-8"
        ) from None


def read_json(path: Path) -> Any:
    """What a json file holds.

    Raises:
        OSError: the file is missing or cannot be read.
        DataError: it is no text, or no json; names the place.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        said, place = error.msg, f"{path}:{error.lineno}:{error.colno}"
    except ValueError as error:  # a number of thousands of digits
        said, place = str(error), str(path)
    except RecursionError:
        said, place = "lists in lists without end", str(path)
    raise DataError(
        f"{place}: not valid json: {said}. The file may be truncated: copy it again, or save it anew"
    )
