"""Damaged chunks and foreign fields in them are refused; nothing else ever happens to a reader."""

import unittest

import numpy as np
import vqz
from golden import archive, chunks, configuration_of, whole_archives
from vqz.configuration import Configuration
from vqz.container import read_chunk
from vqz.tiling import Images
from writing import crc


def smallest_chunk(path):
    return min(chunks(path), key=lambda chunk: len(chunk[0]))


class Damage(unittest.TestCase):
    def setUp(self):
        self.cases = [
            (path.name, *smallest_chunk(path), Configuration.parse(configuration_of(path))) for path in whole_archives()
        ]

    def refused(self, data, shape, dtype, configuration):
        with self.assertRaises(vqz.Refused):
            vqz.decode_chunk(data, shape, dtype, 0, configuration)

    def test_any_flipped_bit(self):
        for name, data, *rest in self.cases:
            with self.subTest(name):
                # All bits of the header and of small chunks, some of the rest.
                bits = [*range(min(len(data), 200) * 8), *range(1600, len(data) * 8, max(17, len(data) // 100))]
                for bit in bits:
                    damaged = bytearray(data)
                    damaged[bit // 8] ^= 1 << bit % 8
                    self.refused(bytes(damaged), *rest)

    def test_any_truncation_and_anything_appended(self):
        for name, data, *rest in self.cases:
            with self.subTest(name):
                for length in [*range(min(len(data), 200)), *range(200, len(data), max(1, len(data) // 1000))]:
                    self.refused(data[:length], *rest)
                self.refused(data + b"\0", *rest)

    def test_flipped_bits_under_a_right_checksum_are_refused_or_decoded_but_nothing_else(self):
        refused = tried = 0
        for name, data, shape, dtype, configuration in self.cases:
            if len(data) > 300:
                continue
            header = 5 + data[4]
            images = Images(configuration.axes, shape)
            _, contents = read_chunk(data, images, np.dtype(dtype), configuration.model())
            # All of the header, and of the tiles as much as takes little time.
            tiles = range(header + 4, len(data) - 4, max(1, len(data) // 40))
            for at in [*range(5, header), *tiles]:
                with self.subTest(name, at=at):
                    damaged = bytearray(data)
                    damaged[at] ^= 1 << at % 8
                    if at < header:
                        damaged[header : header + 4] = crc(bytes(damaged[:header]))
                    else:
                        self.mend_tile(damaged, at, header + 4, contents)
                    tried += 1
                    try:
                        samples = vqz.decode_chunk(bytes(damaged), shape, dtype, 0, configuration)
                        self.assertEqual(samples.shape, tuple(shape))
                    except vqz.Refused:
                        refused += 1
        self.assertGreater(tried, 200)
        self.assertGreater(refused / tried, 0.5)

    def mend_tile(self, damaged, at, start, contents):
        for content in contents:
            end = start + len(content) - 4
            if start <= at < end:
                damaged[end : end + 4] = crc(bytes(damaged[start:end]))
            start += len(content)


class Header(unittest.TestCase):
    """Fields of the header, each changed alone, under a right checksum."""

    def setUp(self):
        path = archive("uint8-lz4")
        self.data, self.shape, self.dtype = smallest_chunk(path)
        self.configuration = Configuration.parse(configuration_of(path))

    def with_body(self, change):
        body = bytearray(self.data[5 : 5 + self.data[4]])
        change(body)
        start = self.data[:4] + bytes([len(body)]) + bytes(body)
        return start + crc(start) + self.data[9 + self.data[4] :]

    def assert_refused(self, data, message):
        with self.assertRaisesRegex(vqz.Refused, message):
            vqz.decode_chunk(data, self.shape, self.dtype, 0, self.configuration)

    def test_untouched(self):
        vqz.decode_chunk(self.with_body(lambda body: None), self.shape, self.dtype, 0, self.configuration)

    def test_fields(self):
        def put(at, value):
            return lambda body: body.__setitem__(at, value)

        # flags, model, step, rows, columns, patterns, valid samples (2 bytes), errors, one length
        self.assert_refused(self.with_body(put(0, 5)), "unknown flags")
        self.assert_refused(self.with_body(put(0, 3)), "left over")
        self.assert_refused(self.with_body(put(1, 0)), "written with model")
        self.assert_refused(self.with_body(put(7, 65)), "rows is above 64")
        self.assert_refused(self.with_body(put(8, 49)), "columns is above 48")
        self.assert_refused(self.with_body(put(9, 255)), "bit patterns")
        self.assert_refused(self.with_body(put(11, 127)), "valid samples is above")
        self.assert_refused(self.with_body(put(11, 12)), "samples are valid, the header states")
        self.assert_refused(self.with_body(lambda body: body.append(0)), "left over")
        self.assert_refused(self.with_body(lambda body: body.pop()), "length of a tile|too early")
        self.assert_refused(self.with_body(put(-2, 0x80)), "follow the header")

    def test_repeated_patterns(self):
        def repeat(body):
            body[9:10] = b"\x02\x07\x07"

        self.assert_refused(self.with_body(repeat), "stands in it twice")

    def test_versions_have_an_error_of_their_own(self):
        with self.assertRaises(vqz.UnsupportedVersion):
            data = self.data[:3] + b"\3" + self.data[4:]
            vqz.decode_chunk(data, self.shape, self.dtype, 0, self.configuration)

    def test_bands_other_than_the_models(self):
        with self.assertRaisesRegex(vqz.Refused, "the chunk has 2 bands, the model takes 3"):
            vqz.decode_chunk(self.data, (2, 64, 48), self.dtype, 0, self.configuration)

    def test_data_types(self):
        with self.assertRaisesRegex(vqz.Refused, "data type int8"):
            vqz.decode_chunk(self.data, self.shape, np.int8, 0, self.configuration)


if __name__ == "__main__":
    unittest.main()
