"""The container: a chunk's header and tiles, and what each tile holds.

Everything is checked before it is used: checksums first, then every field against what the chunk can hold.
"""

from dataclasses import dataclass

import google_crc32c
import numpy as np

from .cursor import Cursor
from .header import KNOWN_FLAGS, read_header
from .mask import ESCAPED, read_mask
from .refusal import UnsupportedVersion, refuse_unless

MAGIC = b"VQZ"
CORRECTED = 4


def read_chunk(data, images, dtype, model):
    """The header of a chunk, and the bytes of each of its tiles (none where it is masked throughout)."""
    source = Cursor(data, "chunk")
    refuse_unless(source.take(3) == MAGIC, "chunk: does not begin with VQZ")
    version = source.byte()
    if version not in KNOWN_FLAGS:
        raise UnsupportedVersion(f"chunk: container version {version}; this reader knows {sorted(KNOWN_FLAGS)}")
    length = source.varint("length of the header", 1 << 28)
    body = Cursor(source.take(length), "header")
    _check_crc(source.data[: source.at], source.take(4), "header")
    header = read_header(body, version, images, dtype, model)
    total = sum(header.lengths)
    refuse_unless(total == source.left, f"chunk: tiles of {total} bytes, {source.left} follow the header")
    contents = [source.take(length) for length in header.lengths]
    # All of them before the first is decoded.
    for content in contents:
        if content:
            _check_crc(content[:-4], content[-4:], "tile")
    return header, contents


@dataclass
class TileContent:
    corrected: bool
    # Of each sample, uint8 `[bands, rows, columns]`: 0 is valid.
    classes: np.ndarray
    # Bit patterns of the samples of class 255, in order.
    escapes: np.ndarray
    code_stream: bytes

    @property
    def valid(self):
        return self.classes == 0


def read_tile(data, tile, bands, patterns, model):
    """What a tile's bytes hold; `patterns` are the header's."""
    shape = (bands, tile.rows, tile.columns)
    if not data:
        refuse_unless(len(patterns), "tile: masked throughout, where the header lists no bit pattern")
        return TileContent(False, np.ones(shape, np.uint8), patterns[:0], b"")
    source = Cursor(data[:-4], "tile")
    mode = source.byte()
    refuse_unless(mode & ~CORRECTED <= 2, f"tile: unknown mode {mode}")
    classes = np.zeros(shape, np.uint8)
    if mode & ~CORRECTED:
        stream = source.take(source.varint("length of the mask stream", source.left))
        planes = 1 if mode & ~CORRECTED == 1 else bands
        classes[:] = read_mask(stream, planes, tile.rows, tile.columns, len(patterns))
    escapes = source.array(patterns.dtype, int((classes == ESCAPED).sum()))
    any_valid = bool((classes == 0).any())
    if not any_valid:
        source.end()
    corrected = bool(mode & CORRECTED)
    refuse_unless(not corrected or model.corrects, "tile: corrected, by a model that has no correction")
    refuse_unless(not corrected or any_valid, "tile: corrected, without a valid sample")
    return TileContent(corrected, classes, escapes, source.take(source.left))


def _check_crc(data, stored, what):
    refuse_unless(google_crc32c.value(data).to_bytes(4, "little") == stored, f"{what}: the checksum differs")
