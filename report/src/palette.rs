//! Colours for series in charts, for values in pictures, and for classes.

/// Colours for errors and rates from 0 to the largest, evenly spaced. They run from dark to bright, so that they can
/// also be told apart in grey (matplotlib's "inferno").
pub const INTENSITY: [[u8; 3]; 8] =
    rgb([0x000004, 0x280b54, 0x65156e, 0x9f2a63, 0xd44842, 0xf57d15, 0xfac127, 0xfcffa4]);

/// Colours for heights from low to high, as on a map.
pub const HEIGHTS: [[u8; 3]; 7] = rgb([0x46785f, 0x84a670, 0xcdcb8e, 0xd6b27a, 0xb08664, 0xbeaca0, 0xfafafa]);

/// Colours from their red, green and blue in hexadecimal.
const fn rgb<const N: usize>(hexadecimal: [u32; N]) -> [[u8; 3]; N] {
    let mut colours = [[0; 3]; N];
    let mut i = 0;
    while i < N {
        let [_, r, g, b] = hexadecimal[i].to_be_bytes();
        colours[i] = [r, g, b];
        i += 1;
    }
    colours
}

/// Black to white.
pub const GREY: [[u8; 3]; 2] = [[0; 3], [255; 3]];

/// Colours that are easy to tell apart, for classes that have none of their own.
const DISTINCT: [[u8; 3]; 20] = rgb([
    0x4e79a7, 0xedc948, 0x76b7b2, 0x59a14f, 0x9c755f, 0xf28e2b, 0xb07aa1, 0xbab0ac, 0xff9da7, 0xe15759,
    0x1f5078, 0xa3580f, 0x2c682c, 0x8c2332, 0x287876, 0xa08214, 0x6e3c6e, 0xc86478, 0x5a3c28, 0x6e6964,
]);

/// The colour of class number `index`, for classes that have none of their own; the colours recur after 20 classes.
pub fn distinct(index: usize) -> [u8; 3] {
    DISTINCT[index % DISTINCT.len()]
}

/// The colour at a position from 0 to 1 between evenly spaced `stops`, of which there is at least one.
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

/// The colour of series `index` of `count` in CSS: one of eight distinct colours, or a position on a colour ramp if
/// there are more series.
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
