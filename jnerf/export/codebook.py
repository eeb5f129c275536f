"""A trained codebook's octree as one small file, and back.

The file begins with ``JNERFCB1``, the length of a JSON header as four bytes, and the header: sizes, and of each part
its name, dtype, shape and bytes in the file. The parts follow: the tree as masks of children, ``bits`` bits for each
corner, the codebooks and the weights of the network in half precision. Each is deflated where that makes it smaller.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.encoders.codebook import CodebookEncoder, plain_bits
from jnerf.errors import ConfigError, DataError
from jnerf.mesh.files import write_file
from jnerf.models.networks.base import Network
from jnerf.ops.octree_interp import Octree, octree_of_masks

_MAGIC = b"JNERFCB1"
_SKIPPED = ("octree", "logits", "codebooks")  # of the encoder: they are parts of their own


@dataclass(frozen=True, eq=False)
class PackedCodebook:
    """What a file holds.

    Attributes:
        tree: the voxels.
        bits: of a key.
        keys: the entry that each corner has, uint8 [V].
        codebooks: of each LOD, float32 [L, 2^bits, F], rounded to half precision.
        weights: of the network, by their names in its ``state_dict()``, rounded alike.
    """

    tree: Octree
    bits: int
    keys: NDArray[np.uint8]
    codebooks: NDArray[np.float32]
    weights: Mapping[str, NDArray[np.float32]]

    def features(self) -> NDArray[np.float32]:
        """Features of all corners, float32 [V, F]."""
        levels = np.repeat(np.arange(self.tree.n_levels), np.diff(self.tree.row_starts))
        return self.codebooks[levels, self.keys]

    def put_into(self, network: Network) -> None:
        """Makes a network of the same config answer from the file: its own logits and weights are replaced.

        Raises:
            ConfigError: the network has another shape.
        """
        encoder = codebook_of(network)
        state = {name: var for name, var in network.state_dict().items() if name in self.weights}
        shape = self.codebooks.shape
        own = [encoder.n_levels, 2**encoder.bits, encoder.n_features]
        fits = list(shape[1:]) == own[1:] and shape[0] <= own[0]
        if not fits or any(
            list(var.shape) != list(self.weights[name].shape) for name, var in state.items()
        ):
            raise ConfigError(
                f"the file holds codebooks {list(shape)}; the config's network has {own}, or other weights"
            )
        encoder.fit_state({"octree": self.tree.masks})
        logits = np.zeros((len(self.keys), 2**self.bits), np.float32)
        logits[np.arange(len(self.keys)), self.keys] = 1
        books = encoder.codebooks.numpy()
        books[: shape[0]] = self.codebooks
        encoder.logits.update(jt.array(logits))
        encoder.codebooks.update(jt.array(books))
        for name, var in state.items():
            var.update(jt.array(self.weights[name]))
        jt.sync([encoder.logits, encoder.codebooks, *state.values()])


def codebook_of(network: Network) -> CodebookEncoder:
    """The network's codebook.

    Raises:
        ConfigError: it has none, or several.
    """
    found = [encoder for encoder in network.encoders() if isinstance(encoder, CodebookEncoder)]
    if len(found) != 1:
        raise ConfigError(
            f"{type(network).__name__} has {len(found) or 'no'} codebooks to pack; one CodebookEncoder is needed, as "
            "configs of projects/vqad have it"
        )
    return found[0]


def pack(network: Network) -> PackedCodebook:
    """What a file of this network would hold, values rounded.

    Raises:
        ConfigError: see ``codebook_of``.
    """
    encoder = codebook_of(network)
    own = {
        name
        for name, var in network.state_dict().items()
        for part in _SKIPPED
        if var is getattr(encoder, part)
    }
    weights = {
        name: _half(var.numpy())
        for name, var in network.state_dict().items()
        if name not in own and "float" in str(var.dtype)
    }
    books = _half(encoder.codebooks.numpy()[: encoder.tree.n_levels])
    return PackedCodebook(encoder.tree, encoder.bits, encoder.keys(), books, weights)


def write_codebook(path: Path, packed: PackedCodebook) -> int:
    """Writes the file and returns its bytes.

    Raises:
        JnerfError: the disk is full or refuses; an old file is still as it was.
    """
    keys = np.unpackbits(packed.keys[:, None], axis=1)[:, 8 - packed.bits :]
    parts = {
        "tree": packed.tree.masks,
        "keys": np.packbits(keys),
        "codebooks": packed.codebooks.astype(np.float16),
    }
    parts |= {f"weights.{name}": array.astype(np.float16) for name, array in packed.weights.items()}
    header, body = (
        {"bits": packed.bits, "base_level": packed.tree.base, "corners": len(packed.keys)},
        [],
    )
    header["parts"] = []
    for name, array in parts.items():
        raw = array.astype(array.dtype.newbyteorder("<")).tobytes()
        small = zlib.compress(raw, 9)
        body.append(min(raw, small, key=len))
        entry = {"name": name, "dtype": array.dtype.name, "shape": list(array.shape)}
        header["parts"].append(entry | {"bytes": len(body[-1]), "deflated": len(small) < len(raw)})
    text = json.dumps(header, separators=(",", ":")).encode()
    data = b"".join([_MAGIC, len(text).to_bytes(4, "little"), text, *body])
    write_file(path, lambda to: to.write_bytes(data))
    return len(data)


def read_codebook(path: Path) -> PackedCodebook:
    """Reads a file.

    Raises:
        DataError: it cannot be read, or is damaged.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    if data[: len(_MAGIC)] != _MAGIC:
        raise DataError(
            f"{path} is no codebook file of jnerf export codebook: it begins with {data[:8]!r}"
        )
    try:
        return _unpack(data)
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}. Export it again") from None


def _unpack(data: bytes) -> PackedCodebook:
    at = len(_MAGIC) + 4
    end = at + int.from_bytes(data[at - 4 : at], "little")
    header, at, parts = json.loads(data[at:end]), end, {}
    for part in header["parts"]:
        raw = data[at : at + part["bytes"]]
        at += part["bytes"]
        raw = zlib.decompress(raw) if part["deflated"] else raw
        array = np.frombuffer(raw, np.dtype(part["dtype"]).newbyteorder("<"))
        parts[part["name"]] = array.reshape(part["shape"]).astype(part["dtype"])
    if at != len(data):
        raise ValueError(f"it has {len(data)} bytes, {at} were expected")
    bits = header["bits"]
    keys = np.unpackbits(parts["keys"], count=header["corners"] * bits).reshape(-1, bits)
    keys = np.packbits(keys, axis=1)[:, 0] >> (8 - bits)
    tree = octree_of_masks(parts["tree"], header["base_level"])
    if tree.n_rows != len(keys):
        raise ValueError(f"its tree has {tree.n_rows} corners, and {len(keys)} keys")
    head = "weights."
    weights = {
        k.removeprefix(head): v.astype(np.float32) for k, v in parts.items() if k.startswith(head)
    }
    return PackedCodebook(tree, bits, keys, parts["codebooks"].astype(np.float32), weights)


def ratio(packed: PackedCodebook, n_bytes: int) -> float:
    """By how much the same octree's features in half precision, V F 2 bytes, are larger than a file of this size."""
    return plain_bits(packed.tree, packed.codebooks.shape[2]) / 8 / n_bytes


def _half(values: NDArray) -> NDArray[np.float32]:
    return values.astype(np.float16).astype(np.float32)
