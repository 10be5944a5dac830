"""Tiles of classes: parts by hand; then streams that are drawn come back."""

import unittest
from random import Random
from unittest import mock

import numpy as np
import vqz
from vqz.classes import read_classes
from vqz.histories import MASKS, _chance, _learnt
from vqz.palette import read_palette, unfolded
from vqz.surroundings import LEFT, Shown
from writing import Draw, varint


class Scripted(Draw):
    """Decisions as a script says."""

    def __init__(self, decisions):
        super().__init__(None)
        self.script = list(decisions)

    def choose(self, p):
        return self.script.pop(0)


def draw_classes(random, count, valid):
    """A stream that holds `count` values, and its samples."""
    while True:
        draw = Draw(random)
        try:
            with mock.patch("vqz.classes.Rans", lambda stream: draw):
                samples = read_classes(bytes([count - 1]), valid)
            return bytes([count - 1]) + draw.stream(), samples
        except vqz.Refused:
            continue  # values beyond int32, or a grid that is none


class Parts(unittest.TestCase):
    def test_palettes(self):
        self.assertEqual([unfolded(n) for n in range(5)], [0, -1, 1, -2, 2])
        self.assertEqual(unfolded((1 << 32) - 1), -(1 << 31))
        # 5 is 2^2 + 2 − 1; then distances of 1 (0) and of 4 (3).
        script = Scripted([1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0])
        self.assertEqual(read_palette(script, 3), [-3, -2, 2])
        with self.assertRaisesRegex(vqz.Refused, "beyond int32"):
            read_palette(Scripted([1] * 33 + [0] * 33), 1)

    def test_histories(self):
        self.assertEqual(_learnt(0x00, 1), 0x01)
        self.assertEqual(_learnt(0x3F, 1), 0x3F)
        self.assertEqual(_learnt(0x49, 1), 0x3A)
        self.assertEqual(_learnt(0x4A, 0), 0x56)
        self.assertEqual(_chance(0, 0x00), 32768)
        self.assertEqual(_chance(1, 0x00), 30 * 65536 // 40)
        self.assertEqual(_chance(3, 0x12), 210 * 65536 // 320)

    def test_masks(self):
        self.assertEqual(MASKS[0], (0xFF << 56, 0xFFFFFF << 16, 0))
        self.assertEqual(MASKS[2], (0xFFFF << 48, 0xFFFFFFFF << 16, 0xFFFF << 24))

    def test_what_is_shown_at_the_borders(self):
        shown = Shown(3)
        shown.begin_row()
        self.assertEqual(bytes(shown.above), bytes(16))
        shown.put(0, 5)
        self.assertEqual(bytes(shown.above[LEFT:]), bytes([0, 5, 5, 5, 5, 5, 5, 5]))
        shown.put(1, 6)
        shown.put(2, 7)
        self.assertEqual(bytes(shown.above[LEFT:]), bytes([0, 5, 6, 7, 7, 7, 7, 7]))
        shown.end_row()
        shown.begin_row()
        self.assertEqual(bytes(shown.row[:LEFT]), bytes([5] * 8))
        self.assertEqual(bytes(shown.north), bytes([0] * 8 + [5, 6, 7] + [7] * 5))
        for x in range(3):
            shown.put(x, x)
        shown.end_row()
        self.assertEqual(shown.cross(0, 0), (5, 0, 6, 0, 0))
        self.assertEqual(shown.cross(1, 2), (2, 1, 2, 7, 0))


class Tiles(unittest.TestCase):
    def test_one_value(self):
        valid = np.array([[[True, False]]])
        self.assertEqual(read_classes(b"\0\5", valid).tolist(), [[[-3, 0]]])
        for bad in (b"", b"\0", b"\0\5\0", b"\0\x85\0", b"\0" + varint(1 << 32), b"\1" + bytes(9)):
            with self.assertRaises(vqz.Refused):
                read_classes(bad, valid)

    def test_drawn_streams_come_back(self):
        random = Random(0)
        for count in (2, 3, 5, 17, 256):
            valid = np.array([random.random() < 0.8 for _ in range(2 * 20 * 16)]).reshape(2, 20, 16)
            stream, samples = draw_classes(random, count, valid)
            np.testing.assert_array_equal(read_classes(stream, valid), samples)
            self.assertFalse(samples[~valid].any())
            for length in range(0, len(stream), 17):
                with self.assertRaises(vqz.Refused):
                    read_classes(stream[:length], valid)


if __name__ == "__main__":
    unittest.main()
