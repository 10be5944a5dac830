//! The pixels of a grid that several files cover.

use std::ops::Range;

/// How many pixels lie in two rectangles or more, each given by its rows and columns.
pub(crate) fn doubly_covered(parts: &[[Range<usize>; 2]]) -> u64 {
    if parts.len() < 2 {
        return 0;
    }
    // Between two neighbouring edges, all rows are covered alike.
    let mut edges: Vec<usize> = parts.iter().flat_map(|[rows, _]| [rows.start, rows.end]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut order: Vec<&[Range<usize>; 2]> = parts.iter().collect();
    order.sort_by_key(|[rows, _]| rows.start);
    let (mut next, mut covering) = (0, Vec::new());
    let mut pixels = 0;
    for pair in edges.windows(2) {
        while next < order.len() && order[next][0].start <= pair[0] {
            covering.push(order[next]);
            next += 1;
        }
        covering.retain(|[rows, _]| rows.end > pair[0]);
        pixels += (pair[1] - pair[0]) as u64 * doubly_covered_columns(&covering);
    }
    pixels
}

/// How many columns lie in the columns of two rectangles or more.
fn doubly_covered_columns(parts: &[&[Range<usize>; 2]]) -> u64 {
    let mut edges: Vec<(usize, i64)> =
        parts.iter().flat_map(|[_, columns]| [(columns.start, 1), (columns.end, -1)]).collect();
    edges.sort_unstable();
    let (mut depth, mut columns) = (0, 0);
    for pair in edges.windows(2) {
        depth += pair[0].1;
        if depth > 1 {
            columns += (pair[1].0 - pair[0].0) as u64;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_of_several_files_are_counted_once() {
        let part = |y: Range<usize>, x: Range<usize>| [y, x];
        assert_eq!(doubly_covered(&[part(0..10, 0..10)]), 0);
        assert_eq!(doubly_covered(&[part(0..10, 0..10), part(0..10, 10..20)]), 0);
        assert_eq!(doubly_covered(&[part(0..10, 0..10), part(8..12, 7..20)]), 6);
        let same = part(2..5, 1..3);
        assert_eq!(doubly_covered(&[same.clone(), same.clone(), same]), 6);
        // Counted cell by cell, as a slow oracle.
        let mut state = 7u64;
        let mut random = |most: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) % most) as usize
        };
        for _ in 0..50 {
            let parts: Vec<[Range<usize>; 2]> = (0..6)
                .map(|_| {
                    let (y, x) = (random(12), random(12));
                    part(y..y + random(8), x..x + random(8))
                })
                .collect();
            let covered = |y: usize, x: usize| {
                parts.iter().filter(|[rows, columns]| rows.contains(&y) && columns.contains(&x)).count()
            };
            let expected = (0..400).filter(|at| covered(at / 20, at % 20) > 1).count();
            assert_eq!(doubly_covered(&parts), expected as u64, "{parts:?}");
        }
    }
}
