"""Parts of the prediction stream, by hand; then streams that are drawn come back, and damaged ones are refused."""

import unittest
from random import Random

import numpy as np
import vqz
from drawing import WideDraw, draw_numbers, number, random_plan, signed
from vqz.margins import Margins
from vqz.numbers import Numbers
from vqz.plan import AROUND, OWN, WEIGHTS, Plan
from vqz.prediction import _factors, read_numbers
from vqz.residuals import Residuals, wrapped
from vqz.symbols import Symbols, chance_of_not_zero, class_of, direct_parts, folded_parts, middle, ratio
from vqz.wide_rans import LOWEST, WideRans


def words(state, *rest):
    return state.to_bytes(8, "little") + b"".join(word.to_bytes(4, "little") for word in rest)


class Middle(Random):
    """Draws what is in the middle."""

    def randrange(self, most):
        return most // 2

    def choice(self, values):
        return values[0]


class Stream(unittest.TestCase):
    def test_what_is_no_stream(self):
        for bad in (b"", bytes(8), words(LOWEST - 1), words(LOWEST) + b"\0"):
            with self.assertRaises(vqz.Refused):
                WideRans(bad)
        WideRans(words(LOWEST)).finish()
        with self.assertRaisesRegex(vqz.Refused, "another state"):
            WideRans(words(LOWEST + 1)).finish()
        with self.assertRaisesRegex(vqz.Refused, "left over"):
            WideRans(words(LOWEST, 0)).finish()

    def test_events(self):
        # Half of the state, which then takes a word.
        rans = WideRans(words(LOWEST, 7))
        self.assertEqual(rans.decide(32768), 1)
        self.assertEqual(rans.state, (1 << 31 << 32) + 7)
        with self.assertRaisesRegex(vqz.Refused, "runs out"):
            WideRans(words(LOWEST)).decide(32768)
        # 2^33 + 2^15 holds 1 in half of a share, and then is where it has to end.
        rans = WideRans(words((1 << 33) + 32768))
        self.assertEqual(rans.plain(1), 1)
        self.assertEqual(rans.plain(0), 0)
        rans.finish()
        rans = WideRans(words((1 << 40) + 0xABCD, 0, 0))
        self.assertEqual(rans.plain(16), 0xABCD)

    def test_numbers(self):
        self.assertEqual(number(0), [0])
        self.assertEqual(number(1), [1, 0])
        self.assertEqual(number(6), [1, 1, 1, 0, 1, 0])
        self.assertEqual(number(0xC0035), [1] * 20 + [0, 1, 0xD, 1])
        self.assertEqual(number((1 << 32) - 1), [1] * 33 + [0xFFFF, 0x3FFF])
        self.assertEqual(signed(-1), [1, 0, 1])
        draw = WideDraw(Middle())
        numbers = Numbers(draw)
        for value in (0, 1, -1, 6, -7, 0xC0035, (1 << 32) - 1):
            draw.script = signed(value)
            self.assertEqual(numbers.signed(3), value)
            self.assertEqual(draw.script, [])


