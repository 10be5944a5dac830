//! Writes the golden archives that do not exist yet; those that do are never touched.
//!
//! ```text
//! cargo run -p vqz-tests --example make_golden
//! ```

use std::sync::Arc;
use vqz_codec::DataType;
use vqz_tests::arrays::Case;
use vqz_tests::golden;
use zarrs::array::{Array, ArrayBytes, ArrayMetadata};
use zarrs::filesystem::FilesystemStore;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (name, case) in golden::cases() {
        let path = golden::folder().join(format!("{name}.zarr"));
        if path.exists() {
            println!("{name}: kept");
            continue;
        }
        let store = Arc::new(FilesystemStore::new(&path)?);
        let archive = case.create(&store, "/");
        let whole = archive.subset_all();
        archive.store_array_subset(&whole, ArrayBytes::from(case.bytes(&samples(name, &case))))?;
        let decoded: ArrayBytes<'static> = archive.retrieve_array_subset(&whole)?;
        let plain = Arc::new(FilesystemStore::new(golden::folder().join(format!("{name}.decoded.zarr")))?);
        let mut metadata = case.metadata();
        metadata["codecs"] = serde_json::json!([
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "gzip", "configuration": {"level": 9}},
        ]);
        let metadata: ArrayMetadata = serde_json::from_value(metadata)?;
        let plain = Array::new_with_metadata(plain, "/", metadata)?;
        plain.store_metadata()?;
        plain.store_array_subset(&whole, decoded)?;
        println!("{name}: written");
    }
    Ok(())
}

/// Samples with whatever the case is there to show: missing values, infinities, many patterns of NaN.
fn samples(name: &str, case: &Case) -> Vec<f64> {
    let mut samples = case.samples(7);
    let count = samples.len();
    for (i, sample) in samples.iter_mut().enumerate() {
        let missing = i % 97 < 20 && i > count / 3 && i < count / 2;
        match (name, case.data_type) {
            ("int16-nodata-time", _) if missing => *sample = -9999.0,
            ("float32-nan-fine", _) if missing => *sample = f64::NAN,
            ("float64-escapes", DataType::Float64) if i % 2 == 0 && i > count / 2 => {
                *sample = f64::from_bits(f64::NAN.to_bits() | i as u64);
            }
            // Whole patches, the first one among them.
            ("uint16-rvq", _) if i % 70 < 20 && i / 70 % 90 < 20 => *sample = 0.0,
            ("float64-escapes", DataType::Float64) if i % 31 == 0 => *sample = f64::INFINITY,
            _ => {}
        }
    }
    samples
}
