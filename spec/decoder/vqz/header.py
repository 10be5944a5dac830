"""The header's body, of container versions 0 to 2: what all tiles of a chunk share, and where they are.

Version 1 says the same in fewer bytes, by leaving out what goes without saying, and may refer to earlier dates. Version 2
has room for errors that are too small or too large for the short numbers of version 1.
"""

from dataclasses import dataclass

import numpy as np

from .promise import Promise, read_promise
from .refusal import refuse_unless
from .tiling import PATCH_WITHOUT_MODEL, tiles_of

LZ4, NO_TILES, REFERS, EXTENT, MASKED, PROMISES, STABLE = (1 << bit for bit in range(7))
ALL_FLAGS = LZ4 | NO_TILES | REFERS | EXTENT | MASKED | PROMISES | STABLE
KNOWN_FLAGS = {0: LZ4 | NO_TILES, 1: ALL_FLAGS, 2: ALL_FLAGS}
HASH_BYTES = {0: 4, 1: 2, 2: 2}
STATISTIC_BYTES = {0: 4, 1: 3, 2: 8}


@dataclass
class Header:
    lz4: bool
    # None without a model.
    step: int | None
    rows: int
    columns: int
    # Bit patterns of masked samples, `[pattern]` of the array's data type; class 1 is the first.
    patterns: np.ndarray
    valid_samples: int
    # None where nothing is promised.
    promise: Promise | None
    root_mean_square_error: float | None
    maximum_error: float | None
    tiles: list
    # In bytes, of each tile.
    lengths: list
    # The number of the tile that each refers to, or None.
    earlier: list


def read_header(body, version, images, dtype, model):
    """The header in `body`, a cursor, checked against what the chunk and the model are."""
    flags = body.byte()
    refuse_unless(not flags & ~KNOWN_FLAGS[version], f"header: unknown flags {flags:#04x}")
    refuse_unless(flags & PROMISES or not flags & STABLE, "header: stable, where no bound is promised")
    step = _step(body, version, images, model)
    rows, columns = images.rows, images.columns
    if version == 0 or flags & EXTENT:
        rows, columns = body.varint("rows", rows), body.varint("columns", columns)
        whole = (rows, columns) == (images.rows, images.columns)
        refuse_unless(version == 0 or not whole, "header: states an extent, which is that of the chunk")
    patterns, valid = np.empty(0, dtype), images.count * images.bands * rows * columns
    if version == 0 or flags & MASKED:
        # From version 1 on, a number is stated only where not all samples are valid.
        patterns, valid = _patterns(body, dtype), body.varint("number of valid samples", valid - min(version, 1))
    promise = read_promise(body, images.bands, bool(flags & STABLE)) if flags & PROMISES else None
    refuse_unless(valid or version != 2, "header: room for errors, where no sample is valid")
    mean, largest = [_statistic(body, version) if valid else None for _ in range(2)]
    if valid and version != 2:
        mean **= 0.5

    tiles = tiles_of(images.count, rows, columns, model.patch if model else PATCH_WITHOUT_MODEL)
    lengths = [0 if flags & NO_TILES else body.varint("length of a tile", (1 << 32) - 1) for _ in tiles]
    refuse_unless(flags & NO_TILES or any(lengths), "header: lengths of tiles, of which none has bytes")
    earlier = [None] * len(tiles)
    if flags & REFERS:
        allowed = promise or (model and not flags & LZ4 and not model.has_codebooks)
        refuse_unless(allowed, "header: tiles refer to earlier dates, which only scalar codes in rANS mode do")
        earlier = _earlier(body, tiles, lengths, images.count)
    body.end()
    return Header(bool(flags & LZ4), step, rows, columns, patterns, valid, promise, mean, largest, tiles, lengths, earlier)


def _step(body, version, images, model):
    """The quantiser's step, after the beginning of the model's hash; None without a model."""
    if model is None:
        return None
    begin = bytes.fromhex(model.hash)[: HASH_BYTES[version]]
    found = body.take(len(begin))
    refuse_unless(found == begin, f"header: written with model {found.hex()}…, the metadata names {begin.hex()}…")
    refuse_unless(images.bands == model.bands, f"the chunk has {images.bands} bands, the model takes {model.bands}")
    return int(body.array("i2", 1)[0])


def _patterns(body, dtype):
    count = body.varint("number of bit patterns", 254)
    raw = body.take(count * dtype.itemsize)
    each = {raw[i : i + dtype.itemsize] for i in range(0, len(raw), dtype.itemsize)}
    refuse_unless(len(each) == count, "header: a bit pattern stands in it twice")
    return np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype)


def _statistic(body, version):
    raw = body.take(STATISTIC_BYTES[version])
    value = float(np.frombuffer(raw.rjust(4, b"\0"), "<f8" if version == 2 else "<f4")[0])
    refuse_unless(value >= 0 and (version != 2 or value < np.inf), f"header: {value} as an error")
    return value


def _earlier(body, tiles, lengths, images):
    each_image = len(tiles) // images
    earlier = []
    for number, tile in enumerate(tiles):
        images_before = body.varint("number of images before", tile.image)
        earlier.append(number - images_before * each_image if images_before else None)
    refuse_unless(any(to is not None for to in earlier), "header: references to earlier dates, of which none is one")
    for number, to in enumerate(earlier):
        whole = to is None or lengths[number] and lengths[to]
        refuse_unless(whole, "header: a tile without bytes refers to an earlier date, or is referred to")
    return earlier
