"""The container: a chunk's header, and what each of its tiles holds.

Everything is checked before it is used: checksums first, then every field against what the chunk can hold.
"""

from dataclasses import dataclass

import google_crc32c
import numpy as np

from .cursor import Cursor
from .mask import ESCAPED, read_mask
from .refusal import UnsupportedVersion, refuse_unless
from .tiling import tiles_of

MAGIC, VERSION = b"VQZ", 0
LZ4, NO_TILES = 1, 2
CORRECTED = 4


@dataclass
class Header:
    lz4: bool
    step: int
    rows: int
    columns: int
    # Bit patterns of masked samples, `[pattern]` of the array's data type; class 1 is the first.
    patterns: np.ndarray
    valid_samples: int
    mean_square_error: float | None
    maximum_error: float | None


def read_chunk(data, images, dtype, model):
    """The header of a chunk, and pairs of a tile and its bytes (empty where it is masked throughout)."""
    source = Cursor(data, "chunk")
    refuse_unless(source.take(3) == MAGIC, "chunk: does not begin with VQZ")
    version = source.byte()
    if version != VERSION:
        raise UnsupportedVersion(f"chunk: container version {version}; this reader knows {VERSION}")
    length = source.varint("length of the header", 1 << 28)
    body = Cursor(source.take(length), "header")
    _check_crc(source.data[: source.at], source.take(4), "header")

    flags = body.byte()
    refuse_unless(flags < 4, f"header: unknown flags {flags:#04x}")
    begin = bytes.fromhex(model.hash)[:4]
    found = body.take(4)
    refuse_unless(found == begin, f"header: written with model {found.hex()}…, the metadata names {begin.hex()}…")
    refuse_unless(images.bands == model.bands, f"the chunk has {images.bands} bands, the model takes {model.bands}")
    step = int(body.array("i2", 1)[0])
    rows = body.varint("rows", images.rows)
    columns = body.varint("columns", images.columns)
    count = body.varint("number of bit patterns", 254)
    raw = body.take(count * dtype.itemsize)
    each = {raw[i : i + dtype.itemsize] for i in range(0, len(raw), dtype.itemsize)}
    refuse_unless(len(each) == count, "header: a bit pattern stands in it twice")
    patterns = np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype)
    valid = body.varint("number of valid samples", images.count * images.bands * rows * columns)
    errors = body.array("f4", 2).tolist() if valid else (None, None)

    tiles = tiles_of(images.count, rows, columns, model.patch)
    lengths = [0 if flags & NO_TILES else body.varint("length of a tile", (1 << 32) - 1) for _ in tiles]
    body.end()
    refuse_unless(sum(lengths) == source.left, f"chunk: tiles of {sum(lengths)} bytes, {source.left} follow the header")
    header = Header(bool(flags & LZ4), step, rows, columns, patterns, valid, *errors)
    contents = [source.take(length) for length in lengths]
    # All of them before the first is decoded.
    for content in contents:
        if content:
            _check_crc(content[:-4], content[-4:], "tile")
    return header, list(zip(tiles, contents))


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
