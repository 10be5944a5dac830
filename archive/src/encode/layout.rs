//! The shape of an archive: its chunks, its shards and its codecs.

use crate::encode::options::EncodeOptions;
use crate::error::{Result, bail};
use crate::metadata::document::Metadata;
use crate::raster::source::RasterInfo;
use serde_json::json;
use vqz_codec::axes::Role;
use vqz_codec::config::{Configuration, Promise};
use vqz_codec::model::Model;
use vqz_codec::name::NAME;

/// The default side of a chunk, in pixels.
const CHUNK_SIZE: u64 = 1024;

/// The metadata of an array of the archive, encoded at a quality.
///
/// # Errors
/// When the requested chunks or shards do not fit the array.
pub fn metadata(
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
            metadata.set_chunk_shape(&shard_shape(roles, &chunk, side)?);
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

fn shard_shape(roles: &[Role], chunk: &[u64], side: u64) -> Result<Vec<u64>> {
    let extents = roles.iter().zip(chunk).map(|(role, extent)| match role {
        Role::Y | Role::X if side < *extent => Ok(*extent),
        Role::Y | Role::X if side.is_multiple_of(*extent) => Ok(side),
        Role::Y | Role::X => bail!(InvalidArgument,
            "shards of {side} pixels are asked for, chunks are {extent} pixels wide; a shard holds whole chunks, such as {}",
            side.next_multiple_of(*extent)
        ),
        _ => Ok(*extent),
    });
    extents.collect()
}
