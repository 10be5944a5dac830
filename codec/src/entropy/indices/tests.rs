//! The coder against a list of decisions written from the specification, round trips, and streams that were cut.

use super::*;
use crate::entropy::adaptive::Counter;
use proptest::prelude::*;

type Decision = ([usize; 3], [usize; 3], bool);

#[derive(Default)]
struct Log(Vec<Decision>);

impl IndexObserver for Log {
    fn decision(&mut self, tables: [usize; 3], slots: [usize; 3], bit: bool) {
        self.0.push((tables, slots, bit));
    }
}

struct Tile {
    shape: IndexShape,
    rows: usize,
    columns: usize,
    codes: Vec<Vec<i32>>,
    empty: Vec<bool>,
}

fn noise(seed: &mut u64, end: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize % end
}

/// Valid codes that often equal those of the patch before.
fn tile(shape: IndexShape, rows: usize, columns: usize, mut seed: u64) -> Tile {
    let mut codes: Vec<Vec<i32>> = Vec::new();
    let mut empty = Vec::new();
    for at in 0..rows * columns {
        let fresh = noise(&mut seed, 3) == 0 || at == 0;
        let mut patch = if fresh { vec![0; shape.planes()] } else { codes[at - 1].clone() };
        if fresh {
            for group in 0..shape.groups {
                let depth = if shape.optional { noise(&mut seed, shape.stages + 1) } else { 1 };
                let first = usize::from(shape.optional);
                for stage in 0..depth {
                    patch[stage * shape.groups + group] =
                        (first + noise(&mut seed, shape.size - first)) as i32;
                }
            }
        }
        empty.push(noise(&mut seed, 5) == 0);
        codes.push(if empty[at] { vec![0; shape.planes()] } else { patch });
    }
    Tile { shape, rows, columns, codes, empty }
}

/// The decisions of a tile, by the text of the specification: slow and obvious.
fn decisions(tile: &Tile) -> Vec<Decision> {
    let IndexShape { groups, stages, size, optional } = tile.shape;
    let levels = (0..).find(|levels| 1 << levels >= size).unwrap();
    // What each patch shows: for each plane its index, or none.
    let mut shown: Vec<Vec<Option<usize>>> = Vec::new();
    let mut out = Vec::new();
    for at in 0..tile.rows * tile.columns {
        let (y, x) = (at / tile.columns, at % tile.columns);
        let (w, n, nw) =
            (at.wrapping_sub(1), at.wrapping_sub(tile.columns), at.wrapping_sub(tile.columns + 1));
        let ne = if x + 1 < tile.columns { n.wrapping_add(1) } else { n };
        let neighbours = match (y, x) {
            (0, 0) => None,
            (0, _) => Some([w, w, w, w]),
            (_, 0) => Some([n, n, n, ne]),
            _ => Some([w, n, nw, ne]),
        };
        if tile.empty[at] {
            shown.push(neighbours.map_or(vec![None; groups * stages], |a| shown[a[0]].clone()));
            continue;
        }
        let index = |patch: usize, plane: usize| shown[patch][plane];
        let depth = |patch: usize, group: usize| {
            (0..stages).filter(|s| index(patch, s * groups + group).is_some()).count()
        };
        let code = |stage: usize, group: usize| tile.codes[at][stage * groups + group] as usize;
        let used = |stage: usize, group: usize| !optional || code(stage, group) != 0;
        for stage in 0..stages {
            for group in 0..groups {
                if stage > 0 && !used(stage - 1, group) {
                    continue;
                }
                let plane = stage * groups + group;
                if optional {
                    let depths = neighbours.map_or([0; 4], |a| a.map(|patch| depth(patch, group)));
                    let bits = depths.map(|d| usize::from(d > stage));
                    let before = (0..group).filter(|g| used(stage, *g)).count();
                    let others = match before {
                        _ if group == 0 => 0,
                        0 => 1,
                        _ if before < group => 2,
                        _ => 3,
                    };
                    let sum = (2 * depths[0] + 2 * depths[1] + depths[2] + depths[3]).min(63);
                    let deeper = bits[0] * 8 + bits[1] * 4 + bits[2] * 2 + bits[3];
                    let slots = [plane, plane * 16 + deeper, (stage * 64 + sum) * 4 + others];
                    out.push(([0, 1, 2], slots, used(stage, group)));
                    if !used(stage, group) {
                        continue;
                    }
                }
                let beside = neighbours.map_or([None; 4], |a| a.map(|patch| index(patch, plane)));
                let before = if stage > 0 { Some(code(stage - 1, group)) } else { beside[0] };
                let binary = |index: usize| format!("{index:0levels$b}");
                let own = binary(code(stage, group));
                for level in 0..levels {
                    let prefix = &own[..level];
                    let entries = |bit: &str| {
                        let first = usize::from(optional);
                        (first..size).filter(|i| binary(*i).starts_with(&format!("{prefix}{bit}"))).count()
                    };
                    if entries("0") == 0 || entries("1") == 0 {
                        continue;
                    }
                    let says = beside.iter().fold(0, |says, index| {
                        let path = index.map(binary).filter(|path| path.starts_with(prefix));
                        says * 3 + path.map_or(0, |path| 1 + usize::from(path.as_bytes()[level] == b'1'))
                    });
                    let node = usize::from_str_radix(&format!("1{prefix}"), 2).unwrap();
                    let slot = if level < 5 { node } else { 32 + level };
                    let high =
                        before.map_or(8, |index| if levels > 3 { index >> (levels - 3) } else { index });
                    let slots = [
                        plane * (1 << levels) + node,
                        (plane * levels + level) * 81 + says,
                        (plane * (32 + levels) + slot) * 9 + high,
                    ];
                    out.push(([3, 4, 5], slots, own.as_bytes()[level] == b'1'));
                }
            }
        }
        let show =
            |plane: usize| used(plane / groups, plane % groups).then(|| code(plane / groups, plane % groups));
        shown.push((0..groups * stages).map(show).collect());
    }
    out
}

