//! Writes `encoder.onnx` and `decoder.onnx` of the `klt` architecture, with deterministic pseudo-random parameters, for
//! checks by other programs:
//!
//! `cargo run -p vqz-codec --example export_klt -- FOLDER [PATCH [BANDS]]`

use std::fs;
use std::path::PathBuf;

use half::f16;
use vqz_codec::authoring::klt::{self, KltParameters};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: export_klt FOLDER [PATCH [BANDS]]")?);
    let mut number = |default| match arguments.next() {
        Some(text) => text.to_str().unwrap_or_default().parse::<usize>(),
        None => Ok(default),
    };
    let (patch, bands) = (number(16)?, number(12)?);

    let mut state = 1_u32;
    let mut random = move || {
        // Numerical Recipes' generator, whose high bits are good enough; -1 to 1.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let unmix: Vec<f32> = (0..patch * patch * bands * bands).map(|_| random()).collect();
    let parameters = KltParameters {
        patch,
        bands,
        mix: unmix.iter().map(|&x| f16::from_f32(x)).collect(),
        scale: (0..bands).map(|_| 500.0 + 400.0 * random()).collect(),
        offset: (0..bands).map(|_| 2000.0 + 1000.0 * random()).collect(),
        shrink: 0.25,
    };
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("encoder.onnx"), klt::encoder(&parameters, &unmix)?)?;
    fs::write(folder.join("decoder.onnx"), klt::decoder(&parameters)?)?;
    Ok(())
}