class Tables(unittest.TestCase):
    def test_symbols(self):
        table = Symbols([1] * 16)
        self.assertEqual(table.starts, [4096 * i for i in range(17)])
        # The first start of the symbol, and what its learning changes: 131072 // 27 = 4854, 32768 // 4854 = 6.
        draw = WideDraw(Middle())
        draw.low = 3 * 4096
        self.assertEqual(table.read(draw), 3)
        self.assertEqual(draw.events, [(12288, 4096)])
        self.assertEqual(table.starts[:6], [0, 4096 - 303, 8192 - 605, 12288 - 908, 16384 + 3632, 20480 + 3329])
        for _ in range(2000):
            draw.low = 0
            self.assertEqual(table.read(draw), 0)
        self.assertEqual(table.seen, 250)
        self.assertTrue(all(b - a >= 10 for a, b in zip(table.starts, table.starts[1:])))

    def test_classes(self):
        expected = (0, 1, 4, 5, 6, 26, 27, 28, 35, 36, 60)
        self.assertEqual([class_of(e) for e in expected], [0, 1, 4, 4, 5, 11, 11, 12, 12, 13, 16])
        self.assertEqual([middle(c) for c in (0, 1, 2, 11, 12, 15, 16, 31)], [2, 3, 5, 52, 72, 120, 72, 120])

    def test_what_classes_start_from(self):
        # Of the first: isqrt(1028 << 16) = 8207, so 15 * 256 // 2.
        self.assertEqual(ratio(0), 1920)
        self.assertEqual(direct_parts(0)[4:11], [1, 53, 1810, 61805, 1810, 53, 1])
        self.assertEqual(chance_of_not_zero(0), 131072 * 1920 // 67456)
        # Q = 112 / 176 of 65536 is 41704.
        self.assertEqual(folded_parts(12)[:2], [65536 - 41704, (41704 * 23832) >> 16])


class Parts(unittest.TestCase):
    def test_margins(self):
        plane = Margins(2, 2)
        plane.put(0, [1, 2])
        self.assertEqual(plane.left_of(1), 1)
        plane.put(1, [3, 4])
        expected = [[0, 0, 0, 1, 2, 2, 2], [1, 1, 1, 3, 4, 4, 4], [1, 1, 1, 3, 4, 4, 4]]
        self.assertEqual(plane.padded[3:].tolist(), expected)
        self.assertFalse(plane.padded[:3].any())
        self.assertEqual(plane.at(1, -1, 1).tolist(), [2, 2])

    def test_differences_are_multiplied_out(self):
        plan = Plan(0, references=[(0, AROUND)], fraction=4)
        plan.coefficients = np.arange(1, len(OWN) + len(AROUND) + 1)[None]
        factors = _factors(plan)[0].tolist()
        self.assertEqual(factors[0], 16 + 1 - sum(range(2, 15)))
        self.assertEqual(factors[1:14], list(range(2, 15)))
        self.assertEqual(factors[14], 15 - sum(range(16, 24)))

    def test_residuals_wrap(self):
        self.assertEqual([wrapped(n) for n in (1 << 31, -(1 << 31) - 1, 5)], [-(1 << 31), (1 << 31) - 1, 5])

    def test_residuals_in_the_middle(self):
        # Direct ones have symbol 7 there; where 28 is expected, parts of 0.36, 0.23 … put symbol 1 there.
        draw = WideDraw(Middle())
        residuals = Residuals(draw)
        self.assertEqual(residuals.read_direct(10, 0, None), 0)
        self.assertEqual(residuals.read_folded(28), -2)

    def test_escapes(self):
        draw = WideDraw(Middle())
        residuals = Residuals(draw)
        draw.script = [1, 1, 1, 0, 2]
        self.assertEqual(residuals.escape(), 9)
        draw.script = [1] * 31 + [0x7FFF, 0xFFFF]
        self.assertEqual(residuals.escape(), (1 << 32) - 2)


class Planes(unittest.TestCase):
    def drawn(self, seed, shape=(3, 5, 6)):
        random = Random(seed)
        valid = np.array([random.random() < 0.8 for _ in range(np.prod(shape))]).reshape(shape)
        bounds = [random.choice((0, 1, 1 << random.randrange(31))) for _ in range(shape[0])]
        plans = [(random.randrange(shape[0] - k), random_plan(random, k)) for k in range(shape[0])]
        return valid, bounds, draw_numbers(random, valid, bounds, plans)

    def test_a_constant_plane_takes_no_samples(self):
        stream, found, planes = draw_numbers(Random(0), np.ones((1, 3, 4), bool), [0], [(0, Plan(-7))])
        self.assertTrue((found == -7).all())
        self.assertFalse(planes[0].values.padded.any())
        self.assertEqual(read_numbers(stream, np.zeros((1, 3, 4), bool), [0])[0].any(), False)

    def test_where_nothing_is_left_samples_are_their_base(self):
        plan = Plan(100, 0, 50)
        plan.coefficients, plan.weights = np.zeros((1, len(OWN)), int), np.zeros((1, WEIGHTS), int)
        random = Middle()
        _, found, _ = draw_numbers(random, np.ones((1, 2, 4), bool), [0], [(0, plan)])
        self.assertTrue((found == 100).all())

    def test_drawn_streams_come_back(self):
        for seed in range(40):
            valid, bounds, (stream, found, _) = self.drawn(seed)
            np.testing.assert_array_equal(read_numbers(stream, valid, bounds)[0], found)
            self.assertFalse(found[~valid].any())

    def test_a_date_goes_by_the_planes_of_the_one_before(self):
        random = Random(5)
        valid, bounds, (_, _, earlier) = self.drawn(5)
        plans = [(0, random_plan(random, 3 + k)) for k in range(3)]
        stream, found, left = draw_numbers(random, valid, bounds, plans, earlier)
        again, planes = read_numbers(stream, valid, bounds, earlier)
        np.testing.assert_array_equal(again, found)
        self.assertEqual((len(left), len(planes)), (3, 3))

    def test_damage_is_refused_or_decoded(self):
        refused = tried = 0
        for seed in range(4):
            valid, bounds, (stream, _, _) = self.drawn(seed, (2, 3, 4))
            for bit in range(0, len(stream) * 8, 31):
                damaged = bytearray(stream)
                damaged[bit // 8] ^= 1 << bit % 8
                tried += 1
                try:
                    read_numbers(bytes(damaged), valid, bounds)
                except vqz.Refused:
                    refused += 1
            for length in range(0, len(stream), 13):
                with self.assertRaises(vqz.Refused):
                    read_numbers(stream[:length], valid, bounds)
        # Plain bits are as good as any others.
        self.assertGreater(refused / tried, 0.5)


if __name__ == "__main__":
    unittest.main()
