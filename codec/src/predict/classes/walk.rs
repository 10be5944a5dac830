//! The walk over the samples of a tile. It tries for each sample whether it repeats the class of a neighbour, and collects the
//! contexts of these decisions.

use super::canvas::{Canvas, Neighbourhood};
use super::grid::Grid;
use super::model::{INPUTS, Kind, Model};
use crate::entropy::adaptive::Counter;
use crate::entropy::rans::Coder;
use crate::predict::padded::Shape;

/// Bytes of a word of [`Neighbourhood::west`]: columns `x - 1`, `x - 2` and `x - 3`.
const W: u64 = 0xff << 56;
const WW: u64 = W >> 8;
const WWW: u64 = W >> 16;
/// Bytes of a word of [`Neighbourhood::north`] or [`Neighbourhood::north2`]: column `x`, and the columns left and right of it.
const N: u64 = 0xff << 24;
const NW: u64 = N >> 8;
const NWW: u64 = N >> 16;
const NE: u64 = N << 8;
const NEE: u64 = N << 16;
const NEEE: u64 = N << 24;

/// Neighbours that are tried in turn before any other class.
const TRIED: usize = 4;

/// Classes that a sample is known not to have.
#[derive(Clone, Copy, Debug, Default)]
struct Excluded {
    classes: [u8; TRIED],
    count: usize,
}

impl Excluded {
    fn has(&self, class: u8) -> bool {
        self.classes[..self.count].contains(&class)
    }

    fn add(&mut self, class: u8) {
        self.classes[self.count] = class;
        self.count += 1;
    }

    /// How many of the classes from `from` to below `to` remain.
    fn remaining(&self, from: usize, to: usize) -> usize {
        let gone = self.classes[..self.count].iter().filter(|c| (from..to).contains(&usize::from(**c)));
        to.saturating_sub(from) - gone.count()
    }
}

/// Codes the classes of a tile.
struct Walk<'a, C> {
    coder: &'a mut C,
    model: Model,
    /// The counters for samples whose neighbours all have one class.
    uniform: Vec<Counter>,
    /// Distinct classes, at least 2.
    count: usize,
    /// Bits of a class.
    bits: u32,
}

/// Codes `(plane, y, x)` classes, in place: a decoder writes them into `classes`. Classes are below `count`, which is at least
/// 2. Samples that are not `valid` are left alone.
pub(super) fn code<C: Coder>(
    coder: &mut C,
    shape: Shape,
    valid: Option<&[bool]>,
    count: usize,
    grid: Option<Grid>,
    classes: &mut [u8],
) {
    let Shape { planes, height, width } = shape;
    let mut walk = Walk {
        coder,
        model: Model::new(planes * height * width),
        uniform: vec![Counter::new(63_000, 4); 1 << 10],
        count,
        bits: (count - 1).ilog2() + 1,
    };
    let columns: Vec<u8> = (0..width).map(|x| u8::from(grid.is_some_and(|g| g.column(x)))).collect();
    let mut now = Canvas::new(height, width);
    let mut before = (planes > 1).then(|| now.clone());
    for plane in 0..planes {
        let previous = before.as_ref().filter(|_| plane > 0);
        for y in 0..height {
            let row = (plane * height + y) * width..(plane * height + y + 1) * width;
            let phase = u8::from(grid.is_some_and(|g| g.row(y))) << 1;
            let mut west = now.open(y);
            let at = now.at(y, 0);
            let valid = valid.map(|v| &v[row.clone()]);
            for (x, class) in classes[row].iter_mut().enumerate() {
                let at = at + x;
                let neighbourhood = now.neighbourhood(at, west);
                if valid.is_none_or(|v| v[x]) {
                    let cross = previous.map(|p| p.cross(at));
                    *class = walk.sample(*class, neighbourhood, cross, phase | columns[x]);
                }
                let shown =
                    if valid.is_none_or(|v| v[x]) { *class } else { (neighbourhood.west >> 56) as u8 };
                west = west >> 8 | u64::from(shown) << 56;
                if y == 0 { now.set_first(at, shown) } else { now.set(at, shown) }
            }
            now.close(y);
        }
        if let Some(before) = &mut before {
            std::mem::swap(before, &mut now);
            now.clear();
        }
    }
}

