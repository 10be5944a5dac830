//! Arrays to test with: small, on disk, and with values that encode their positions.

mod archive;
mod sequence;
mod sides;
mod source;
mod whole;

use crate::data::{Augmentation, SamplerOptions, Source, SourceOptions};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use vqz_codec::DataType;
use zarrs::array::{Array, ArrayBytes, ArrayMetadata, ArraySubset};
use zarrs::filesystem::FilesystemStore;

/// An array to be made.
#[derive(Clone, Debug)]
pub(super) struct Fixture {
    pub(super) axes: Vec<&'static str>,
    pub(super) shape: Vec<u64>,
    pub(super) chunk: Vec<u64>,
    pub(super) shard: Option<Vec<u64>>,
    pub(super) data_type: DataType,
    pub(super) attributes: Value,
}

impl Fixture {
    pub(super) fn new(axes: &[&'static str], shape: &[u64], chunk: &[u64]) -> Self {
        Self {
            axes: axes.to_vec(),
            shape: shape.to_vec(),
            chunk: chunk.to_vec(),
            shard: None,
            data_type: DataType::Float32,
            attributes: json!({}),
        }
    }

    pub(super) fn of_type(mut self, data_type: DataType) -> Self {
        self.data_type = data_type;
        self
    }

    pub(super) fn with_attributes(mut self, attributes: Value) -> Self {
        self.attributes = attributes;
        self
    }

    /// Writes it. `value` gets the place of each sample, in the order of the dimensions.
    pub(super) fn write(&self, folder: &Path, value: impl Fn(&[u64]) -> f64) {
        let zero = if self.data_type.name().starts_with("float") { json!(0.0) } else { json!(0) };
        let bytes = json!({"name": "bytes", "configuration": {"endian": "little"}});
        let codecs = match &self.shard {
            None => json!([bytes, {"name": "gzip", "configuration": {"level": 1}}]),
            Some(_) => json!([{"name": "sharding_indexed", "configuration": {
                "chunk_shape": self.chunk,
                "codecs": [bytes],
                "index_codecs": [bytes, {"name": "crc32c"}],
            }}]),
        };
        let metadata: ArrayMetadata = serde_json::from_value(json!({
            "zarr_format": 3,
            "node_type": "array",
            "shape": self.shape,
            "data_type": self.data_type.name(),
            "chunk_grid": {"name": "regular", "configuration": {
                "chunk_shape": self.shard.as_ref().unwrap_or(&self.chunk),
            }},
            "chunk_key_encoding": {"name": "default"},
            "fill_value": zero,
            "codecs": codecs,
            "attributes": self.attributes,
            "dimension_names": self.axes,
        }))
        .unwrap();
        std::fs::create_dir_all(folder).unwrap();
        let store = Arc::new(FilesystemStore::new(folder).unwrap());
        let array = Array::new_with_metadata(store, "/", metadata).unwrap();
        array.store_metadata().unwrap();
        let count: u64 = self.shape.iter().product();
        let mut bytes = Vec::new();
        let mut place = vec![0; self.shape.len()];
        for i in 0..count {
            let mut rest = i;
            for (at, extent) in place.iter_mut().zip(&self.shape).rev() {
                *at = rest % extent;
                rest /= extent;
            }
            let v = value(&place);
            match self.data_type {
                DataType::UInt8 => bytes.push(v as u8),
                DataType::Int16 => bytes.extend((v as i16).to_ne_bytes()),
                DataType::UInt16 => bytes.extend((v as u16).to_ne_bytes()),
                DataType::Int32 => bytes.extend((v as i32).to_ne_bytes()),
                DataType::Float32 => bytes.extend((v as f32).to_ne_bytes()),
                DataType::Float64 => bytes.extend(v.to_ne_bytes()),
            }
        }
        let all = ArraySubset::new_with_shape(self.shape.clone());
        array.store_array_subset(&all, ArrayBytes::new_flen(bytes)).unwrap();
    }
}

/// Makes a folder a group.
pub(super) fn group(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("zarr.json"), r#"{"zarr_format": 3, "node_type": "group"}"#).unwrap();
}

pub(super) fn open(folder: &Path) -> Arc<Source> {
    Arc::new(Source::open(folder, &SourceOptions::default()).unwrap())
}

/// One array in a folder of its own.
pub(super) fn one(fixture: &Fixture, value: impl Fn(&[u64]) -> f64) -> (TempDir, Arc<Source>) {
    let folder = TempDir::new().unwrap();
    fixture.write(folder.path(), value);
    let source = open(folder.path());
    (folder, source)
}

/// Small crops of small patches, without augmentation.
pub(super) fn small() -> SamplerOptions {
    SamplerOptions {
        crops: 4,
        sizes: vec![16],
        patch: 8,
        augmentation: Augmentation::none(),
        ..SamplerOptions::default()
    }
}
