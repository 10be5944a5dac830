"""The parts that golden archives alone do not pin down: streams, tables, tiles, and restoring samples."""

import unittest

import numpy as np
import vqz
from vqz.counters import SQUASH, STRETCH
from vqz.cursor import Cursor
from vqz.lz4 import unpack
from vqz.mask import read_mask
from vqz.rans import Rans
from vqz.restore import nodata_of, restore
from vqz.tile import PICTURE
from vqz.tiling import cut


class Streams(unittest.TestCase):
    def test_varints_take_the_fewest_bytes(self):
        self.assertEqual(Cursor(b"\x80\x02", "x").varint("n", 1000), 256)
        for bad in (b"\x80\x00", b"\x80", b"", b"\xff\xff\x7f"):
            with self.assertRaises(vqz.Refused):
                Cursor(bad, "x").varint("n", 1000)

    def test_rans(self):
        for bad in (b"", b"\0\0\0", b"\xff\xff\x7f\x00", b"\0\0\0\x80"):
            with self.assertRaises(vqz.Refused):
                Rans(bad)
        Rans((1 << 23).to_bytes(4, "little")).finish()
        with self.assertRaisesRegex(vqz.Refused, "left over"):
            Rans((1 << 23).to_bytes(4, "little") + b"\0").finish()
        with self.assertRaisesRegex(vqz.Refused, "another state"):
            Rans(((1 << 23) + 1).to_bytes(4, "little")).finish()
        with self.assertRaisesRegex(vqz.Refused, "runs out"):
            Rans((1 << 23).to_bytes(4, "little")).number(9)

    def test_tables(self):
        self.assertEqual((SQUASH[2048], SQUASH[4095], SQUASH[0]), (32768, 65513, 22))
        self.assertTrue(all(a <= b for a, b in zip(SQUASH, SQUASH[1:])))
        self.assertTrue(all(a <= b for a, b in zip(STRETCH, STRETCH[1:])))

    def test_lz4(self):
        self.assertEqual(unpack(b"\x00", 0), b"")
        self.assertEqual(unpack(b"\x30abc", 3), b"abc")
        self.assertEqual(unpack(b"\x14a\x01\x00\x10b", 10), b"a" * 9 + b"b")
        self.assertEqual(unpack(b"\x25ab\x02\x00\x00", 11), b"ababababa" + b"ba")
        for bad, size in ((b"", 0), (b"\x30ab", 3), (b"\x30abc", 4), (b"\x30abc", 2), (b"\x10a\x02\x00\x00", 5)):
            with self.assertRaises(vqz.Refused):
                unpack(bad, size)
        for bad in (b"\x10a\x00\x00\x00", b"\x1fa\x01\x00" + b"\xff" * 9, b"\xf0" + b"\xff" * 9, b"\x10a\x01"):
            with self.assertRaises(vqz.Refused):
                unpack(bad, 20)

    def test_noise_is_no_mask(self):
        random = np.random.default_rng(0)
        for _ in range(100):
            with self.assertRaises(vqz.Refused):
                read_mask(random.bytes(3) + b"\x40" + random.bytes(20), 1, 16, 16, 1)


class Restoring(unittest.TestCase):
    def restored(self, v, dtype, nodata):
        dtype = np.dtype(dtype)
        v = np.array(v, np.float32).reshape(1, 1, -1)

        class Content:
            kind = PICTURE
            classes = np.zeros(v.shape, np.uint8)
            valid = classes == 0
            escapes = np.zeros(0, dtype)

        return restore(v, Content, np.zeros(0, dtype), nodata_of(nodata, dtype)).ravel().tolist()

    def test_integers(self):
        self.assertEqual(self.restored([0.5, 1.5, 2.5, -3, 300], "u1", []), [0, 2, 2, 0, 255])
        self.assertEqual(self.restored([3e9, -3e9], "i4", []), [2**31 - 1, -(2**31)])

    def test_nodata_is_stepped_aside(self):
        self.assertEqual(self.restored([-3, 0, 0.4], "u1", [0]), [1, 1, 1])
        self.assertEqual(self.restored([6.8, 7, 7.2, 8], "u1", [7]), [6, 8, 8, 8])
        self.assertEqual(self.restored([6.8, 7, 7.2], "u1", [7, 8]), [6, 6, 6])
        self.assertEqual(self.restored([300], "u1", [255, 254]), [253])
        self.assertEqual(self.restored([1], "u1", [1.5, -1, 300, float("nan")]), [1])
        self.assertEqual(self.restored([5], "f4", [5]), [float(np.nextafter(np.float32(5), np.float32(6)))])
        self.assertEqual(self.restored([0], "f4", [0]), [float(np.float32(1e-45))])

    def test_floats_are_finite(self):
        most = float(np.finfo(np.float32).max)
        self.assertEqual(self.restored([np.inf, -np.inf], "f8", []), [most, -most])
        self.assertTrue(np.isfinite(self.restored([np.nan], "f4", [])).all())
        self.assertEqual(self.restored([most], "f4", [most]), [float(np.nextafter(np.float32(most), np.float32(0)))])

    def test_nodata_is_rounded_to_float_types(self):
        self.assertNotEqual(self.restored([0.1], "f4", [0.1]), self.restored([0.1], "f4", []))
        self.assertEqual(self.restored([0.1], "f8", [0.1]), self.restored([0.1], "f8", []))
        self.assertEqual(self.restored([7], "f4", [1e300]), [7])

    def test_what_is_masked_comes_back_bit_for_bit(self):
        patterns = np.array([0x7FC00001, 0xFF800000], np.uint32).view(np.float32)

        class Content:
            kind = PICTURE
            classes = np.array([[[0, 1, 2, 255]]], np.uint8)
            valid = classes == 0
            escapes = np.array([0x7F800123], np.uint32).view(np.float32)

        samples = restore(np.full((1, 1, 4), 2, np.float32), Content, patterns, nodata_of([], np.dtype("f4")))
        self.assertEqual(
            samples.view(np.uint32).ravel().tolist(), [0x40000000, 0x7FC00001, 0xFF800000, 0x7F800123]
        )

    def test_tiles(self):
        self.assertEqual(cut(0, 8), [])
        self.assertEqual([(s.start, s.stop) for s, _ in cut(264, 8)], [(0, 136), (136, 264)])
        self.assertEqual([(s.start, s.stop) for s, _ in cut(257, 32)], [(0, 160), (160, 257)])


if __name__ == "__main__":
    unittest.main()
