"""From a chunk to images and tiles.

A chunk is images of `(band, y, x)`, one for each position of its other dimensions; an image's extent is cut into tiles
of whole patches, which are decoded one by one.
"""

from dataclasses import dataclass

import numpy as np

from .refusal import refuse_unless

TILE = 256
PATCH_WITHOUT_MODEL = 16


class Images:
    """How a chunk of this shape is seen as images."""

    def __init__(self, axes, shape):
        refuse_unless(len(axes) == len(shape), f"{len(axes)} axes for a chunk of {len(shape)} dimensions")
        inner = [axis for axis in ("band", "y", "x") if axis in axes]
        # Dimensions that are looped over, in the array's order, then those of an image.
        self.order = [i for i, axis in enumerate(axes) if axis not in inner] + [axes.index(axis) for axis in inner]
        self.arranged = [shape[i] for i in self.order]
        self.rows, self.columns = shape[axes.index("y")], shape[axes.index("x")]
        self.bands = shape[axes.index("band")] if "band" in axes else 1
        self.count = int(np.prod(self.arranged[: -len(inner)], dtype=np.int64))

    def filled(self, value, dtype):
        return np.full((self.count, self.bands, self.rows, self.columns), value, dtype)

    def to_chunk(self, images):
        """`[image, band, y, x]` to the chunk's own shape."""
        return images.reshape(self.arranged).transpose(np.argsort(self.order))


@dataclass(frozen=True)
class Tile:
    image: int
    y: slice
    x: slice
    # Where its patches stand among those of the image.
    patch_rows: slice
    patch_columns: slice

    @property
    def rows(self):
        return self.y.stop - self.y.start

    @property
    def columns(self):
        return self.x.stop - self.x.start


def cut(n, patch):
    """`n` rows or columns as pairs of slices: of samples, of patches."""
    tiles, patches = -(-n // TILE), -(-n // patch)
    cuts, start = [], 0
    for i in range(tiles):
        stop = start + patches // tiles + (i < patches % tiles)
        cuts.append((slice(start * patch, min(stop * patch, n)), slice(start, stop)))
        start = stop
    return cuts


def tiles_of(images, rows, columns, patch):
    """Tiles of an extent of `rows × columns`, in the order in which they are stored."""
    return [
        Tile(image, y, x, patch_rows, patch_columns)
        for image in range(images)
        for y, patch_rows in cut(rows, patch)
        for x, patch_columns in cut(columns, patch)
    ]


def any_in_patch(valid, patch):
    """Which patches of a tile, bool `[rows, columns]`, hold a sample that is `valid`, bool `[bands, y, x]`."""
    anywhere = valid.any(axis=0)
    y, x = anywhere.shape
    padded = np.pad(anywhere, ((0, -y % patch), (0, -x % patch)))
    return padded.reshape(-(-y // patch), patch, -(-x // patch), patch).any(axis=(1, 3))
