//! Plain copies of rasters, for a fitting program that reads only plain Zarr.

use crate::error::{Context, Result, bail};
use crate::fit::inputs::open_inputs;
use crate::fit::options::FitOptions;
use crate::metadata::plain::PlainCodec;
use crate::progress::{Progress, Remark};
use crate::raster::source::Raster;
use crate::store::files;
use crate::store::writer::ArrayWriter;
use crate::write::existing::Existing;
use crate::write::fingerprint::Fingerprint;
use crate::write::ledger::Ledger;
use crate::write::transfer::{Order, Recorded, transfer};
use std::path::{Path, PathBuf};
use vqz_codec::axes::Role;

/// The side of the copies' chunks, in pixels: the unit in which the fitting program reads.
const CHUNK: u64 = 512;

/// Copies inputs of a fit into a folder as plain Zarr arrays `0.zarr` and so on, with the bands, roles and "no data"
/// that the options give them. Returns their paths. Chunks that an earlier call put into the folder are kept if the inputs are the
/// same, except with [`Existing::Replace`].
///
/// # Errors
/// When the inputs do not fit together, and when reading or writing fails.
pub fn copy_inputs(
    inputs: &[PathBuf],
    folder: &Path,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>> {
    // Samples depend on the choice of bands, which the metadata of a copy do not tell.
    let read = format!("{} {:?}", Fingerprint::of(inputs)?.text(), options.bands);
    let inputs = open_inputs(inputs, options, progress)?;
    if folder.exists() && options.existing == Existing::Replace {
        refuse_others(folder)?;
        files::remove(folder)?;
    }
    progress.remark(&Remark::Copying { rasters: inputs.rasters.len(), folder: folder.to_path_buf() });
    let mut paths = Vec::new();
    for (number, raster) in inputs.rasters.iter().enumerate() {
        let path = folder.join(format!("{number}.zarr"));
        copy(raster.as_ref(), &inputs.band_names, &path, &Fingerprint::from_text(&read), progress)?;
        paths.push(path);
    }
    Ok(paths)
}

/// Refuses to clear a folder that holds anything but copies.
fn refuse_others(folder: &Path) -> Result<()> {
    let is_copy = |path: &Path| {
        let number =
            path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| stem.parse::<u64>().is_ok());
        number && path.extension().is_some_and(|end| end == "zarr") && Ledger::is_in(path)
    };
    for entry in std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry.with_context(|| format!("listing {}", folder.display()))?.path();
        if !is_copy(&path) {
            bail!(
                Exists,
                "{} is no copy of an input that an earlier fit made, so {} is not cleared; move or delete it",
                path.display(),
                folder.display()
            );
        }
    }
    Ok(())
}

fn copy(
    raster: &dyn Raster,
    band_names: &[String],
    path: &Path,
    read: &Fingerprint,
    progress: &dyn Progress,
) -> Result<()> {
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
    let ledger = Ledger::open(path, None, read)?;
    let recorded = Recorded { ledger: &ledger, array: "", resumed: true };
    transfer(raster, &writer, &recorded, "copying", progress, Order::default())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_copies_are_cleared() {
        let folder = std::env::temp_dir().join(format!("vqz-copies-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(folder.join("0.zarr")).unwrap();
        let told = || refuse_others(&folder).unwrap_err().to_string();
        assert!(told().contains("0.zarr is no copy of an input that an earlier fit made"), "{}", told());
        drop(Ledger::open(&folder.join("0.zarr"), None, &Fingerprint::none()).unwrap());
        refuse_others(&folder).unwrap();
        std::fs::write(folder.join("notes.txt"), "mine").unwrap();
        assert!(told().contains("notes.txt is no copy"), "{}", told());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
