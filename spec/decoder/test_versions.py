"""Headers of version 1 say the same in fewer bytes; what goes without saying must not be said."""

import unittest

import numpy as np
import vqz
from golden import archive, chunks, configuration_of, with_model
from vqz.configuration import Configuration
from vqz.container import read_chunk
from vqz.header import EXTENT, LZ4, MASKED, NO_TILES, STABLE
from vqz.tiling import Images
from writing import body, chunk, varint


def opened(name, number=0):
    """A chunk's header and tiles, and what it takes to read it."""
    path = archive(name)
    configuration = Configuration.parse(configuration_of(path))
    data, shape, dtype = list(chunks(path))[number]
    images = Images(configuration.axes, shape)
    header, tiles = read_chunk(data, images, dtype, configuration.model())
    return header, tiles, images, configuration, shape, dtype


class Versions(unittest.TestCase):
    def test_golden_archives_under_a_header_of_version_1(self):
        for path in with_model():
            configuration = Configuration.parse(configuration_of(path))
            model = configuration.model()
            for data, shape, dtype in chunks(path):
                with self.subTest(path.name):
                    images = Images(configuration.axes, shape)
                    header, tiles = read_chunk(data, images, dtype, model)
                    each = max(1, len(header.earlier) // images.count)
                    back = [0 if to is None else (at - to) // each for at, to in enumerate(header.earlier)]
                    other = chunk(body(model, header, images, back if any(back) else None), tiles)
                    if data[3] == 0:
                        self.assertLess(len(other), len(data))
                    expected = vqz.decode_chunk(data, shape, dtype, 0, configuration)
                    found = vqz.decode_chunk(other, shape, dtype, 0, configuration)
                    self.assertEqual(found.tobytes(), expected.tobytes())

    def test_statistics_are_floats_without_their_lowest_byte(self):
        header, tiles, images, configuration, _, dtype = opened("uint8-lz4")
        made = body(configuration.model(), header, images)
        made = made[:5] + b"\x01\x80\x3f" + b"\0\0\x41" + made[11:]
        again, _ = read_chunk(chunk(made, tiles), images, dtype, configuration.model())
        self.assertEqual((again.root_mean_square_error, again.maximum_error), ((1 + 2**-15) ** 0.5, 8))

    def test_version_2_states_errors_as_they_are(self):
        header, tiles, images, configuration, shape, dtype = opened("uint8-lz4")
        made = body(configuration.model(), header, images)
        short, wide = made[:5] + made[11:], np.array([1e-200, 3e-200], "<f8").tobytes()
        other = chunk(short[:5] + wide + short[5:], tiles, 2)
        again, _ = read_chunk(other, images, dtype, configuration.model())
        self.assertEqual((again.root_mean_square_error, again.maximum_error), (1e-200, 3e-200))
        expected = vqz.decode_chunk(chunk(made, tiles), shape, dtype, 0, configuration)
        self.assertEqual(vqz.decode_chunk(other, shape, dtype, 0, configuration).tobytes(), expected.tobytes())
        for value in (np.inf, np.nan, -1.0):
            wrong = short[:5] + np.array([value, 1], "<f8").tobytes() + short[5:]
            with self.assertRaisesRegex(vqz.Refused, "as an error"):
                read_chunk(chunk(wrong, tiles, 2), images, dtype, configuration.model())

    def test_version_2_has_a_valid_sample(self):
        header, _, images, configuration, shape, dtype = opened("uint8-lz4")
        header.rows = header.columns = header.valid_samples = 0
        header.lengths = []
        data = chunk(body(configuration.model(), header, images), [], 2)
        with self.assertRaisesRegex(vqz.Refused, "no sample is valid"):
            vqz.decode_chunk(data, shape, dtype, 9, configuration)


class Fields(unittest.TestCase):
    """Fields of a header of version 1, each changed alone, under a right checksum."""

    def assert_refused(self, name, message, change, number=0, version=1):
        header, tiles, images, configuration, shape, dtype = opened(name, number)
        made = bytearray(body(configuration.model(), header, images))
        change(made)
        with self.assertRaisesRegex(vqz.Refused, message):
            vqz.decode_chunk(chunk(bytes(made), tiles, version), shape, dtype, 0, configuration)

    def test_what_goes_without_saying(self):
        def extent(made):
            made[0] |= EXTENT
            made[5:5] = varint(64) + varint(48)

        def masked(made):
            made[0] |= MASKED
            made[5:5] = varint(0) + varint(9216)

        self.assert_refused("uint8-lz4", "an extent, which is that of the chunk", extent)
        self.assert_refused("uint8-lz4", "valid samples is above 9215", masked)

    def test_what_is_stated(self):
        def put(at, *values):
            return lambda made: made.__setitem__(slice(at, at + len(values)), values)

        # flags, model (2 bytes), step (2), rows, columns, errors (6), length
        self.assert_refused("uint8-lz4", "unknown flags", put(0, LZ4 | 128), 1)
        self.assert_refused("uint8-lz4", "no bound is promised", put(0, LZ4 | STABLE), 1)
        self.assert_refused("uint8-lz4", "unknown flags", put(0, LZ4 | EXTENT), 1, version=0)
        self.assert_refused("uint8-lz4", "written with model", put(2, 0), 1)
        self.assert_refused("uint8-lz4", "rows is above 64", put(5, 65), 1)
        self.assert_refused("uint8-lz4", "columns is above 48", put(6, 49), 1)
        self.assert_refused("uint8-lz4", "left over", put(0, LZ4 | EXTENT | NO_TILES), 1)
        # flags, model, step, pattern (1 + 2 bytes), valid samples (2)
        self.assert_refused("int16-nodata-time", "bit patterns", put(5, 255))
        self.assert_refused("int16-nodata-time", "are valid, the header states", put(8, 0x9D))

    def test_statistics_are_numbers_from_0_on(self):
        for value in (b"\x00\xc0\x7f", b"\x00\x80\xbf"):
            self.assert_refused("uint8-lz4", "as an error", lambda made: made.__setitem__(slice(5, 8), value))

    def test_an_empty_extent_has_nothing_else_to_state(self):
        header, _, images, configuration, shape, dtype = opened("uint8-lz4")
        header.rows = header.columns = header.valid_samples = 0
        header.lengths = []
        data = chunk(body(configuration.model(), header, images), [])
        self.assertEqual(len(data), 5 + 7 + 4)
        self.assertTrue((vqz.decode_chunk(data, shape, dtype, 9, configuration) == 9).all())


if __name__ == "__main__":
    unittest.main()
