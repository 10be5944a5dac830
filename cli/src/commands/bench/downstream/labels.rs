//! Labels of the rasters: classes of pixels on the same grid.

use anyhow::{Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use vqz_archive::metrics::read_block;
use vqz_archive::raster::{Mask, Region};
use vqz_archive::{OpenOptions, Raster, open};
use vqz_codec::axes::Role;

/// The greatest number of classes.
const CLASSES: usize = 64;

/// A raster in memory, and the class of each pixel.
pub(super) struct Scene {
    pub(super) height: usize,
    pub(super) width: usize,
    /// The class of each pixel, by number; none where there is no label, or a sample is not valid.
    pub(super) labels: Vec<Option<u8>>,
    /// All samples, `(image, band, y, x)`.
    pub(super) samples: Vec<f32>,
}

impl Scene {
    /// The number of features of a pixel.
    pub(super) fn features(&self) -> usize {
        self.samples.len() / self.labels.len().max(1)
    }

    /// The side of a block, in pixels: an eighth of the smaller side.
    pub(super) fn block(&self) -> usize {
        (self.height.min(self.width) / 8).next_multiple_of(8).clamp(16, 128)
    }
}

/// Reads rasters and their labels. Returns the values of all classes, too.
///
/// # Errors
/// When the number of labels differs from that of rasters, their grids differ, or there are fewer than two classes.
pub(super) fn read(
    rasters: &[Arc<dyn Raster>],
    paths: &[PathBuf],
    ignored: &[i64],
) -> Result<(Vec<Scene>, Vec<i64>)> {
    if paths.len() != rasters.len() {
        bail!(
            "there are {} rasters and {} labels; give --downstream once for each raster",
            rasters.len(),
            paths.len()
        );
    }
    let mut found = Vec::new();
    for (raster, path) in rasters.iter().zip(paths) {
        let labels = open(path, &OpenOptions::default())?;
        let (info, of) = (raster.info(), labels.info());
        let grid = |role: &Role| (info.extent(role), of.extent(role));
        let ((height, rows), (width, columns)) = (grid(&Role::Y), grid(&Role::X));
        if (height, width) != (rows, columns) || of.samples() != rows * columns {
            bail!(
                "labels {} have shape {:?}, {} has {height} rows and {width} columns; give one label for each pixel",
                path.display(),
                of.shape,
                info.label
            );
        }
        let mut values = samples(labels.as_ref())?.concat();
        let pixels = samples(raster.as_ref())?;
        for plane in &pixels {
            values
                .iter_mut()
                .zip(plane)
                .filter(|(_, sample)| sample.is_nan())
                .for_each(|(label, _)| *label = f64::NAN);
        }
        values.iter_mut().filter(|v| ignored.iter().any(|i| *i as f64 == **v)).for_each(|v| *v = f64::NAN);
        let samples = floats(&pixels);
        found.push((height as usize, width as usize, values, samples));
    }
    let classes: BTreeSet<i64> = found
        .iter()
        .flat_map(|(_, _, values, _)| values)
        .filter(|v| v.is_finite())
        .map(|v| *v as i64)
        .collect();
    if !(2..=CLASSES).contains(&classes.len()) {
        bail!(
            "labels are of {} classes, 2 to {CLASSES} are allowed; leave values out with --ignore",
            classes.len()
        );
    }
    let numbers: BTreeMap<i64, u8> = classes.iter().enumerate().map(|(i, value)| (*value, i as u8)).collect();
    let number = |value: f64| if value.is_finite() { numbers.get(&(value as i64)).copied() } else { None };
    let scenes = found.into_iter().map(|(height, width, values, samples)| Scene {
        height,
        width,
        labels: values.into_iter().map(number).collect(),
        samples,
    });
    Ok((scenes.collect(), classes.into_iter().collect()))
}

/// Every band of every image of a raster, in C order, NaN where samples are not valid.
fn samples(raster: &dyn Raster) -> Result<Vec<Vec<f64>>> {
    let info = raster.info();
    let mask = Mask::new(&info.nodata, info.data_type)?;
    let roles = info.axes.roles();
    let is_looped = |role: &Role| matches!(role, Role::Time | Role::Other(_));
    let looped: Vec<usize> = (0..roles.len()).filter(|d| is_looped(&roles[*d])).collect();
    let count: u64 = looped.iter().map(|d| info.shape[*d]).product();
    let mut planes = Vec::new();
    for number in 0..count {
        let mut region: Region = info.shape.iter().map(|n| 0..*n).collect();
        let mut rest = number;
        for d in looped.iter().rev() {
            let at = rest % info.shape[*d];
            region[*d] = at..at + 1;
            rest /= info.shape[*d];
        }
        planes.extend(read_block(raster, &region, &mask)?);
    }
    Ok(planes)
}

/// All samples of a raster as features: `(image, band, y, x)`, 0 where samples are not valid.
///
/// # Errors
/// When reading fails.
pub(crate) fn flat(raster: &dyn Raster) -> Result<Vec<f32>> {
    Ok(floats(&samples(raster)?))
}

fn floats(planes: &[Vec<f64>]) -> Vec<f32> {
    planes.iter().flatten().map(|v| if v.is_nan() { 0.0 } else { *v as f32 }).collect()
}
