//! The probabilities of decisions. Each context looks up what followed it before and gives a probability; these are mixed.
//!
//! Each context has a slot with one byte, its *history*, which counts the zeros and ones that followed it lately. The
//! probability that goes with each history is learnt for all slots together (indirect context modelling, after M. Mahoney's
//! PAQ6).

use crate::entropy::adaptive::{Counter, Tables, mix};
use crate::entropy::rans::Coder;
use std::sync::LazyLock;

/// The number of contexts whose probabilities are mixed.
pub(super) const INPUTS: usize = 6;
/// The number of sets of mixing weights.
pub(super) const SETS: usize = 3 * 128 + 8;
/// The base-2 logarithm of the number of slots of a context.
const SLOT_BITS: std::ops::RangeInclusive<u32> = 10..=16;
/// The most zeros or ones that a history counts.
const MAX_COUNT: u8 = 15;
/// Zeros above this number are forgotten when a one comes, and ones when a zero comes.
const KEPT: u8 = 3;
/// The first value of all mixing weights, in 65536ths.
const WEIGHT: i32 = 12_000;
/// The count with which the counters of histories start.
const START_COUNT: u8 = 30;

/// What is decided. The numbers are part of the format.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Whether the class is the first of the neighbours.
    First = 0,
    /// Whether it is the second.
    Second = 1,
    /// Whether it is the third or the fourth.
    Later = 2,
    /// A bit of a class that is no neighbour's.
    Tree = 3,
}

/// How many zeros and ones each kind of decision counts as already seen, in hundredths.
const SEEN: [(u32, u32); 4] = [(50, 50), (10, 30), (20, 20), (10, 10)];

/// The histories after a zero and after a one; a history is its zeros times 16 plus its ones.
static NEXT: [[u8; 256]; 2] = {
    let mut next = [[0; 256]; 2];
    let mut history = 0;
    while history < 256 {
        let (zeros, ones) = (history as u8 >> 4, history as u8 & 15);
        next[0][history] = more(zeros) << 4 | fewer(ones);
        next[1][history] = fewer(zeros) << 4 | more(ones);
        history += 1;
    }
    next
};

const fn more(count: u8) -> u8 {
    if count < MAX_COUNT { count + 1 } else { MAX_COUNT }
}

const fn fewer(count: u8) -> u8 {
    if count > KEPT { (count + KEPT) / 2 } else { count }
}

type Map = [Counter; 4 * 256];

/// The counters with which each kind and history start.
static MAP: LazyLock<Map> = LazyLock::new(|| {
    std::array::from_fn(|i| {
        let (zeros, ones) = (i as u32 >> 4 & 15, i as u32 & 15);
        let (zero, one) = SEEN[i >> 8];
        let p1 = (100 * ones + one) * 65_536 / (100 * (zeros + ones) + zero + one);
        Counter::new(p1 as u16, START_COUNT)
    })
});

/// Histories, counters and weights of a tile.
#[derive(Debug)]
pub(super) struct Model {
    histories: [Vec<u8>; INPUTS],
    maps: Box<[Map; INPUTS]>,
    weights: Vec<[i32; INPUTS]>,
    shift: u32,
    pub(super) tables: Tables,
}

impl Model {
    /// A model for a tile with this number of samples.
    pub(super) fn new(samples: usize) -> Self {
        let bits = samples.max(1).ilog2().clamp(*SLOT_BITS.start(), *SLOT_BITS.end());
        Self {
            histories: std::array::from_fn(|_| vec![0; 1 << bits]),
            maps: Box::new([*MAP; INPUTS]),
            weights: vec![[WEIGHT; INPUTS]; SETS],
            shift: u64::BITS - bits,
            tables: Tables::get(),
        }
    }

    /// Codes a decision about `what` (a class, or a node of the tree) in its contexts, with a set of weights.
    #[inline(always)]
    pub(super) fn decide<C: Coder>(
        &mut self,
        coder: &mut C,
        bit: bool,
        kind: Kind,
        what: u32,
        contexts: &[u64; INPUTS],
        set: usize,
    ) -> bool {
        let what = u64::from(what) << 2 | kind as u64;
        let what = what.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let slots: [usize; INPUTS] = std::array::from_fn(|i| {
            ((contexts[i] ^ what).wrapping_mul(0xD6E8_FEB8_6659_FD93) >> self.shift) as usize
        });
        let mut i = 0;
        let counters = self.maps.each_mut().map(|map| {
            let history = self.histories[i][slots[i]];
            i += 1;
            &mut map[(kind as usize) << 8 | usize::from(history)]
        });
        let bit = mix(coder, bit, counters, &mut self.weights[set], &self.tables);
        for (histories, slot) in self.histories.iter_mut().zip(slots) {
            histories[slot] = NEXT[usize::from(bit)][usize::from(histories[slot])];
        }
        bit
    }
}
