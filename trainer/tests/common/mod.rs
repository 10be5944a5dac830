//! What the tests share: small fits on the sample that ships with the repository, and arrays made on the spot.

#![allow(dead_code, reason = "each test program uses a part of it")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use vqz_trainer::Result;
use vqz_trainer::config::Config;
use vqz_trainer::fit::{FitRequest, Outcome};

/// Four dates of twelve bands of Sentinel-2, 192 × 192 pixels.
pub(crate) fn sample() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sample/sentinel2-l2a.zarr")
}

/// A configuration for fits of a few seconds, with settings over it.
pub(crate) fn config(settings: &[&str]) -> Config {
    let quick = [
        "model.name=test",
        "model.peak=10000",
        "conv.width=16",
        "conv.blocks=1",
        "codebook.size=32",
        "codebook.stages=3",
        "codebook.width=16",
        "codebook.fitting.initial_vectors=2048",
        "data.crops=[32, 64]",
        "data.batch=4",
        "data.validation=0.25",
        "optimiser.steps=6",
        "optimiser.warmup=2",
        "validation.every_steps=0",
        "validation.qualities=[40.0, 46.0]",
        "validation.samples=500000",
        "run.device=cpu",
    ];
    let all: Vec<String> = quick.iter().chain(settings).map(|s| (*s).to_owned()).collect();
    Config::load(None, &all).unwrap()
}

/// A fit into a folder.
pub(crate) fn request(folder: &Path, input: PathBuf, settings: &[&str]) -> FitRequest {
    FitRequest {
        inputs: vec![input],
        output: folder.join("model.vqm"),
        run: folder.join("model.run"),
        config: config(settings),
        resume: false,
    }
}

/// Runs it to the end.
pub(crate) fn fit(folder: &Path, settings: &[&str]) -> Result<Outcome> {
    run(&request(folder, sample(), settings), &AtomicBool::new(false))
}

/// Runs a fit, one at a time: libtorch's generator of random numbers is one for the whole process.
pub(crate) fn run(request: &FitRequest, stop: &AtomicBool) -> Result<Outcome> {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    vqz_trainer::fit::run(request, stop)
}

/// Writes a Zarr v3 array `(band, y, x)` of float32 in chunks of 64 × 64, without compression.
pub(crate) fn array(
    folder: &Path,
    bands: usize,
    side: usize,
    value: impl Fn(usize, usize, usize) -> f32,
) -> PathBuf {
    let chunk = 64.min(side);
    let metadata = json!({
        "zarr_format": 3, "node_type": "array", "shape": [bands, side, side], "data_type": "float32",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [bands, chunk, chunk]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": "NaN", "dimension_names": ["band", "y", "x"], "attributes": {},
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    });
    write(&folder.join("zarr.json"), metadata.to_string().as_bytes());
    let chunks = side.div_ceil(chunk);
    for cy in 0..chunks {
        for cx in 0..chunks {
            let mut bytes = Vec::new();
            for band in 0..bands {
                for y in cy * chunk..(cy + 1) * chunk {
                    for x in cx * chunk..(cx + 1) * chunk {
                        let inside = y < side && x < side;
                        let value = if inside { value(band, y, x) } else { f32::NAN };
                        bytes.extend(value.to_le_bytes());
                    }
                }
            }
            write(&folder.join(format!("c/0/{cy}/{cx}")), &bytes);
        }
    }
    folder.to_path_buf()
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// The records of a run, in their order.
pub(crate) fn records(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("model.run/metrics.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