/// Statistics of noise.
fn statistics(shape: &IndexShape, mut seed: u64) -> IndexStatistics {
    let mut out = IndexStatistics::unfitted(shape);
    for counter in out.counters.iter_mut().flatten() {
        *counter = Counter::new(noise(&mut seed, 65_536) as u16, noise(&mut seed, 31) as u8);
    }
    for weight in out.used_weights.iter_mut().chain(&mut out.index_weights).flatten() {
        *weight = noise(&mut seed, 1 << 19) as i32 - (1 << 18);
    }
    out
}

fn encode(tile: &Tile, start: &IndexStatistics) -> (Vec<u8>, Vec<Decision>) {
    let mut coder = IndexCoder::encoder(tile.shape, start, tile.columns);
    let mut log = Log::default();
    for (codes, empty) in tile.codes.iter().zip(&tile.empty) {
        coder.patch(&mut codes.clone(), *empty, &mut log);
    }
    (coder.finish(), log.0)
}

fn decode(tile: &Tile, start: &IndexStatistics, stream: &[u8]) -> Result<Vec<Vec<i32>>> {
    let mut coder = IndexCoder::decoder(tile.shape, start, tile.columns, stream)?;
    let mut out = Vec::new();
    for empty in &tile.empty {
        let mut codes = vec![0; tile.shape.planes()];
        coder.patch(&mut codes, *empty, &mut ());
        out.push(codes);
    }
    coder.finish()?;
    Ok(out)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn the_decisions_are_those_of_the_specification(
        optional in any::<bool>(),
        groups in 1usize..4,
        stages in 1usize..5,
        size in 2usize..140,
        rows in 1usize..7,
        columns in 1usize..7,
        seed in any::<u64>(),
    ) {
        let stages = if optional { stages } else { 1 };
        let shape = IndexShape { groups, stages, size, optional };
        let tile = tile(shape, rows, columns, seed);
        let start = statistics(&shape, seed ^ 7);
        let (stream, found) = encode(&tile, &start);
        prop_assert_eq!(found, decisions(&tile));
        prop_assert_eq!(&decode(&tile, &start, &stream).unwrap(), &tile.codes);
    }
}

#[test]
fn streams_that_were_cut_or_damaged_decode_to_valid_indices_or_an_error() {
    let shape = IndexShape { groups: 2, stages: 3, size: 37, optional: true };
    let tile = tile(shape, 5, 6, 11);
    let start = statistics(&shape, 12);
    let (stream, _) = encode(&tile, &start);
    for length in 0..stream.len() {
        assert!(decode(&tile, &start, &stream[..length]).is_err(), "{length} of {} bytes", stream.len());
    }
    for bit in 0..stream.len() * 8 {
        let mut stream = stream.clone();
        stream[bit / 8] ^= 1 << (bit % 8);
        for codes in decode(&tile, &start, &stream).into_iter().flatten() {
            assert!(codes.iter().all(|code| (0..37).contains(code)));
            assert!((2..6).all(|plane| codes[plane] == 0 || codes[plane - 2] != 0));
        }
    }
}

#[test]
fn rates_are_those_of_a_complete_code() {
    for (size, optional) in [(2, false), (2, true), (37, true), (64, false)] {
        let shape = IndexShape { groups: 1, stages: 2, size, optional };
        let mut statistics = IndexStatistics::unfitted(&shape);
        let mut seed = 5;
        for counter in statistics.counters.iter_mut().flatten() {
            *counter = Counter::new(4000 + noise(&mut seed, 57_000) as u16, 4);
        }
        let (entries, used) = statistics.rates(&shape);
        for (entries, used) in entries.chunks(size).zip(used) {
            let first = usize::from(optional);
            let sum: f64 = entries[first..].iter().map(|bits| f64::from(-bits).exp2()).sum();
            assert!((sum - 1.0).abs() < 1e-4, "{size}: probabilities of entries sum to {sum}");
            let sum: f64 = used.iter().map(|bits| f64::from(-bits).exp2()).sum();
            assert!(!optional || (sum - 1.0).abs() < 1e-4, "probabilities of a flag sum to {sum}");
        }
    }
}
