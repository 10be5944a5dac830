"""Chunks that promise something, without a model: their headers, their tiles, and what lattices make of numbers."""

import struct
import unittest
from random import Random

import numpy as np
import vqz
from drawing import draw_numbers
from vqz.configuration import Configuration
from vqz.corrections import _steps
from vqz.cursor import Cursor
from vqz.header import Header
from vqz.lattices import CUT, Lattice, LowBits, read_lattice
from vqz.plan import Plan
from vqz.promise import EXACT, ONE_LESS, STATED, Promise
from vqz.tiling import Images
from writing import body, chunk, masked_tile, sealed, varint

SHAPE = (2, 2, 3, 4)
LOSSLESS = Promise((0.0, 0.0), False)
AXES = ["time", "band", "y", "x"]
CONFIGURATION = Configuration.parse({"axes": AXES, "promise": {"kind": "lossless"}, "nodata": [7]})


def constant(*values):
    """A prediction stream of planes that are constant."""
    valid = np.ones((len(values), *SHAPE[2:]), bool)
    return draw_numbers(Random(0), valid, [0] * len(values), [(0, Plan(value)) for value in values])[0]


NUMBERS = bytes([16, STATED]) + constant(5, 6)
TILE = sealed(NUMBERS)


def whole(tiles, dtype=np.int16, promise=LOSSLESS, references=None, change=None, valid=48):
    header = Header(False, None, 3, 4, np.empty(0, dtype), valid, promise, 0, 0, [], [len(tile) for tile in tiles], [])
    made = bytearray(body(None, header, Images(CONFIGURATION.axes, SHAPE), references))
    if change:
        change(made)
    return chunk(bytes(made), tiles)


def decoded(data, dtype=np.int16):
    return vqz.decode_chunk(data, SHAPE, dtype, 0, CONFIGURATION)


class Refusing(unittest.TestCase):
    def assert_refused(self, message, data, dtype=np.int16):
        with self.assertRaisesRegex(vqz.Refused, message):
            decoded(data, dtype)


class Headers(Refusing):
    def test_what_comes_back(self):
        self.assertEqual(decoded(whole([TILE, TILE]))[1, :, 0, 0].tolist(), [5, 6])

    def test_bounds(self):
        def bounds(*values):
            stated = bytes([len(values)]) + struct.pack(f"<{len(values)}d", *values)
            return whole([TILE, TILE], change=lambda made: made.__setitem__(slice(1, 2), stated))

        for values in ((3,), (0.5,), (0, 3), (2, 3)):
            self.assertEqual(decoded(bounds(*values))[0, 0, 0, 0], 5)
        self.assert_refused("goes without saying", bounds(0))
        self.assert_refused("all equal", bounds(3, 3))
        self.assert_refused("is above 2", bounds(1, 2, 3))
        for value in (-1, -0.0, float("nan"), float("inf")):
            self.assert_refused("negative or not finite", bounds(value))

    def test_epsilons(self):
        promise = Promise((0.0, 2.9, 3.0, 1e300), False)
        self.assertEqual(promise.epsilons(STATED), [0, 2, 3, 1 << 30])
        self.assertEqual(promise.epsilons(ONE_LESS), [0, 1, 2, (1 << 30) - 1])
        self.assertEqual(promise.epsilons(EXACT), [0, 0, 0, 0])

    def test_tiles_without_bytes(self):
        def lengths(made):
            made[0] &= ~2
            made += b"\0\0"

        self.assert_refused("of which none has bytes", whole([b"", b""], valid=0, change=lengths))


class Modes(Refusing):
    def test_modes(self):
        cases = (0, "a picture, where"), (8, "without a model"), (4, "has no correction"), (20, "without a picture")
        for mode, message in (*cases, (24, "unknown"), (48, "unknown"), (64, "unknown"), (19, "unknown")):
            self.assert_refused(message, whole([sealed(bytes([mode]) + NUMBERS[1:]), TILE]))
        self.assert_refused("where none is promised", whole([TILE, TILE], promise=None))
        classes = sealed(b"\x20\0\5")
        self.assertEqual(decoded(whole([classes, TILE]))[0, 0, 0, 0], -3)
        self.assert_refused("array of floats", whole([classes, TILE], np.float32), np.float32)
        masked = masked_tile(2, 3, 4, 2)
        decoded(whole([masked, TILE], valid=24))
        self.assert_refused("without a valid sample", whole([sealed(b"\x11" + masked[1:-4]), TILE], valid=24))

    def test_references(self):
        classes, masked = sealed(b"\x20\0\5"), masked_tile(2, 3, 4, 2)
        self.assertEqual(decoded(whole([TILE, TILE], references=[0, 1]))[1, 1, 0, 0], 6)
        self.assert_refused("of which none is one", whole([TILE, TILE], references=[0, 0]))
        self.assert_refused("leaves nothing", whole([classes, TILE], references=[0, 1]))
        self.assert_refused("its mode does not", whole([TILE, classes], references=[0, 1]))
        self.assert_refused("leaves nothing", whole([masked, TILE], references=[0, 1], valid=24))
        self.assert_refused("without a valid sample", whole([TILE, masked], references=[0, 1], valid=24))

    def test_forms(self):
        self.assert_refused("form 3", whole([sealed(b"\x10\3" + NUMBERS[2:]), TILE]))
        # Stable: 5 steps of 7, of 5, and 5 itself.
        for form, value in ((STATED, 35), (ONE_LESS, 25), (EXACT, 5)):
            tile = sealed(bytes([16, form]) + NUMBERS[2:])
            found = decoded(whole([tile, TILE], promise=Promise((3.0, 3.0), True)))
            self.assertEqual(found[0, 0, 0, 0], value)

    def test_samples_are_clipped_and_step_aside_from_nodata(self):
        tile = sealed(bytes([16, STATED]) + constant(300, 7))
        self.assertEqual(decoded(whole([tile, tile], np.uint8), np.uint8)[0, :, 0, 0].tolist(), [255, 8])


