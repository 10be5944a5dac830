//! Adaptive distributions over 16 symbols. An update takes a few vector operations on 16-bit numbers.

use crate::predict::wide::Wide;

/// The least probability of a symbol, in 65536ths.
const FLOOR: u16 = 10;
/// How many symbols the first guess counts for, and how many symbols a distribution remembers beyond these.
const FIRST: u32 = 12;
const SLOWEST: u16 = 250;

/// Where the 16 symbols begin, in 65536ths: `starts[0]` is 0, each is at least [`FLOOR`] above the one before, and
/// `starts[16]` is 65536, which is 0 in 16 bits.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Nibble {
    starts: [u16; 32],
}

/// A distribution that learns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Learner {
    nibble: Nibble,
    /// Symbols seen, up to [`SLOWEST`].
    seen: u16,
}

/// Where a symbol pulls the starts of all symbols: down to their least value, or up to their largest.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Pull {
    target: [u16; 16],
    /// All bits set where it pulls down.
    down: [u16; 16],
}

/// Where each of the symbols pulls.
///
/// Coders keep a copy in memory. A compiler that sees the constants treats the first one as a special case, and the code
/// then takes twice the time.
#[derive(Clone, Debug)]
pub(crate) struct Pulls([Pull; 16]);

impl Pulls {
    pub(crate) fn new() -> Self {
        Self(PULLS)
    }
}

const PULLS: [Pull; 16] = {
    let mut pulls = [Pull { target: [0; 16], down: [0; 16] }; 16];
    let mut symbol = 0;
    while symbol < 16 {
        let mut i = 0;
        while i < 16 {
            if i <= symbol {
                pulls[symbol].target[i] = FLOOR * i as u16;
                pulls[symbol].down[i] = 0xffff;
            } else {
                pulls[symbol].target[i] = (65_536 - FLOOR as u32 * (16 - i as u32)) as u16;
            }
            i += 1;
        }
        symbol += 1;
    }
    pulls
};

/// By the number of symbols seen: how far a pull goes, in 65536ths of the distance, and what is added to round it.
static RATES: [(u16, u16); SLOWEST as usize + 1] = {
    let mut rates = [(0, 0); SLOWEST as usize + 1];
    let mut i = 0;
    while i <= SLOWEST as usize {
        let rate = 131_072 / (2 * (i as u32 + FIRST) + 3);
        rates[i] = (rate as u16, (32_768 / rate) as u16);
        i += 1;
    }
    rates
};

// A distance and its rounding fit 16 bits: the largest is 65536 - 16 × FLOOR.
const _: () = assert!(RATES[SLOWEST as usize].1 < 16 * FLOOR);

impl Nibble {
    /// A distribution in proportion to `parts`, of at most 65536 each.
    pub(crate) fn new(parts: [u32; 16]) -> Self {
        let sum = parts.iter().map(|p| u64::from(*p)).sum::<u64>().max(1);
        let room = 65_536 - 16 * u64::from(FLOOR);
        let mut before = 0;
        let mut starts = [0; 32];
        for (i, (start, part)) in starts.iter_mut().zip(parts).enumerate() {
            *start = (before * room / sum) as u16 + FLOOR * i as u16;
            before += u64::from(part);
        }
        Self { starts }
    }

    /// Learns a symbol.
    #[inline(always)]
    fn learn(&mut self, pull: &Pull, rate: u16, rounding: u16) {
        let Some(cells) = self.starts.first_chunk_mut::<16>() else { return };
        let mut starts = *cells;
        #[expect(clippy::needless_range_loop, reason = "zipped iterators are not vectorised")]
        for i in 0..16 {
            let (start, down) = (starts[i], pull.down[i]);
            let distance = (pull.target[i].wrapping_sub(start) ^ down).wrapping_sub(down);
            let step = ((u32::from(distance.wrapping_add(rounding)) * u32::from(rate)) >> 16) as u16;
            starts[i] = start.wrapping_add((step ^ down).wrapping_sub(down));
        }
        *cells = starts;
    }
}

impl Learner {
    pub(crate) const fn new(nibble: Nibble) -> Self {
        Self { nibble, seen: 0 }
    }

    /// Codes a symbol, and learns it.
    #[inline(always)]
    pub(crate) fn code<W: Wide>(&mut self, coder: &mut W, symbol: usize, pulls: &Pulls) -> usize {
        let symbol = coder.pick(symbol, &self.nibble.starts) & 15;
        let (rate, rounding) = RATES[usize::from(self.seen.min(SLOWEST))];
        self.seen += u16::from(self.seen < SLOWEST);
        self.nibble.learn(&pulls.0[symbol], rate, rounding);
        symbol
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predict::wide::WideEncoder;

    #[test]
    fn symbols_never_become_impossible() {
        let mut seed = 1u64;
        for run in [1, 7, 100, 5000] {
            let mut learner =
                Learner::new(Nibble::new([65_536, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]));
            let mut encoder = WideEncoder::default();
            for i in 0..40_000 {
                if i % run == 0 {
                    seed =
                        seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                }
                learner.code(&mut encoder, (seed >> 60) as usize, &Pulls::new());
                for j in 0..16 {
                    let room = learner.nibble.starts[j + 1].wrapping_sub(learner.nibble.starts[j]);
                    assert!((FLOOR..65_535).contains(&room), "{j} {room}");
                    assert!(j == 15 || learner.nibble.starts[j + 1] > learner.nibble.starts[j]);
                }
            }
        }
    }
}
