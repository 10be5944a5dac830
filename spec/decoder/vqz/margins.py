"""A plane of a tile with margins, so that what is read around a sample is there at the borders as well.

Above it is 0. Left of a row is the row above's first column, right of it its last column, below the last row once more.
"""

import numpy as np

ABOVE, BELOW, LEFT, RIGHT = 3, 1, 3, 2


class Margins:
    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.padded = np.zeros((ABOVE + rows + BELOW, LEFT + columns + RIGHT), np.int64)

    @property
    def inner(self):
        return self.padded[ABOVE : ABOVE + self.rows, LEFT : LEFT + self.columns]

    def left_of(self, row):
        """What is west of a row's first column."""
        return int(self.padded[ABOVE + row - 1, LEFT])

    def put(self, row, numbers):
        """The numbers of a row, once all before it are there."""
        line = self.padded[ABOVE + row]
        line[:LEFT] = self.left_of(row)
        line[LEFT : LEFT + self.columns] = numbers
        line[LEFT + self.columns :] = line[LEFT + self.columns - 1]
        if row == self.rows - 1:
            self.padded[ABOVE + self.rows] = line

    def at(self, row, down, right):
        """For each sample of a row, what is so far down and right of it."""
        return self.padded[ABOVE + row + down, LEFT + right : LEFT + right + self.columns]
