//! The codecs of plain chunks, which any Zarr reader supports.

use serde_json::{Value, json};
use vqz_codec::sample::DataType;

/// How plain chunks are compressed.
#[derive(Clone, Copy, Debug)]
pub enum PlainCodec {
    /// Zstandard, level 1.
    Zstd,
    /// No compression.
    None,
}

impl PlainCodec {
    /// The codecs of plain chunks, as they stand in metadata.
    pub fn metadata(self, data_type: DataType) -> Value {
        let bytes = if data_type == DataType::UInt8 {
            json!({"name": "bytes"})
        } else {
            json!({"name": "bytes", "configuration": {"endian": "little"}})
        };
        match self {
            Self::Zstd => {
                json!([bytes, {"name": "zstd", "configuration": {"level": 1, "checksum": false}}])
            }
            Self::None => Value::Array(vec![bytes]),
        }
    }
}
