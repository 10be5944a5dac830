//! The shape of an archive: its chunks, its shards and its codecs.

use crate::encode::bands;
use crate::encode::options::EncodeOptions;
use crate::error::{Result, bail};
use crate::metadata::document::Metadata;
use crate::progress::Progress;
use crate::raster::source::RasterInfo;
use serde_json::json;
use vqz_codec::axes::Role;
use vqz_codec::config::{Configuration, Promise};
use vqz_codec::model::Model;
use vqz_codec::name::NAME;

/// The default side of a chunk, in pixels.
const CHUNK_SIZE: u64 = 1024;

/// The metadata of the archive that [`encode`](crate::encode()) would make of an array at a quality, without a promise. The bands go to the model by
/// name, as there.
///
/// # Errors
/// When the names of the bands do not fit the model's, or the requested chunks do not fit the array.
pub fn archive_metadata(
    options: &EncodeOptions,
    info: &RasterInfo,
    model: &Model,
    quality: f64,
    progress: &dyn Progress,
) -> Result<Metadata> {
    let order = bands::order(info, model.manifest(), options.bands.is_some(), progress)?;
    metadata(options, info, Some(model), quality, Promise::Quality, &order)
}

/// The metadata of an array of the archive, encoded at a quality.
///
/// # Errors
/// When the requested chunks or shards do not fit the array.
pub(crate) fn metadata(
    options: &EncodeOptions,
    info: &RasterInfo,
    model: Option<&Model>,
    quality: f64,
    promise: Promise,
    band_order: &[usize],
) -> Result<Metadata> {
    let configuration = Configuration::new(info.axes.clone())
        .with_model(model.map(Model::reference).transpose()?)
        .with_band_order(band_order.to_vec())
        .with_quality(quality)
        .with_entropy(options.entropy)
        .with_nodata(info.nodata.clone())
        .with_promise(promise);
    laid_out(options, info, &configuration)
}

/// The input's metadata with the archive's chunks and codecs.
fn laid_out(options: &EncodeOptions, info: &RasterInfo, configuration: &Configuration) -> Result<Metadata> {
    let roles = info.axes.roles();
    let side = options.chunk_size.unwrap_or(CHUNK_SIZE);
    let chunk: Vec<u64> = match &options.chunk {
        Some(chunk) => chunk.clone(),
        None => roles
            .iter()
            .zip(&info.shape)
            .map(|(role, extent)| match role {
                Role::Band => *extent,
                Role::Y | Role::X => side.min(*extent),
                Role::Time => options.dates.unwrap_or(1).min(*extent),
                Role::Other(_) => 1,
            })
            .collect(),
    };
    if chunk.len() != info.shape.len() || chunk.contains(&0) {
        bail!(
            InvalidArgument,
            "chunks of {chunk:?} are asked for, {} has {} dimensions; give one positive extent for each",
            info.label,
            info.shape.len()
        );
    }
    // Refuses chunks that are too large for any memory.
    info.axes.layout(&chunk.iter().map(|n| usize::try_from(*n)).collect::<Result<Vec<_>, _>>()?)?;
    if let Some(d) = info.axes.position(&Role::Band)
        && chunk[d] != info.shape[d]
        && configuration.model.is_some()
    {
        bail!(
            InvalidArgument,
            "chunks of {} bands are asked for, the model needs all {} in one",
            chunk[d],
            info.shape[d]
        );
    }
    let codec = json!({"name": NAME, "configuration": serde_json::to_value(configuration)?});
    let mut metadata = info.metadata.clone();
    match options.shard_size {
        None => {
            metadata.set_chunk_shape(&chunk);
            metadata.set_codecs(json!([codec]));
        }
        Some(side) => {
            metadata.set_chunk_shape(&shard_shape(roles, &info.shape, &chunk, side)?);
            metadata.set_codecs(json!([{"name": "sharding_indexed", "configuration": {
                "chunk_shape": chunk,
                "codecs": [codec],
                "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
                "index_location": "end",
            }}]));
        }
    }
    if !options.nodata.is_empty() && metadata.declared_nodata().is_empty() {
        metadata.set_attribute("nodata", serde_json::to_value(&options.nodata)?);
    }
    Ok(metadata)
}

/// The extents of shards whose sides are `side` pixels. Along a dimension that one chunk covers, such as one that is narrower than
/// the side of a chunk, a shard holds that chunk.
fn shard_shape(roles: &[Role], shape: &[u64], chunk: &[u64], side: u64) -> Result<Vec<u64>> {
    let extents = roles.iter().zip(shape.iter().zip(chunk)).map(|(role, (whole, extent))| match role {
        Role::Y | Role::X if side <= *extent || extent >= whole => Ok(*extent),
        Role::Y | Role::X if side.is_multiple_of(*extent) => Ok(side),
        Role::Y | Role::X => bail!(
            InvalidArgument,
            "shards of {side} pixels are asked for, chunks are {extent} pixels wide; a shard holds whole chunks, such as {}",
            side.checked_next_multiple_of(*extent).unwrap_or(side - side % extent)
        ),
        _ => Ok(*extent),
    });
    extents.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(shape: [u64; 3], chunk: [u64; 3], side: u64) -> Result<Vec<u64>> {
        shard_shape(&[Role::Band, Role::Y, Role::X], &shape, &chunk, side)
    }

    #[test]
    fn a_shard_holds_whole_chunks_of_any_array() {
        assert_eq!(shard([4, 6000, 6000], [4, 1024, 1024], 4096).unwrap(), [4, 4096, 4096]);
        // Narrower than a chunk in one dimension, in both, by one pixel, and not at all.
        assert_eq!(shard([4, 6000, 300], [4, 1024, 300], 4096).unwrap(), [4, 4096, 300]);
        assert_eq!(shard([4, 300, 300], [4, 300, 300], 4096).unwrap(), [4, 300, 300]);
        assert_eq!(shard([4, 1023, 1024], [4, 1023, 1024], 4096).unwrap(), [4, 1023, 1024]);
        assert_eq!(shard([4, 1, 5000], [4, 1, 1024], 2048).unwrap(), [4, 1, 2048]);
        // Shards that are no larger than a chunk hold one.
        assert_eq!(shard([4, 6000, 6000], [4, 1024, 1024], 512).unwrap(), [4, 1024, 1024]);
        let error = shard([4, 6000, 6000], [4, 1000, 1000], 4096).unwrap_err().to_string();
        assert!(
            error.ends_with("chunks are 1000 pixels wide; a shard holds whole chunks, such as 5000"),
            "{error}"
        );
        assert!(shard([1, u64::MAX, u64::MAX], [1, 1000, 1000], u64::MAX).is_err());
    }
}
