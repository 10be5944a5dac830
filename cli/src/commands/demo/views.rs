//! Chooses what the report's pictures show of a raster: which bands, which dates, and which crop.

use anyhow::Result;
use std::ops::Range;
use vqz_archive::metrics::{ErrorSum, read_block};
use vqz_archive::raster::{Mask, Region};
use vqz_archive::{Raster, RasterInfo};
use vqz_codec::axes::Role;
use vqz_codec::bands::natural_colour;
use vqz_report::{Planes, scale};

/// The largest side of a picture, in pixels.
const PICTURE: u64 = 1024;

/// The bands and the window that pictures show.
pub(super) struct View {
    bands: [u64; 3],
    /// Their names.
    pub(super) names: String,
    /// Whether they are red, green and blue.
    pub(super) true_colour: bool,
    height: u64,
    width: u64,
    /// The number of dates, at least 1.
    pub(super) dates: u64,
}

impl View {
    /// True colour if the names of the bands show which they are, otherwise the first three bands.
    pub(super) fn new(info: &RasterInfo) -> Self {
        let names = info.band_names().unwrap_or_default();
        let last = info.bands().saturating_sub(1);
        let found = natural_colour(&names).map(|bands| bands.map(|band| band as u64));
        let bands = found.unwrap_or([0, 1.min(last), 2.min(last)]);
        let name = |i: u64| names.get(i as usize).cloned().unwrap_or_else(|| format!("band {i}"));
        let mut named = bands.map(name).to_vec();
        named.dedup();
        Self {
            bands,
            names: named.join(", "),
            true_colour: found.is_some(),
            height: info.extent(&Role::Y).min(PICTURE),
            width: info.extent(&Role::X).min(PICTURE),
            dates: info.extent(&Role::Time),
        }
    }

    /// The planes of one date, at the first step of any other dimension.
    pub(super) fn planes(&self, raster: &dyn Raster, date: u64) -> Result<Planes> {
        let info = raster.info();
        let mask = Mask::new(&info.nodata, info.data_type)?;
        let plane = |band: u64| -> Result<Vec<f64>> {
            let region: Region = info
                .axes
                .roles()
                .iter()
                .map(|role| match role {
                    Role::Band => band..band + 1,
                    Role::Y => 0..self.height,
                    Role::X => 0..self.width,
                    Role::Time => date..date + 1,
                    Role::Other(_) => 0..1,
                })
                .collect();
            Ok(read_block(raster, &region, &mask)?.concat())
        };
        let [r, g, b] = self.bands;
        Ok(Planes {
            width: self.width as usize,
            height: self.height as usize,
            rgb: [plane(r)?, plane(g)?, plane(b)?],
        })
    }
}

/// The error of each pixel over all bands that a picture shows.
pub(super) fn shown(before: &Planes, after: &Planes) -> ErrorSum {
    let mut sum = ErrorSum::default();
    for (a, b) in before.rgb.iter().flatten().zip(after.rgb.iter().flatten()) {
        if a.is_finite() && b.is_finite() {
            sum.add(*a, *b);
        }
    }
    sum
}

/// Columns and rows of the crop: where the errors are largest, a third of the picture's smaller side.
pub(super) fn crop(before: &Planes, after: &Planes) -> (Range<usize>, Range<usize>) {
    let side = (before.width.min(before.height) / 3).clamp(1, 64);
    let (x, y) = scale::worst_square(&before.errors(after), before.width, side);
    (x..x + side, y..y + side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crop_is_where_errors_are() {
        let plane = vec![0.0; 30 * 30];
        let before = Planes { width: 30, height: 30, rgb: [plane.clone(), plane.clone(), plane.clone()] };
        let mut bad = plane.clone();
        bad[25 * 30 + 4] = 9.0;
        let after = Planes { width: 30, height: 30, rgb: [plane.clone(), bad, plane] };
        let (x, y) = crop(&before, &after);
        assert!(x.contains(&4) && y.contains(&25) && x.len() == 10, "{x:?} {y:?}");
        let sum = shown(&before, &after);
        assert_eq!((sum.count, sum.max), (2700, 9.0));
    }
}
