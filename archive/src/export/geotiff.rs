//! Cloud-optimised GeoTIFFs with overviews, one for each date.

use crate::error::{Result, bail};
use crate::export::dates::{self, Times};
use crate::export::format::Format;
use crate::export::names::name_of;
use crate::export::nodata::one_nodata;
use crate::export::options::{Compression, ExportOptions};
use crate::export::raster::{ExportedRaster, resampling};
use crate::export::source::ExportSource;
use crate::geotiff::{self, Cog};
use crate::progress::{Progress, Remark};
use crate::raster::opening::OpenOptions;
use crate::raster::source::Raster;
use crate::store::files;
use crate::write::existing::OutputKind;
use crate::write::paths::check_place;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_codec::axes::Role;

/// Writes a file for each date. With a single date, the file has exactly the requested name.
pub(crate) fn write(
    options: &ExportOptions,
    output: &Path,
    exported: &ExportedRaster,
    compression: Compression,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>> {
    let info = exported.raster.info();
    for (d, role) in info.axes.roles().iter().enumerate() {
        if let Role::Other(name) = role
            && info.shape[d] > 1
        {
            bail!(
                InvalidArgument,
                "a GeoTIFF holds bands, y and x only, the array has {} of {name}; export to .nc or .zarr",
                info.shape[d]
            );
        }
    }
    let exported = &one_nodata(exported, progress)?.with_words();
    remark_on_coordinates(exported, progress);
    let info = exported.raster.info();
    let cog = Cog {
        compression: match compression {
            Compression::Deflate => "DEFLATE",
            Compression::Zstd => "ZSTD",
            Compression::Lzw => "LZW",
            Compression::None => "NONE",
        },
        resampling: resampling(options.resampling, &exported.bands).name(),
    };
    let count = info.extent(&Role::Time);
    if info.axes.position(&Role::Time).is_none() || count <= 1 {
        check_place(output, OutputKind::File, options.existing)?;
        let one = dated(exported, 0)?;
        geotiff::write_cog(output, one.raster.as_ref(), &cog, options.existing, progress)?;
        return Ok(vec![output.to_path_buf()]);
    }
    let outputs = names(output, count, exported.times.as_deref());
    for path in &outputs {
        check_place(path, OutputKind::File, options.existing)?;
        geotiff::refuse_sides(path)?;
    }
    let mut written: Vec<PathBuf> = Vec::new();
    for (number, path) in outputs.iter().enumerate() {
        let one = dated(&exported.clone().dates(&[number as u64])?, 0)?;
        // All dates or none: files that a failed run left behind would look complete.
        if let Err(error) = geotiff::write_cog(path, one.raster.as_ref(), &cog, options.existing, progress) {
            for path in written.iter().filter(|path| path.exists()) {
                files::remove(path)?;
            }
            return Err(error);
        }
        written.push(path.clone());
    }
    Ok(written)
}

/// The raster of a path as a GeoTIFF takes it: with its georeference and its date as attributes and coordinates beside it state them, and with
/// one nodata value. One with dimensions that no GeoTIFF has is returned as it is, for the writer to refuse.
///
/// # Errors
/// When the path holds no raster, or several, and when its attributes are wrong.
pub(crate) fn for_geotiff(
    path: &Path,
    options: &OpenOptions,
    progress: &dyn Progress,
) -> Result<Arc<dyn Raster>> {
    let source = ExportSource::open(path, options)?;
    let info = source.whole.raster.info();
    let mut roles = info.axes.roles().iter().zip(&info.shape);
    if roles.any(|(role, n)| matches!(role, Role::Time | Role::Other(_)) && *n > 1) {
        return Ok(source.whole.raster);
    }
    source.report_conventions(progress)?;
    let exported = one_nodata(&source.whole.clone().described()?, progress)?.with_words();
    exported.remark(|mask| Format::GeoTiff.holds(mask), progress);
    remark_on_coordinates(&exported, progress);
    Ok(dated(&exported, 0)?.raster)
}

/// Remarks on coordinates that a GeoTIFF does not hold. It keeps the grid, the dates and the names of bands.
fn remark_on_coordinates(exported: &ExportedRaster, progress: &dyn Progress) {
    let info = exported.raster.info();
    let upright = exported.georeference.transform.is_some();
    let held = |name: &str, dimensions: &[String]| match dimensions {
        [] => exported.scalar_time.as_deref() == Some(name),
        [one] if one == name => {
            match info.axes.roles().iter().find(|role| name_of(info, role).as_ref() == Some(one)) {
                Some(Role::Y | Role::X) => upright,
                Some(Role::Time) => exported.times.is_some(),
                Some(Role::Band) => exported.bands.iter().all(|band| band.name.is_some()),
                Some(Role::Other(_)) | None => false,
            }
        }
        _ => false,
    };
    let arrays = exported.coordinates.arrays.iter();
    let names: Vec<String> = arrays
        .filter(|coordinate| !held(&coordinate.array.name, &coordinate.array.dimensions))
        .map(|coordinate| coordinate.own_name.clone())
        .collect();
    if !names.is_empty() {
        progress.remark(&Remark::CoordinatesLeftOut {
            array: info.label.clone(),
            names,
            why: "a GeoTIFF has no coordinates but an even grid and dates; .nc and .zarr keep them"
                .to_owned(),
        });
    }
}

/// The raster, with the date of a step added to its metadata items.
fn dated(exported: &ExportedRaster, number: usize) -> Result<ExportedRaster> {
    let exported = exported.clone().described()?;
    let Some(time) = exported.times.as_ref().and_then(|times| *times.get(number)?) else {
        return Ok(exported);
    };
    Ok(exported.with_item("TIFFTAG_DATETIME", &tiff_date(time.rounded())))
}

/// `2018:07:10 10:31:01`.
fn tiff_date(seconds: i64) -> String {
    let iso = vqz_raster::conventions::time::iso(seconds);
    let (date, clock) = iso.split_once('T').unwrap_or((&iso, "00:00:00"));
    format!("{} {clock}", date.replace('-', ":"))
}

/// A name for each date: `scene.tif` becomes `scene_2018-07-10.tif`. If two dates are the same, the number of the
/// step is added to the later ones.
fn names(output: &Path, count: u64, times: Option<&Times>) -> Vec<PathBuf> {
    let stem = output.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let end = output.extension().unwrap_or_default().to_string_lossy().into_owned();
    let mut seen = HashSet::new();
    (0..count)
        .map(|number| {
            let mut label = dates::label(number, times);
            if !seen.insert(label.clone()) {
                label = format!("{label}_{number:04}");
            }
            output.with_file_name(format!("{stem}_{label}.{end}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vqz_raster::conventions::time::Instant;

    #[test]
    fn every_date_has_a_name() {
        let times = [0, 86_400, 86_400, 90_061].map(|seconds: i64| Some(Instant::from(seconds)));
        let names = names(Path::new("out/scene.v2.tif"), 4, Some(&times));
        let names: Vec<_> = names.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "out/scene.v2_1970-01-01.tif",
                "out/scene.v2_1970-01-02.tif",
                "out/scene.v2_1970-01-02_0002.tif",
                "out/scene.v2_1970-01-02T010101.tif"
            ]
        );
        assert_eq!(tiff_date(90_061), "1970:01:02 01:01:01");
        assert_eq!(tiff_date(86_400), "1970:01:02 00:00:00");
    }
}
