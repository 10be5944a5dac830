//! Plain copies of rasters, for a fitting program that reads only plain Zarr.

use crate::error::Result;
use crate::fit::inputs::open_inputs;
use crate::fit::options::FitOptions;
use crate::metadata::plain::PlainCodec;
use crate::progress::{Progress, Remark};
use crate::raster::source::Raster;
use crate::store::files;
use crate::store::writer::ArrayWriter;
use crate::write::transfer::{Order, transfer};
use crate::write::unfinished::Existing;
use std::path::{Path, PathBuf};
use vqz_codec::axes::Role;

/// The side of the copies' chunks, in pixels: the unit in which the fitting program reads.
const CHUNK: u64 = 512;

/// Copies inputs of a fit into a folder as plain Zarr arrays `0.zarr` and so on, with the bands, roles and "no data"
/// that the options give them. Returns their paths. Chunks that are already in the folder are kept, except with
/// [`Existing::Replace`].
///
/// # Errors
/// When the inputs do not fit together, and when reading or writing fails.
pub fn copy_inputs(
    inputs: &[PathBuf],
    folder: &Path,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>> {
    let inputs = open_inputs(inputs, options, progress)?;
    if folder.exists() && options.existing == Existing::Replace {
        files::remove(folder)?;
    }
    progress.remark(&Remark::Copying { rasters: inputs.rasters.len(), folder: folder.to_path_buf() });
    let mut paths = Vec::new();
    for (number, raster) in inputs.rasters.iter().enumerate() {
        let path = folder.join(format!("{number}.zarr"));
        copy(raster.as_ref(), &inputs.band_names, &path, progress)?;
        paths.push(path);
    }
    Ok(paths)
}

fn copy(raster: &dyn Raster, band_names: &[String], path: &Path, progress: &dyn Progress) -> Result<()> {
    let info = raster.info();
    let mut metadata = info.metadata.clone();
    let roles = info.axes.roles();
    let chunk: Vec<u64> = roles
        .iter()
        .zip(&info.shape)
        .map(|(role, extent)| match role {
            Role::Y | Role::X => CHUNK.min(*extent),
            Role::Band => *extent,
            Role::Time | Role::Other(_) => 1,
        })
        .collect();
    metadata.set_chunk_shape(&chunk);
    metadata.set_codecs(PlainCodec::Zstd.metadata(info.data_type));
    metadata.set_dimension_names(serde_json::to_value(&info.axes)?);
    metadata.set_attribute("band_names", serde_json::to_value(band_names)?);
    metadata.set_attribute("nodata", serde_json::to_value(&info.nodata)?);
    let writer = ArrayWriter::create(path, &metadata, None)?;
    transfer(raster, &writer, "copying", progress, Order::default())?;
    Ok(())
}
