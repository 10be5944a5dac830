"""The mask stream: a class for each sample, which says whether it is valid (0) or which bit pattern it is.

Class 255 stands for patterns outside the header's list; they follow the stream in the tile.
"""

import numpy as np

from .counters import Counter, Table
from .rans import Rans
from .refusal import Refused

ESCAPED = 255


def read_mask(stream, planes, rows, columns, patterns):
    """Classes, uint8 `[planes, rows, columns]`; `patterns` is how many bit patterns the header lists."""
    rans = Rans(stream)
    masked = Table(lambda context: Counter(32768, 0))
    same = Table(lambda i: Counter(60000, 0))
    tree = Table(lambda node: Counter(32768, 0))
    classes = [[[0] * columns for _ in range(rows)] for _ in range(planes)]
    nothing = [[0] * columns] * rows

    def new_class(candidates):
        for i, candidate in enumerate(candidates):
            if candidate and candidate not in candidates[:i] and same[i].decide(rans):
                return candidate
        node = 1
        while node < 256:
            node = 2 * node + tree[node].decide(rans)
        found = node - 256
        if found == 0 or patterns < found < ESCAPED:
            raise Refused(f"mask stream: class {found} of a masked sample, where the header lists {patterns} patterns")
        return found

    for plane, here in enumerate(classes):
        before = classes[plane - 1] if plane else nothing
        for y in range(rows):
            row = here[y]
            above = here[y - 1] if y else nothing[0]
            for x in range(columns):
                west = row[x - 1] if x else 0
                north = above[x]
                north_west = above[x - 1] if y and x else north
                north_east = above[x + 1] if y and x + 1 < columns else north
                west_2 = row[x - 2] if x > 1 else west
                north_2 = here[y - 2][x] if y > 1 else north
                context = 0
                for bit in (plane, west, north, north_west, north_east, west_2, north_2, before[y][x]):
                    context = context << 1 | (bit != 0)
                if masked[context].decide(rans):
                    row[x] = new_class((west, north, before[y][x]))
    rans.finish()
    return np.array(classes, np.uint8).reshape(planes, rows, columns)
