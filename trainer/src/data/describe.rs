//! The description of an array, which is known before any sample is read.

use crate::data::error::Result;
use crate::data::options::SourceOptions;
use serde_json::{Map, Value};
use vqz_archive::metadata::Metadata;
use vqz_archive::store::{Node, band_coordinate};
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_codec::sample::DataType;
use vqz_raster::georeference::Georeference;

/// A shard with more samples than this is not read as a whole; its inner chunks are read one by one.
const MAX_SHARD_SAMPLES: u64 = 1 << 26;

/// The description of an array.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    pub(crate) shape: Vec<u64>,
    /// The unit in which it is read: a chunk, or a shard where that is not too large.
    pub(crate) chunk: Vec<u64>,
    pub(crate) axes: Axes,
    pub(crate) data_type: DataType,
    pub(crate) nodata: Vec<NoData>,
    pub(crate) band_names: Option<Vec<String>>,
    /// Where it lies on Earth, as a text to compare; `None` where its attributes do not say.
    pub(crate) georeference: Option<String>,
    /// Whether it was encoded by this codec before.
    pub(crate) is_archive: bool,
}

/// Whether an array was encoded by the codec, even if its configuration can't be read. Such an array is never
/// silently skipped.
pub(crate) fn is_archive(node: &Node) -> bool {
    !matches!(node.metadata.encoded(), Ok(None))
}

/// Reads what the metadata of an array say.
///
/// # Errors
/// [`crate::data::DataError::Archive`] for an array that is no raster, or whose dimensions have unknown roles.
pub(crate) fn describe(node: &Node, options: &SourceOptions) -> Result<Description> {
    let metadata = &node.metadata;
    let data_type = metadata.data_type()?;
    let axes = metadata.axes(options.axes.as_ref())?;
    let encoded = metadata.encoded()?;
    let is_archive = encoded.is_some();
    let nodata = match encoded {
        _ if !options.nodata.is_empty() => options.nodata.clone(),
        Some(encoded) => encoded.configuration.nodata,
        None => metadata.declared_nodata(),
    };
    let shape = metadata.shape()?;
    Ok(Description {
        chunk: read_unit(metadata, &shape)?,
        band_names: metadata.band_names().or_else(|| band_coordinate(node, &axes)),
        shape,
        axes,
        data_type,
        nodata,
        georeference: georeference(&metadata.attributes()),
        is_archive,
    })
}

fn read_unit(metadata: &Metadata, shape: &[u64]) -> Result<Vec<u64>> {
    let outer = metadata.chunk_shape()?;
    let covered = outer.iter().zip(shape).fold(1u64, |n, (c, s)| n.saturating_mul(*c.min(s)));
    let inner = metadata.sharding().filter(|_| covered > MAX_SHARD_SAMPLES).and_then(|sharding| {
        let extents: Option<Vec<u64>> =
            sharding.get("chunk_shape")?.as_array()?.iter().map(Value::as_u64).collect();
        extents.filter(|extents| extents.len() == shape.len() && !extents.contains(&0))
    });
    Ok(inner.unwrap_or(outer))
}

/// Arrays with the same text and the same extents cover the same pixels.
fn georeference(attributes: &Map<String, Value>) -> Option<String> {
    let found = Georeference::from_all(&[attributes]);
    let bounds = || ["spatial:bbox", "proj:bbox"].iter().find_map(|key| attributes.get(*key));
    let place = match found.transform {
        Some(transform) => format!("{transform:?}"),
        None => bounds()?.to_string(),
    };
    let system = found.reference_code().or(found.wkt).unwrap_or_default();
    Some(format!("{place};{system}"))
}
