"""Every golden archive decodes to what it has to; shards and codes included."""

import unittest

import numpy as np
import vqz
from golden import archive, archives, broken_promises, chunks, compare, configuration_of, open_pair, with_model


class Golden(unittest.TestCase):
    def test_every_archive_decodes(self):
        self.assertGreaterEqual(len(archives()), 11)
        for path in archives():
            with self.subTest(path.name):
                found, expected, nodata, tolerance = open_pair(path)
                samples = found[...]
                self.assertEqual(compare(samples, expected[...], nodata, tolerance)[0], [])
                self.assertEqual(broken_promises(path, samples), [])

    def test_the_comparison_finds_differences(self):
        expected = np.arange(1000, dtype=np.uint16)
        for change, problem in ((2, "tolerance"), (0, None)):
            found = expected.copy()
            found[7] += change
            problems, _ = compare(found, expected, np.array([0], np.uint16), 0.001)
            self.assertEqual(bool(problems), problem is not None)
        found = expected.copy()
        found[0] = 1
        self.assertIn("1 masked samples differ", compare(found, expected, np.array([0], np.uint16), 0.001)[0])
        self.assertTrue(compare(expected + np.uint16(1), expected, np.array([], np.uint16), 0.001)[0])
        self.assertIn("without a model", compare(found, expected, np.array([], np.uint16), None)[0][0])

    def test_codes_are_those_that_samples_are_made_of(self):
        for path in with_model():
            configuration = vqz.Configuration.parse(configuration_of(path))
            model = configuration.model()
            for data, shape, dtype in chunks(path):
                with self.subTest(path.name):
                    codes = vqz.codes_of_chunk(data, shape, dtype, configuration)
                    self.assertEqual(codes.dtype, np.int32)
                    self.assertEqual(codes.shape[1], model.planes)
                    if configuration_of(path).get("promise", {"kind": "quality"})["kind"] == "quality":
                        self.assertTrue(codes.any())
                    if model.has_codebooks:
                        self.assertGreaterEqual(codes.min(), 0)
                        self.assertLess(codes.max(), model.codebooks.size)

    def test_both_entropy_coders_hold_the_same_kind_of_codes(self):
        # These two archives hold the same picture at the same step, one in each mode.
        rans, lz4 = archive("uint16-rans"), archive("uint8-lz4")
        for (a, shape, a_type), (b, _, b_type) in zip(chunks(rans), chunks(lz4), strict=True):
            codes = [
                vqz.codes_of_chunk(data, shape, dtype, vqz.Configuration.parse(configuration_of(path)))
                for data, dtype, path in ((a, a_type, rans), (b, b_type, lz4))
            ]
            np.testing.assert_array_equal(*codes)


if __name__ == "__main__":
    unittest.main()