class Lattices(unittest.TestCase):
    def samples(self, content, numbers, dtype=np.float32):
        source = Cursor(content, "tile")
        numbers = np.array(numbers, np.int64)
        found = read_lattice(source).samples(numbers.reshape(-1, 1, numbers.shape[-1]), np.dtype(dtype))
        source.end()
        return found.ravel()

    def test_values(self):
        numbers = [-3, 0, 10]
        self.assertEqual(self.samples(b"\0" + struct.pack("<h", -2), numbers).tolist(), [-0.75, 0, 2.5])
        self.assertEqual(self.samples(b"\0" + struct.pack("<h", -1074), [3], np.float64).tolist(), [3 * 5e-324])
        self.assertEqual(self.samples(b"\1\1", numbers, np.float64).tolist(), [-0.3, 0, 1])
        self.assertEqual(self.samples(b"\2" + struct.pack("<dd", 0.1, 0.2), [1], np.float64).tolist(), [0.1 + 0.2])
        in_32 = np.float32(0.1) * np.float32(3) + np.float32(0.2)
        self.assertEqual(self.samples(b"\3" + struct.pack("<dd", 0.1, 0.2), [3])[0], in_32)

    def test_low_bits_are_joined(self):
        # 3 × 2^-2 lacks 22 of 23 bits, of which the first is 1; 0 has all 32 of its own.
        cut = Lattice(CUT, (-2,))
        bits = (1 << 21) << 32 | 0x80000000
        low = LowBits((bits << 2).to_bytes(7, "big"))
        numbers, valid = np.array([[[3, 0]]]), np.ones((1, 2), bool)
        self.assertEqual(cut.joined(numbers, valid, np.dtype(np.float32), low).tobytes(), np.float32([1.0 - 0.125, -0.0]).tobytes())
        low.end()
        with self.assertRaises(vqz.Refused):
            low.take(1)

    def test_places_of_floats(self):
        found = self.samples(b"\4", [0, 1, -1, -2, 0x3F800000])
        self.assertEqual(found.view(np.uint32).tolist(), [0, 1, 0x80000000, 0x80000001, 0x3F800000])
        # Two planes: of the lower one the highest bit is inverted.
        found = self.samples(b"\4", [[0, -1, 0x3FF00000], [-(1 << 31), 0x7FFFFFFF, -(1 << 31) + 1]], np.float64)
        expected = [0, 1 << 63, 0x3FF0000000000001]
        self.assertEqual(found.view(np.uint64).tolist(), expected)

    def test_what_is_refused(self):
        for kind, content in ((0, struct.pack("<h", 1001)), (0, struct.pack("<h", -1101)), (1, b"\x0d"), (5, b"")):
            with self.assertRaises(vqz.Refused):
                self.samples(bytes([kind]) + content, [0])
        for scale, offset in ((0, 0), (-1, 0), (float("inf"), 0), (1, float("nan"))):
            with self.assertRaises(vqz.Refused):
                self.samples(b"\2" + struct.pack("<dd", scale, offset), [0])

    def test_bands_take_their_planes(self):
        lattices = b"\4" + varint(0) + b"\0" + struct.pack("<h", 0) + varint(0)
        tile = sealed(bytes([16, STATED]) + lattices + constant(0x3FF00000, -(1 << 31), 9))
        found = decoded(whole([tile, tile], np.float64), np.float64)
        self.assertEqual(found[1, :, 2, 3].tolist(), [1, 9])


class Corrections(unittest.TestCase):
    class Model:
        tolerance, peak = 0.25, 1000.0

    def steps(self, bound, dtype, scale=1.0, form=STATED):
        return _steps(Promise((bound,), False), form, np.dtype(dtype), self.Model, scale)

    def test_steps(self):
        self.assertEqual(self.steps(3.0, "i2"), [7 - 0.5 - 1 / 1024])
        self.assertEqual(self.steps(3.0, "i2", form=ONE_LESS), [5 - 0.5 - 1 / 1024])
        self.assertEqual(self.steps(3.0, "f4", 2.0), [2 * (3 - 0.5 - 4000 * 2.0**-24) * (1 - 1 / 1024)])

    def test_bounds_that_leave_none(self):
        for bound, dtype, scale in ((3.0, "i2", 16.0), (0.3, "f8", 1.0)):
            with self.assertRaisesRegex(vqz.Refused, "leave no step"):
                self.steps(bound, dtype, scale)


if __name__ == "__main__":
    unittest.main()
