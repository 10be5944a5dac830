//! Chunks, shards and codecs of the arrays of a cube, as its configuration asks for them.

use crate::error::{Result, bail};
use crate::metadata::document::Metadata;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vqz_raster::ingest::config::OutputConfig;
use vqz_raster::ingest::plan::{ArrayPlan, Dimension};

/// The default side of a chunk, in pixels.
const SIDE: u64 = 1024;

/// The side of a chunk if each date is computed from others, because then all dates are in memory.
const DEEP_SIDE: u64 = 256;

/// In that case, the greatest number of dates in a chunk.
const DEEP_DATES: u64 = 64;

/// Gives an array's metadata chunks, shards and codecs. Returns the extents of the chunk, which is the unit of
/// reading.
///
/// # Errors
/// When they do not fit the array.
pub(crate) fn lay_out(output: &OutputConfig, array: &ArrayPlan, metadata: &mut Metadata) -> Result<Vec<u64>> {
    check_names(&output.chunk, "chunk")?;
    check_names(&output.shard, "shard")?;
    let chunk: Vec<u64> = array
        .dimensions
        .iter()
        .map(|dimension| {
            let extent = array.extent(*dimension).max(1);
            output.chunk.get(dimension.name()).copied().unwrap_or(default(array, *dimension)).min(extent)
        })
        .collect();
    let codecs = codecs(output.codecs.as_ref(), array)?;
    if output.shard.is_empty() {
        metadata.set_chunk_shape(&chunk);
        metadata.set_codecs(codecs);
        return Ok(chunk);
    }
    let mut shard = Vec::new();
    for (dimension, chunk) in array.dimensions.iter().zip(&chunk) {
        let extent = array.extent(*dimension).max(1);
        let whole = extent.checked_next_multiple_of(*chunk).unwrap_or(extent);
        let asked = output.shard.get(dimension.name()).copied().unwrap_or(*chunk).min(whole);
        if !asked.is_multiple_of(*chunk) {
            bail!(
                InvalidArgument,
                "shards are {asked} along {}, chunks {chunk}; a shard holds whole chunks, such as {}",
                dimension.name(),
                asked.checked_next_multiple_of(*chunk).unwrap_or(*chunk)
            );
        }
        shard.push(asked);
    }
    metadata.set_chunk_shape(&shard);
    metadata.set_codecs(json!([{"name": "sharding_indexed", "configuration": {
        "chunk_shape": chunk,
        "codecs": codecs,
        "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
        "index_location": "end",
    }}]));
    Ok(shard)
}

fn check_names(extents: &BTreeMap<String, u64>, what: &str) -> Result<()> {
    for (name, extent) in extents {
        if ![Dimension::Time, Dimension::Band, Dimension::Y, Dimension::X].iter().any(|d| d.name() == name) {
            bail!(InvalidArgument, "{what} names the dimension {name}; there are time, band, y and x");
        }
        if *extent == 0 {
            bail!(InvalidArgument, "{what} gives 0 for {name}; 1 or more is needed");
        }
    }
    Ok(())
}

fn default(array: &ArrayPlan, dimension: Dimension) -> u64 {
    match (dimension, array.needs_other_dates()) {
        (Dimension::Time, false) => 1,
        (Dimension::Time, true) => DEEP_DATES,
        (Dimension::Band, _) => u64::MAX,
        (Dimension::Y | Dimension::X, false) => SIDE,
        (Dimension::Y | Dimension::X, true) => DEEP_SIDE,
    }
}

/// The codecs of plain chunks: either listed in full, or named by a short name.
fn codecs(asked: Option<&Value>, array: &ArrayPlan) -> Result<Value> {
    let bytes = match array.sample_type.size() {
        1 => json!({"name": "bytes"}),
        _ => json!({"name": "bytes", "configuration": {"endian": "little"}}),
    };
    let blosc = |name: &str| {
        json!({"name": "blosc", "configuration": {
            "cname": name, "clevel": 5, "shuffle": "shuffle", "typesize": array.sample_type.size(), "blocksize": 0,
        }})
    };
    Ok(match asked {
        None => json!([bytes, {"name": "zstd", "configuration": {"level": 1, "checksum": false}}]),
        Some(Value::String(name)) => match name.as_str() {
            "zstd" => json!([bytes, {"name": "zstd", "configuration": {"level": 1, "checksum": false}}]),
            "lz4" => json!([bytes, blosc("lz4")]),
            "blosc" => json!([bytes, blosc("zstd")]),
            "none" => json!([bytes]),
            other => bail!(
                InvalidArgument,
                "codecs = \"{other}\" is no short name; zstd, lz4, blosc and none are, or give a list of codecs as in zarr.json"
            ),
        },
        Some(Value::Array(list)) => Value::Array(list.clone()),
        Some(other) => {
            bail!(
                InvalidArgument,
                "codecs are {other}; a short name, or a list of codecs as in zarr.json, is needed"
            )
        }
    })
}
