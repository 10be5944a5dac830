//! The shape of an archive: its chunks, its shards and its codecs.

use super::Args;
use crate::raster::Info;
use crate::raster::metadata::Metadata;
use anyhow::{Result, bail};
use serde_json::json;
use vqz_codec::axes::Role;
use vqz_codec::config::Configuration;
use vqz_codec::name::NAME;

/// The input's metadata with the archive's chunks and codecs.
pub(super) fn output_metadata(args: &Args, info: &Info, configuration: &Configuration) -> Result<Metadata> {
    let roles = info.axes.roles();
    let chunk: Vec<u64> = if args.chunk.is_empty() {
        roles
            .iter()
            .zip(&info.shape)
            .map(|(role, extent)| match role {
                Role::Band => *extent,
                Role::Y | Role::X => args.chunk_size.min(*extent),
                Role::Time => args.dates.min(*extent),
                Role::Other(_) => 1,
            })
            .collect()
    } else {
        args.chunk.clone()
    };
    if chunk.len() != info.shape.len() || chunk.contains(&0) {
        bail!(
            "--chunk gives {chunk:?}, {} has {} dimensions; give one positive extent for each",
            info.label,
            info.shape.len()
        );
    }
    // Refuses chunks that no memory holds.
    info.axes.layout(&chunk.iter().map(|n| usize::try_from(*n)).collect::<Result<Vec<_>, _>>()?)?;
    if let Some(d) = info.axes.position(&Role::Band)
        && chunk[d] != info.shape[d]
        && configuration.model.is_some()
    {
        bail!("--chunk gives {} bands a chunk, the model needs all {} in one", chunk[d], info.shape[d]);
    }
    let codec = json!({"name": NAME, "configuration": serde_json::to_value(configuration)?});
    let mut metadata = info.metadata.clone();
    match args.shard_size {
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
    if !args.nodata.is_empty() && metadata.declared_nodata().is_empty() {
        metadata.set_attribute("nodata", serde_json::to_value(&args.nodata)?);
    }
    Ok(metadata)
}

fn shard_shape(roles: &[Role], chunk: &[u64], side: u64) -> Result<Vec<u64>> {
    let extents = roles.iter().zip(chunk).map(|(role, extent)| match role {
        Role::Y | Role::X if side < *extent => Ok(*extent),
        Role::Y | Role::X if side.is_multiple_of(*extent) => Ok(side),
        Role::Y | Role::X => bail!(
            "--shard-size is {side}, chunks are {extent} pixels wide; a shard holds whole chunks, such as {}",
            side.next_multiple_of(*extent)
        ),
        _ => Ok(*extent),
    });
    extents.collect()
}
