//! Colours: of series in charts, of values in pictures, and of classes.

/// Colours of errors and rates from nothing to the most, evenly spaced: dark to bright, so that they can be told apart in grey
/// too (matplotlib's "inferno").
pub const INTENSITY: [[u8; 3]; 8] = [
    [0, 0, 4],
    [40, 11, 84],
    [101, 21, 110],
    [159, 42, 99],
    [212, 72, 66],
    [245, 125, 21],
    [250, 193, 39],
    [252, 255, 164],
];

/// Heights from low to high, as on a map.
pub const HEIGHTS: [[u8; 3]; 7] = [
    [70, 120, 95],
    [132, 166, 112],
    [205, 203, 142],
    [214, 178, 122],
    [176, 134, 100],
    [190, 172, 160],
    [250, 250, 250],
];

/// Black to white.
pub const GREY: [[u8; 3]; 2] = [[0; 3], [255; 3]];

/// Colours that are easy to tell apart, for classes that have none of their own.
const DISTINCT: [[u8; 3]; 20] = [
    [78, 121, 167],
    [237, 201, 72],
    [118, 183, 178],
    [89, 161, 79],
    [156, 117, 95],
    [242, 142, 43],
    [176, 122, 161],
    [186, 176, 172],
    [255, 157, 167],
    [225, 87, 89],
    [31, 80, 120],
    [163, 88, 15],
    [44, 104, 44],
    [140, 35, 50],
    [40, 120, 118],
    [160, 130, 20],
    [110, 60, 110],
    [200, 100, 120],
    [90, 60, 40],
    [110, 105, 100],
];

/// The colour of class number `index`, for classes that have none of their own; the colours recur after 20 classes.
pub fn distinct(index: usize) -> [u8; 3] {
    DISTINCT[index % DISTINCT.len()]
}

/// A colour between evenly spaced `stops`, of which there is at least one, at a place from 0 to 1.
pub fn mix(stops: &[[u8; 3]], place: f64) -> [u8; 3] {
    let place = place.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let below = (place as usize).min(stops.len().saturating_sub(2));
    let above = (below + 1).min(stops.len() - 1);
    [0, 1, 2].map(|c: usize| {
        let (low, high) = (f64::from(stops[below][c]), f64::from(stops[above][c]));
        (low + (high - low) * (place - below as f64)).round() as u8
    })
}

/// A colour in CSS.
pub(crate) fn css([r, g, b]: [u8; 3]) -> String {
    format!("rgb({r} {g} {b})")
}

/// The colour of series `index` of `count` in CSS: one of eight distinct ones, or a place on a ramp where there are more.
pub(crate) fn series(index: usize, count: usize) -> String {
    if count <= 8 {
        format!("var(--c{})", index.min(7))
    } else {
        format!("hsl({:.0} 50% var(--ramp))", 30.0 + 270.0 * index as f64 / (count - 1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_lie_between_their_stops() {
        assert_eq!(mix(&[[0, 0, 0], [100, 200, 50]], 0.5), [50, 100, 25]);
        assert_eq!(mix(&HEIGHTS, 9.0), HEIGHTS[6]);
        assert_eq!(mix(&[[1, 2, 3]], 0.3), [1, 2, 3]);
        assert_eq!(distinct(21), DISTINCT[1]);
    }

    #[test]
    fn many_series_make_a_ramp() {
        assert_eq!(series(2, 3), "var(--c2)");
        assert_eq!([series(0, 10), series(9, 10)], ["hsl(30 50% var(--ramp))", "hsl(300 50% var(--ramp))"]);
    }
}