impl<C: Coder> Walk<'_, C> {
    /// Codes a sample's class. `cross` holds the classes of the plane before at and around the same place.
    #[inline(always)]
    fn sample(&mut self, class: u8, neighbourhood: Neighbourhood, cross: Option<u64>, phase: u8) -> u8 {
        const ONES: u64 = 0x0101_0101_0101_0101;
        let first = (neighbourhood.west >> 56) as u8;
        let splat = u64::from(first) * ONES;
        let (west, north, north2) =
            (neighbourhood.west ^ splat, neighbourhood.north ^ splat, neighbourhood.north2 ^ splat);
        let mut other = west & (W | WW) | north & (NWW | NW | N | NE | NEE) | north2 & (NW | N | NE);
        let mut context = first;
        if let Some(cross) = cross {
            let here = cross as u8;
            other |= (cross ^ (u64::from(here) * ONES)) & 0xff_ffff_ffff;
            context ^= here.wrapping_mul(151).wrapping_add(77);
        }
        if other != 0 {
            return self.mixed(class, neighbourhood, cross, phase);
        }
        let counter = &mut self.uniform[usize::from(context) << 2 | usize::from(phase)];
        if counter.code(self.coder, class == first, &self.model.tables) {
            return first;
        }
        let mut excluded = Excluded::default();
        excluded.add(first);
        let contexts = contexts(neighbourhood, cross, phase);
        self.tree(class, excluded, &contexts)
    }

    /// Codes a sample whose neighbours differ.
    fn mixed(&mut self, class: u8, neighbourhood: Neighbourhood, cross: Option<u64>, phase: u8) -> u8 {
        let contexts = contexts(neighbourhood, cross, phase);
        let w = (neighbourhood.west >> 56) as u8;
        let [_, _, nw, n, ne, ..] = neighbourhood.north.to_le_bytes();
        let further = match cross.map(u64::to_le_bytes) {
            None => [w == (neighbourhood.west >> 48) as u8, n == (neighbourhood.north2 >> 24) as u8, false],
            Some([here, west, _, north, ..]) => [here == west, here == north, true],
        };
        let alike = [w == n, n == nw, n == ne, w == nw].into_iter().chain(further);
        let alike = alike.fold(0, |sum, b| sum << 1 | usize::from(b));
        let neighbours = if n == ne { [n, w, ne, nw] } else { [w, n, ne, nw] };
        let mut excluded = Excluded::default();
        for neighbour in neighbours {
            if excluded.has(neighbour) {
                continue;
            }
            if excluded.count + 1 == self.count {
                // All others are excluded.
                return neighbour;
            }
            let kind = [Kind::First, Kind::Second, Kind::Later][excluded.count.min(2)];
            let set = (kind as usize) << 7 | alike;
            let same =
                self.model.decide(self.coder, class == neighbour, kind, u32::from(neighbour), &contexts, set);
            if same {
                return neighbour;
            }
            excluded.add(neighbour);
        }
        self.tree(class, excluded, &contexts)
    }

    /// Codes a class that is none of the excluded, bit by bit from the highest.
    fn tree(&mut self, class: u8, excluded: Excluded, contexts: &[u64; INPUTS]) -> u8 {
        let mut from = 0usize;
        for level in (0..self.bits).rev() {
            let middle = from + (1 << level);
            let end = (middle + (1 << level)).min(self.count);
            let low = excluded.remaining(from, middle.min(self.count)) > 0;
            let high = excluded.remaining(middle.min(end), end) > 0;
            let bit = if low && high {
                let node = (middle >> level | 1 << (self.bits - level)) as u32;
                let bit = class >> level & 1 == 1;
                let set = 3 << 7 | level as usize;
                self.model.decide(self.coder, bit, Kind::Tree, node, contexts, set)
            } else {
                high
            };
            if bit {
                from = middle;
            }
        }
        from as u8
    }
}

/// The contexts of a sample, as hashes of the classes around it.
#[inline(always)]
fn contexts(neighbourhood: Neighbourhood, cross: Option<u64>, phase: u8) -> [u64; INPUTS] {
    let hash = |number: u64, west: u64, north: u64, north2: u64, more: u64| {
        let sum = ((neighbourhood.west & west) >> 32)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add((neighbourhood.north & north).wrapping_mul(0xC2B2_AE3D_27D4_EB4F))
            .wrapping_add((neighbourhood.north2 & north2).wrapping_mul(0x1656_67B1_9E37_79F9))
            .wrapping_add((more << 8 | number << 4 | u64::from(phase)).wrapping_mul(0x2545_F491_4F6C_DD1D));
        (sum ^ sum >> 32).wrapping_mul(0xFF51_AFD7_ED55_8CCD)
    };
    let (third, last) = match cross {
        None => (hash(3, W, N, 0, 0), hash(5, W | WW | WWW, N | NW | NWW, 0, 0)),
        Some(cross) => (hash(3, W, N, 0, cross & 0xff00_ffff), hash(5, 0, 0, 0, cross & 0xff)),
    };
    [
        hash(0, W, NW | N | NE, 0, 0),
        hash(1, W, N | NE | NEE | NEEE, 0, 0),
        hash(2, W | WW, NW | N | NE | NEE, N | NE, 0),
        third,
        hash(4, 0, 0, 0, 0),
        last,
    ]
}
