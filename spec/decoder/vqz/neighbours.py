"""Which earlier patches of a tile stand in for a patch's neighbours, at the borders as well.

Shared by both kinds of codes: patches are decoded by rows, and each takes contexts from those around it.
"""


def neighbours(row, column, columns):
    """Positions of the west, north, north-west and north-east patches; None at a tile's first patch."""
    if row == 0:
        return [(0, column - 1)] * 4 if column else None
    north = (row - 1, column)
    north_east = (row - 1, column + 1) if column + 1 < columns else north
    if column == 0:
        return [north, north, north, north_east]
    return [(row, column - 1), north, (row - 1, column - 1), north_east]
