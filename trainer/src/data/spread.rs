//! A bounded look at the data: windows spread evenly over blocks, for statistics of the bands and for the linear fit.
//!
//! The choice of windows depends on the blocks and the bound alone, not on a seed.

use crate::data::block::Block;
use crate::data::error::{DataError, Result};
use crate::data::piece::Piece;
use crate::data::source::Source;
use std::ops::Range;

/// The side of a window of [`statistics`], in pixels.
const SIDE: usize = 256;

/// The valid samples of a band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandStatistics {
    /// How many were examined.
    pub count: u64,
    /// Their mean, in data units.
    pub mean: f64,
    /// Their standard deviation.
    pub deviation: f64,
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
}

/// A part of an image, in the layout that `vqz_codec::fit::Image` has.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `(band, y, x)`, data units; NaN where not valid.
    pub samples: Vec<f32>,
}

/// Statistics of each band over at most `max_samples` samples of these blocks.
///
/// # Errors
/// [`DataError::Empty`] when a band has no valid sample there; those of reading.
pub fn statistics(source: &Source, blocks: &[Block], max_samples: u64) -> Result<Vec<BandStatistics>> {
    let mut bands = vec![Moments::default(); source.bands()];
    let whole = visit_windows(source, blocks, max_samples, SIDE, |piece, image, rows, columns| {
        for (band, moments) in bands.iter_mut().enumerate() {
            let values =
                || values(piece, image, band, &rows, &columns).filter(|v| !v.is_nan()).map(f64::from);
            moments.merge(&Moments::of(values));
        }
    })?;
    let names = source.band_names();
    let finish = |(number, moments): (usize, &Moments)| {
        if moments.count == 0 {
            let name = names.as_ref().and_then(|names| names.get(number).cloned());
            return Err(DataError::Empty(format!(
                "band {} has no valid sample{}",
                name.unwrap_or_else(|| number.to_string()),
                advice(whole, max_samples, ", leave the band out with data.bands")
            )));
        }
        Ok(BandStatistics {
            count: moments.count,
            mean: moments.mean,
            deviation: (moments.squares / moments.count as f64).sqrt(),
            minimum: moments.minimum,
            maximum: moments.maximum,
        })
    };
    bands.iter().enumerate().map(finish).collect()
}

/// Windows of at most `side` rows and columns, at most `max_samples` samples together; one at least. Windows without a
/// single valid sample are left out.
///
/// # Errors
/// [`DataError::Empty`] when no window has a valid sample; those of reading.
pub fn windows(source: &Source, blocks: &[Block], max_samples: u64, side: usize) -> Result<Vec<Window>> {
    let mut windows = Vec::new();
    let whole = visit_windows(source, blocks, max_samples, side, |piece, image, rows, columns| {
        let samples: Vec<f32> =
            (0..piece.bands).flat_map(|band| values(piece, image, band, &rows, &columns)).collect();
        if samples.iter().any(|v| !v.is_nan()) {
            windows.push(Window { height: rows.len(), width: columns.len(), samples });
        }
    })?;
    if windows.is_empty() {
        return Err(DataError::Empty(format!("no sample is valid{}", advice(whole, max_samples, ""))));
    }
    Ok(windows)
}

/// Advice if no valid sample was found. To examine more samples helps only if not all were examined.
fn advice(whole: bool, max_samples: u64, also: &str) -> String {
    if whole {
        format!("; check data.nodata and the array{also}")
    } else {
        format!(
            " among the {max_samples} that were examined; check data.nodata{also}, or examine more with data.max_samples"
        )
    }
}

/// The samples of a band in a window, row by row; NaN where not valid.
fn values<'a>(
    piece: &'a Piece,
    image: usize,
    band: usize,
    rows: &'a Range<usize>,
    columns: &'a Range<usize>,
) -> impl Iterator<Item = f32> + 'a {
    rows.clone().flat_map(move |y| {
        let start = ((image * piece.bands + band) * piece.height + y) * piece.width;
        columns.clone().map(move |x| {
            let valid = piece.valid.as_ref().is_none_or(|valid| valid[start + x] != 0);
            if valid { piece.samples[start + x] } else { f32::NAN }
        })
    })
}

/// Calls `see` with an even selection of windows, block by block. Returns whether these were all windows.
fn visit_windows(
    source: &Source,
    blocks: &[Block],
    max_samples: u64,
    side: usize,
    mut see: impl FnMut(&Piece, usize, Range<usize>, Range<usize>),
) -> Result<bool> {
    let side = side.max(1);
    if blocks.is_empty() {
        return Err(DataError::Empty("there are no chunks to examine; ask for less validation".to_owned()));
    }
    let available: u64 = blocks.iter().map(|block| source.samples(block)).sum();
    let fraction = (max_samples as f64 / available.max(1) as f64).min(1.0);
    let mut due = if fraction < 1.0 { 0.5 } else { 0.0 };
    let mut taken = 0;
    for block in blocks {
        let raster = &source.rasters()[block.raster];
        let region = source.region(block);
        let extent = |d: usize| (region[d].end - region[d].start) as usize;
        let (height, width) = (extent(raster.y()), extent(raster.x()));
        let area = (height * width * source.bands()) as u64;
        let images = source.samples(block).checked_div(area).unwrap_or_default() as usize;
        let mut chosen = Vec::new();
        for image in 0..images {
            for y in (0..height).step_by(side) {
                for x in (0..width).step_by(side) {
                    due += fraction;
                    if due < 1.0 {
                        continue;
                    }
                    due -= 1.0;
                    let (rows, columns) = (y..(y + side).min(height), x..(x + side).min(width));
                    let samples = (rows.len() * columns.len() * source.bands()) as u64;
                    // Windows differ in size, so the fraction alone is no bound.
                    if taken + samples <= max_samples {
                        taken += samples;
                        chosen.push((image, rows, columns));
                    }
                }
            }
        }
        if !chosen.is_empty() {
            let piece = source.read(block)?;
            chosen.into_iter().for_each(|(image, rows, columns)| see(&piece, image, rows, columns));
        }
    }
    if taken == 0
        && let Some(block) = blocks.first()
    {
        let piece = source.read(block)?;
        see(&piece, 0, 0..piece.height.min(side), 0..piece.width.min(side));
    }
    Ok(taken >= available)
}

/// Count, mean and sum of squared deviations, merged as by Chan, Golub and LeVeque (1979).
#[derive(Clone, Copy, Debug)]
struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
    minimum: f64,
    maximum: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { count: 0, mean: 0.0, squares: 0.0, minimum: f64::INFINITY, maximum: f64::NEG_INFINITY }
    }
}

impl Moments {
    fn of<I: Iterator<Item = f64>>(values: impl Fn() -> I) -> Self {
        let mut moments = Self::default();
        let mut sum = 0.0;
        for v in values() {
            moments.count += 1;
            sum += v;
            moments.minimum = moments.minimum.min(v);
            moments.maximum = moments.maximum.max(v);
        }
        moments.mean = sum / moments.count.max(1) as f64;
        moments.squares = values().map(|v| (v - moments.mean).powi(2)).sum();
        moments
    }

    fn merge(&mut self, other: &Self) {
        let count = self.count + other.count;
        if other.count == 0 {
            return;
        }
        let (a, b, all) = (self.count as f64, other.count as f64, count as f64);
        let step = other.mean - self.mean;
        self.mean += step * b / all;
        self.squares += other.squares + step * step * a * b / all;
        self.count = count;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
    }
}
