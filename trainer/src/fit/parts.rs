//! Parts of the training windows, where all of them would be too many samples.

use crate::data::Window;

/// Takes a part of every window, with about this many samples in total, so that all of the data are represented.
pub(super) fn parts(windows: &[Window], at_most: usize) -> Vec<Window> {
    /// Parts are multiples of this, so that patches of all sizes are whole.
    const UNIT: usize = 32;
    let bands = windows.first().map_or(1, |w| w.samples.len() / (w.height * w.width).max(1)).max(1);
    let side = (at_most as f64 / (windows.len().max(1) * bands) as f64).sqrt() as usize;
    let side = (side / UNIT * UNIT).max(2 * UNIT);
    // If even the smallest parts are too many samples, some windows are left out.
    let keep = (windows.len() * bands * side * side).div_ceil(at_most.max(1)).max(1);
    windows.iter().step_by(keep).map(|window| part(window, bands, side)).collect()
}

/// The middle of a window.
fn part(window: &Window, bands: usize, side: usize) -> Window {
    let (height, width) = (side.min(window.height), side.min(window.width));
    let (top, left) = ((window.height - height) / 2, (window.width - width) / 2);
    let rows =
        (0..bands).flat_map(|band| (0..height).map(move |y| (band * window.height + top + y) * window.width));
    let samples =
        rows.flat_map(|row| window.samples[row + left..row + left + width].iter().copied()).collect();
    Window { height, width, samples }
}
