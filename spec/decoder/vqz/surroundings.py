"""What planes of classes show around a sample, at the borders as well, and where samples are not valid.

Rows are bytes with margins, so that a neighbourhood is a slice; eight bytes of it are a word.
"""

LEFT, RIGHT = 8, 5


class Shown:
    """A plane of classes, while its samples are decoded in order and after."""

    def __init__(self, columns):
        self.columns = columns
        self.rows = []
        # Both rows above the first: what came before, in the first row, in each column.
        self.above = bytearray(LEFT + columns + RIGHT)

    def begin_row(self):
        self.row = bytearray(LEFT + self.columns + RIGHT)
        if self.rows:
            self.row[:LEFT] = self.rows[-1][LEFT : LEFT + 1] * LEFT
        self.north = self.rows[-1] if self.rows else self.above
        self.north_2 = self.rows[-2] if len(self.rows) > 1 else self.above

    def put(self, x, class_):
        self.row[LEFT + x] = class_
        if not self.rows:
            later = LEFT + x + 1
            self.above[later:] = bytes([class_]) * (len(self.above) - later)

    def end_row(self):
        last = LEFT + self.columns
        self.row[last:] = self.row[last - 1 : last] * RIGHT
        self.rows.append(self.row)

    def cross(self, y, x):
        """Of a plane that is complete: here, west, east, north and south."""
        row, at = self.rows[y], LEFT + x
        north = self.rows[y - 1] if y else self.above
        south = self.rows[y + 1][at] if y + 1 < len(self.rows) else 0
        return row[at], row[at - 1], row[at + 1], north[at], south
