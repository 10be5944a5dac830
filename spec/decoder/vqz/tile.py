"""A tile's bytes: which samples are valid, those that are masked, and what the valid ones are made of.

Of the last, only the mode is checked here: may tiles of this chunk be of this kind?
"""

from dataclasses import dataclass

import numpy as np

from .cursor import Cursor
from .mask import ESCAPED, read_mask
from .refusal import refuse_unless

# Parts of the mode: of the mask, the picture, and what valid samples are made of.
MASK, CORRECTED = 3, 4
PICTURE, WITHIN_BOUND, SAMPLES, CLASSES = 0, 8, 16, 32


@dataclass
class TileContent:
    kind: int
    corrected: bool
    # Of each sample, uint8 `[bands, rows, columns]`: 0 is valid.
    classes: np.ndarray
    # Bit patterns of the samples of class 255, in order.
    escapes: np.ndarray
    # At what follows them: what the valid samples are made of.
    source: Cursor

    @property
    def valid(self):
        return self.classes == 0


def read_tile(data, tile, bands, header, model):
    """What a tile's bytes hold; its checksum is known to be right."""
    shape = (bands, tile.rows, tile.columns)
    patterns = header.patterns
    if not data:
        refuse_unless(len(patterns), "tile: masked throughout, where the header lists no bit pattern")
        return TileContent(PICTURE, False, np.ones(shape, np.uint8), patterns[:0], Cursor(b"", "tile"))
    source = Cursor(data[:-4], "tile")
    mode = source.byte()
    mask, corrected, kind = mode & MASK, bool(mode & CORRECTED), mode & ~(MASK | CORRECTED)
    refuse_unless(mask <= 2 and kind in (PICTURE, WITHIN_BOUND, SAMPLES, CLASSES), f"tile: unknown mode {mode}")
    classes = np.zeros(shape, np.uint8)
    if mask:
        stream = source.take(source.varint("length of the mask stream", source.left))
        classes[:] = read_mask(stream, 1 if mask == 1 else bands, tile.rows, tile.columns, len(patterns))
    escapes = source.array(patterns.dtype, int((classes == ESCAPED).sum()))
    if (classes == 0).any():
        _check_mode(kind, corrected, patterns.dtype, header.promise, model)
    else:
        refuse_unless(not corrected and kind == PICTURE, f"tile: mode {mode}, without a valid sample")
        source.end()
    return TileContent(kind, corrected, classes, escapes, source)


def _check_mode(kind, corrected, dtype, promise, model):
    """Is this what valid samples may be made of here?"""
    if corrected:
        refuse_unless(kind in (PICTURE, WITHIN_BOUND), "tile: corrected, without a picture")
        refuse_unless(model and model.corrects, "tile: corrected, by a model that has no correction")
    if promise:
        refuse_unless(kind != PICTURE, "tile: a picture, where a bound is promised")
    else:
        refuse_unless(kind == PICTURE, "tile: within a bound, where none is promised")
    refuse_unless(model or kind in (SAMPLES, CLASSES), "tile: a picture, without a model")
    refuse_unless(kind != CLASSES or dtype.kind != "f", "tile: classes, in an array of floats")
