//! Writes the golden archives that do not exist yet; those that do are never touched.
//!
//! ```text
//! cargo run -p vqz-tests --example make_golden
//! ```

use std::sync::Arc;
use vqz_codec::config::Promise;
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
        if name.starts_with("v0/") {
            return Err(
                format!("{name} is missing, and nothing writes version 0 any more: restore it").into()
            );
        }
        let samples = case.bytes(&samples(&name, &case));
        let store = Arc::new(FilesystemStore::new(&path)?);
        let archive = case.create(&store, "/");
        let whole = archive.subset_all();
        archive.store_array_subset(&whole, ArrayBytes::from(samples.clone()))?;
        let decoded: ArrayBytes<'static> = archive.retrieve_array_subset(&whole)?;
        plain(&name, &case, "decoded", decoded)?;
        if case.promise != Promise::Quality {
            plain(&name, &case, "source", ArrayBytes::from(samples))?;
        }
        println!("{name}: written");
    }
    Ok(())
}

/// Writes samples beside an archive, as plain Zarr.
fn plain(
    name: &str,
    case: &Case,
    what: &str,
    samples: ArrayBytes<'_>,
) -> Result<(), Box<dyn std::error::Error>> {
    let store = Arc::new(FilesystemStore::new(golden::folder().join(format!("{name}.{what}.zarr")))?);
    let mut metadata = case.metadata();
    metadata["codecs"] = serde_json::json!([
        {"name": "bytes", "configuration": {"endian": "little"}},
        {"name": "gzip", "configuration": {"level": 9}},
    ]);
    let metadata: ArrayMetadata = serde_json::from_value(metadata)?;
    let array = Array::new_with_metadata(store, "/", metadata)?;
    array.store_metadata()?;
    array.store_array_subset(&array.subset_all(), samples)?;
    Ok(())
}

/// Samples that contain what the case is there to show: missing values, infinities, many patterns of NaN, dates that
/// resemble each other, classes, floats of all kinds.
fn samples(name: &str, case: &Case) -> Vec<f64> {
    let mut samples = case.samples(7);
    let (count, width) = (samples.len(), case.shape[case.shape.len() - 1] as usize);
    let name = name.rsplit('/').next().unwrap_or(name);
    if name.contains("-dates") {
        // Each date shows the first one, changed a little, and a little of its own.
        let date = count / case.shape[0] as usize;
        let first = samples[..date].to_vec();
        for (i, sample) in samples.iter_mut().enumerate() {
            *sample = (0.95 * first[i % date] + 0.05 * *sample + (i / date) as f64).round();
        }
    }
    let noise = |i: usize| (i as u32).wrapping_mul(2_654_435_761).rotate_left(11).wrapping_mul(2_246_822_519);
    for (i, sample) in samples.iter_mut().enumerate() {
        let (x, y) = (i % width, i / width);
        match name {
            // A whole date in two patterns, whole patches elsewhere.
            "int16-dates" if i / 3840 == 1 => *sample = if x < 9 { -9998.0 } else { -9999.0 },
            "int16-dates" if i / 3840 >= 2 && x < 20 && y % 48 >= 20 => *sample = -9999.0,
            // Whole patches, the first one among them.
            "uint16-rvq-patches" if x < 20 && y % 90 < 20 => *sample = 0.0,
            "uint16-corrected-patches" if (x < 20 && y < 20) || (40..57).contains(&x) => *sample = 0.0,
            "uint16-lossless-dates" if (10..14).contains(&x) && y % 30 > 9 => *sample = 0.0,
            "uint8-lossless-classes" => {
                *sample = if x < 3 && y < 20 { 9.0 } else { (*sample / 30.0).floor() * 10.0 }
            }
            "uint8-lossless-repeated-classes" => {
                *sample = f64::from((noise(x / 3 + y / 3 / 2 * 100) >> 9) % 3 * 40)
            }
            "int32-lossless-noise" => *sample = f64::from(noise(i) as i32),
            "float32-lossless-lattices" | "float64-lossless-lattices" => {
                let band = if case.axes[0] == "band" { i / 480 } else { i % 6 };
                *sample = match band {
                    0 => (*sample * 4.0).round() / 4.0,
                    1 => (*sample).round() / 100.0,
                    2 => f64::from(((*sample).round() * 0.01 + 273.15) as f32),
                    3 => (*sample).round() * 0.001_234 + 5.1,
                    4 => (*sample - 128.0) * 1e-3 * f64::from(noise(i) >> 8),
                    _ => [f64::NAN, f64::INFINITY, -0.0, 1e-310, *sample, f64::NEG_INFINITY]
                        [noise(i) as usize % 6],
                };
            }
            // Noise about zero.
            "float32-lossless-low-bits" | "float64-lossless-low-bits" => {
                *sample = (*sample - 128.0) * 1e-3 + (f64::from(noise(i)) / 4e9 - 0.5) / 7.0;
            }
            "int16-dates-left-out" if x < 9 && y % 48 < 20 => *sample = -9999.0,
            "float64-bounded-small" => *sample *= 1e-200,
            "float32-bounded-large" => *sample *= 1e30,
            "float32-bounded" | "float32-bounded-picture" if x < 7 && y % 90 < 30 => *sample = f64::NAN,
            _ => {}
        }
    }
    samples
}
