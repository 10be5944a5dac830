"""Tiles that refer to an earlier date: which may, what they start from, and what they subtract."""

import unittest
from random import Random

import numpy as np
import vqz
from golden import archive, configuration_of
from vqz.configuration import Configuration
from vqz.counters import Counter, Table
from vqz.dates import LARGEST_SQUARES, Past
from vqz.header import LZ4, REFERS, Header
from vqz.learnt import Learnt
from vqz.tiling import Images
from writing import body, chunk, draw_scalars, masked_tile, sealed

SHAPE, STEP = (5, 2, 32, 24), -700
# For each date, how many before it is the one that it refers to: two to the first, the last to the second.
REFERENCES = [0, 1, 2, 0, 3]


class Chunk:
    """A chunk of drawn codes, each date referring to an earlier one."""

    def __init__(self, references=REFERENCES, seed=0):
        self.configuration = Configuration.parse(configuration_of(archive("int16-nodata-time")))
        self.model = self.configuration.model()
        self.images = Images(self.configuration.axes, SHAPE)
        random = Random(seed)
        valid = np.ones((4, 3), bool)
        self.references, self.codes, self.tiles = references, [], []
        dates = []
        for number, before in enumerate(references):
            earlier = dates[number - before] if before else None
            stream, codes, date = draw_scalars(random, self.model.priors, STEP, valid, earlier)
            self.tiles.append(sealed(b"\0" + stream))
            self.codes.append(codes)
            dates.append(date)

    def data(self, change=None, references=None, valid_dates=5):
        lengths = [len(tile) for tile in self.tiles]
        valid = valid_dates * 2 * 32 * 24
        header = Header(False, STEP, 32, 24, np.empty(0, np.int16), valid, None, 0, 0, [], lengths, [])
        made = bytearray(body(self.model, header, self.images, references or self.references))
        if change:
            change(made)
        return chunk(bytes(made), self.tiles)

    def read(self, data):
        return vqz.codes_of_chunk(data, SHAPE, np.int16, self.configuration)


class Dates(unittest.TestCase):
    def assert_refused(self, message, data, of):
        with self.assertRaisesRegex(vqz.Refused, message):
            of.read(data)

    def test_codes_come_back(self):
        for seed in range(3):
            drawn = Chunk(seed=seed)
            np.testing.assert_array_equal(drawn.read(drawn.data()), drawn.codes)
            samples = vqz.decode_chunk(drawn.data(), SHAPE, np.int16, 0, drawn.configuration)
            self.assertEqual(samples.shape, SHAPE)

    def test_what_a_tile_refers_to_decides_what_it_holds(self):
        drawn = Chunk()
        for references in ([0, 1, 1, 0, 3], [0, 1, 2, 0, 4], [0, 0, 2, 0, 3], [0, 1, 2, 1, 3]):
            try:
                self.assertFalse(np.array_equal(drawn.read(drawn.data(references=references)), drawn.codes))
            except vqz.Refused:
                pass

    def test_references_that_no_tile_may_have(self):
        drawn = Chunk()
        self.assert_refused("images before is above 0", drawn.data(references=[1, 1, 2, 0, 3]), drawn)
        self.assert_refused("images before is above 1", drawn.data(references=[0, 2, 2, 0, 3]), drawn)
        self.assert_refused("too early", drawn.data(references=REFERENCES[:4]), drawn)
        self.assert_refused("left over", drawn.data(references=[*REFERENCES, 0]), drawn)
        self.assert_refused("only scalar codes", drawn.data(lambda made: made.__setitem__(0, REFERS | LZ4)), drawn)

    def test_tiles_without_bytes_have_no_part_in_it(self):
        for number in (0, 2):
            drawn = Chunk()
            drawn.tiles[number] = b""
            self.assert_refused("without bytes refers .* or is referred to", drawn.data(), drawn)

    def test_tiles_without_a_valid_sample_leave_nothing_to_refer_to(self):
        drawn = Chunk(references=[0, 0, 2, 0, 3])
        drawn.tiles[1] = masked_tile(2, 32, 24, 2)
        self.assert_refused("leaves nothing to refer to", drawn.data(valid_dates=4), drawn)
        drawn = Chunk()
        drawn.tiles[4] = masked_tile(2, 32, 24, 2)
        self.assert_refused("refers to an earlier date, without a valid", drawn.data(valid_dates=4), drawn)

    def test_any_patch_may_be_masked(self):
        drawn = Chunk()
        random = Random(1)
        priors, earlier = drawn.model.priors, None
        for number in range(6):
            valid = np.array([[random.random() < 0.6 for _ in range(4)] for _ in range(5)])
            _, codes, date = draw_scalars(random, priors, STEP, valid, earlier)
            self.assertFalse(codes[:, ~valid].any())
            for row, column in zip(*np.nonzero(~valid)):
                inherited = earlier.innovations[row, column] if earlier else [0] * priors.planes
                self.assertEqual(date.innovations[row, column], inherited)
            earlier = date


