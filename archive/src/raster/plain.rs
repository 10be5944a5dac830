//! The metadata of a raster's plain copy.

use crate::metadata::document::Metadata;
use crate::metadata::plain::PlainCodec;
use crate::raster::source::RasterInfo;
use vqz_codec::axes::Role;

/// A raster's metadata with plain codecs, and with chunks of another side if one is given.
pub(crate) fn plain_metadata(info: &RasterInfo, codec: PlainCodec, chunk_size: Option<u64>) -> Metadata {
    let mut metadata = info.metadata.clone();
    let mut chunk = info.chunk.clone();
    if let Some(side) = chunk_size {
        for ((chunk, extent), role) in chunk.iter_mut().zip(&info.shape).zip(info.axes.roles()) {
            if matches!(role, Role::Y | Role::X) {
                *chunk = side.min(*extent);
            }
        }
    }
    metadata.set_chunk_shape(&chunk);
    metadata.set_codecs(codec.metadata(info.data_type));
    metadata
}
