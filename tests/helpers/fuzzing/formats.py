"""Damages that keep a file's outer form, so that they reach what a reader does behind its first check."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from fuzzing.mutations import DEEP, of_bytes, of_tree, of_words, several

_PLAIN = 6  # of so many damages, one is of bare bytes


def damaged(path: Path, data: bytes, rng: Random) -> bytes:
    """A file's content, damaged.

    Args:
        path: its name, whose suffix says the format.
        data: its content, valid.
        rng: makes every choice.
    """
    change = FORMATS.get(path.suffix, _bytes)
    if rng.randrange(_PLAIN) == 0:
        change = _bytes
    return change(data, rng)


def _bytes(data: bytes, rng: Random) -> bytes:
    return several(of_bytes, data, rng)


def _text(data: bytes, rng: Random) -> bytes:
    return several(of_words, data.decode("utf-8", "surrogatepass"), rng).encode(
        "utf-8", "surrogatepass"
    )


def _json(data: bytes, rng: Random) -> bytes:
    return dumped(several(of_tree, json.loads(data), rng)).encode("utf-8", "surrogatepass")


def dumped(tree: Any) -> str:
    """Json text of a tree: with numbers of any length, and lists in lists where ``DEEP`` stands."""
    if tree == DEEP:
        return "[" * 10**5 + "]" * 10**5
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {dumped(v)}" for k, v in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(dumped, tree)) + "]"
    if isinstance(tree, int) and not isinstance(tree, bool) and abs(tree) >= 10**300:
        return ("-" if tree < 0 else "") + "1" + "0" * (400 + abs(tree) % 2 * 5000)
    return json.dumps(tree)


def _jsonl(data: bytes, rng: Random) -> bytes:
    lines = data.decode().splitlines()
    i = rng.randrange(len(lines))
    lines[i] = dumped(several(of_tree, json.loads(lines[i]), rng))
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _npy(data: bytes, rng: Random) -> bytes:
    """A header of NumPy's with other words, whose length is right; or other numbers behind it."""
    size = int.from_bytes(data[8:10], "little")
    header, body = data[10 : 10 + size].decode("latin-1"), data[10 + size :]
    if rng.randrange(2):
        return data[: 10 + size] + _bytes(body, rng)
    old, new = rng.choice(
        (
            ("<f8", "<f4"), ("<f8", "<c16"), ("<f8", "|O"), ("<f8", "<U8"), ("<f8", "|V8"), ("<f8", "<i8"),
            ("<f8", "|b1"), ("<f8", "<M8[s]"), ("False", "True"), ("(", "(1, "), ("(", "(-"), ("(", "(0, "),
            ("(", "(99999999999, "), ("(", "("), ("'<f8'", "[('a', '<f8')]"), (", ", ",, "), ("descr", "des"),
        )
    )  # fmt: skip
    changed = header.replace(old, new, 1).encode("latin-1")
    return data[:8] + len(changed).to_bytes(2, "little") + changed + body


def _npz(data: bytes, rng: Random) -> bytes:
    """A zip archive of arrays, one of them damaged, missing or renamed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(list(parts))
    kind = rng.randrange(6)
    if kind == 0:
        del parts[name]
    elif kind == 1:
        parts[rng.choice(("x.npy", "world_mat_99.npy", name + ".txt", "world_mat_²"))] = parts.pop(
            name
        )
    else:
        parts[name] = _npy(parts[name], rng)
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return found.getvalue()


def _png(data: bytes, rng: Random) -> bytes:
    """A PNG with one chunk damaged, missing, doubled or moved; checksums are right but for a few."""
    chunks, at = [], 8
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += size + 12
    i = rng.randrange(len(chunks))
    kind, body = chunks[i]
    what = rng.randrange(6)
    if what == 0:
        del chunks[i]
    elif what == 1:
        chunks.insert(rng.randrange(len(chunks)), (kind, body))
    elif what == 2:
        chunks.insert(
            1,
            rng.choice(
                ((b"tRNS", b"\0\1"), (b"PLTE", b"\0" * 6), (b"eXIf", b"II*\0\xff"), (b"tRNS", b""))
            ),
        )
    elif kind == b"IDAT" and what == 3:
        chunks[i] = kind, zlib.compress(_bytes(zlib.decompress(body), rng))
    else:
        chunks[i] = kind, _bytes(body, rng)
    parts = [data[:8]]
    for kind, body in chunks:
        right = zlib.crc32(kind + body) if rng.randrange(20) else 0
        parts += [len(body).to_bytes(4, "big"), kind, body, right.to_bytes(4, "big")]
    return b"".join(parts)


def _safetensors(data: bytes, rng: Random) -> bytes:
    """Another header of json, whose length is right; or other bytes behind it."""
    (size,) = struct.unpack_from("<Q", data)
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    kind = rng.randrange(3)
    if kind == 0:
        return data[: 8 + size] + _bytes(body, rng)
    if kind == 1 and "__metadata__" in header:
        told = several(of_tree, json.loads(header["__metadata__"]["jnerf"]), rng)
        header["__metadata__"]["jnerf"] = dumped(told)
    else:
        header = several(of_tree, header, rng)
    text = dumped(header).encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(text)) + text + body


#: What is done to a file, by suffix; to others, damages of bytes.
FORMATS: dict[str, Callable[[bytes, Random], bytes]] = {
    ".json": _json,
    ".jsonl": _jsonl,
    ".npy": _npy,
    ".npz": _npz,
    ".png": _png,
    ".safetensors": _safetensors,
    **dict.fromkeys((".txt", ".py", ".obj"), _text),
}