class Start(unittest.TestCase):
    """What a tile starts from."""

    def test_tables_are_copied(self):
        table = Table(lambda index: Counter(index, 0))
        table[7].update(1)
        other = table.copy()
        other[7].update(1)
        self.assertEqual((table[7].n, other[7].n, other[8].P), (1, 2, 8 << 8))
        self.assertNotIn(8, table)
        weights = Table(lambda index: [1, 2, 3])
        weights[0][0] = 5
        other = weights.copy()
        other[0][0] = 6
        self.assertEqual((weights[0], other[0]), ([5, 2, 3], [6, 2, 3]))

    def test_what_only_dates_have(self):
        priors = Chunk(references=[0]).model.priors
        learnt = Learnt(priors, [0] * priors.planes)
        self.assertEqual(learnt.time[2, 5, 1, 11].P, int(priors.expected.p[2, 46, 8]) << 8)
        self.assertEqual((learnt.time[2, 5, 1, 11].n, learnt.time_flag[0, 3, 3].P), (1, 20000 << 8))
        weights = priors.weights((1, 4))
        self.assertEqual(learnt.time_weights[1, 4], [140 * w >> 8 for w in weights] + [30000])
        learnt.copy().squares[3] += 1
        self.assertEqual(learnt.squares[3], 0)


class Subtraction(unittest.TestCase):
    """By hand, on three planes of a tile of two columns."""

    def past(self, innovations=None, squares=(), products=()):
        class Sums:
            pass

        sums = Sums()
        sums.squares = Table(lambda k: 0) | dict(enumerate(squares))
        sums.products = Table(lambda k: 0) | dict(enumerate(products))
        places = [(row, column) for row in range(2) for column in range(2)]
        return Past(innovations or {place: [4, -3, 0] for place in places}, sums, 2)

    def test_nothing_is_subtracted_before_anything_is_learnt(self):
        past = self.past(squares=(0, 0, 0), products=(0, 0, 0))
        past.begin_patch(0, 0)
        self.assertEqual(past.subtracted, [0, 0, 0])

    def test_gain(self):
        cases = (100, [4, -3, 0]), (49, [2, -1, 0]), (-49, [0, 0, 0]), (25, [1, -1, 0]), (500, [4, -3, 0])
        for product, estimate in cases:
            with self.subTest(product):
                past = self.past(squares=(98,) * 3, products=(product,) * 3)
                past.begin_patch(0, 0)
                self.assertEqual(past.subtracted, estimate)

    def test_halves_are_rounded_up(self):
        past = self.past({(0, 0): [4, -4, 1]}, squares=(126,) * 3, products=(16,) * 3)
        past.begin_patch(0, 0)
        self.assertEqual(past.subtracted, [1, -1, 0])

    def test_patches_trust_where_subtraction_helped(self):
        past = self.past(squares=(98,) * 3, products=(100,) * 3)
        past.begin_patch(0, 0)
        past.end_patch(0, 0, [-4, 3, 9])
        self.assertEqual(past.sums[0, 0], (7, 14))
        past.begin_patch(0, 1)
        self.assertEqual(past.subtracted, [0, 0, 0])
        self.assertNotEqual(past.estimates, [0, 0, 0])
        past.end_patch(0, 1, [100, -100, 0])
        self.assertEqual(past.sums[0, 1], (200, 195))
        past.begin_patch(1, 0)
        self.assertEqual(past.subtracted, [0, 0, 0])
        # At the last column north counts for north-east too, which tips the scales.
        past.begin_patch(1, 1)
        self.assertEqual(past.subtracted, past.estimates)

    def test_sums(self):
        past = self.past(squares=(0,) * 3, products=(0,) * 3)
        past.begin_patch(0, 0)
        past.end_patch(0, 0, [5, 6, 7])
        self.assertEqual((dict(past.squares), dict(past.products)), ({0: 16, 1: 9, 2: 0}, {0: 20, 1: -18, 2: 0}))

    def test_sums_stay_small(self):
        squares = LARGEST_SQUARES, LARGEST_SQUARES - 16, LARGEST_SQUARES - 15
        past = self.past({(0, 0): [9999, 4, 4]}, squares, (-5, -5, -5))
        past.begin_patch(0, 0)
        past.end_patch(0, 0, [-9999, 0, 0])
        self.assertEqual(past.squares[0], (LARGEST_SQUARES + 4096**2) // 2)
        self.assertEqual(past.products[0], -((5 + 4096**2) // 2))
        self.assertEqual((past.squares[1], past.products[1]), (LARGEST_SQUARES, -5))
        self.assertEqual((past.squares[2], past.products[2]), (LARGEST_SQUARES // 2, -2))


if __name__ == "__main__":
    unittest.main()
