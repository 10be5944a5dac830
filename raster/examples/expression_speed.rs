//! Prints what expressions cost, in nanoseconds a sample on one thread:
//! `cargo run --release -p vqz-raster --example expression_speed`.

use std::time::Instant;
use vqz_raster::expression::{Expression, Output};
use vqz_raster::plane::Plane;
use vqz_raster::sample::SampleType;

fn main() -> vqz_raster::Result<()> {
    let side = 1024;
    let plane = |seed: usize| Plane {
        height: side,
        width: side,
        values: (0..side * side).map(|i| ((i * (seed + 7)) % 10_007) as f64).collect(),
        valid: (0..side * side).map(|i| i % 97 != seed).collect(),
    };
    let bands = [("B04", plane(1)), ("B08", plane(2)), ("QA", plane(3))];
    let fastest = |run: &mut dyn FnMut() -> vqz_raster::Result<()>| -> vqz_raster::Result<f64> {
        let mut best = f64::INFINITY;
        for _ in 0..20 {
            let start = Instant::now();
            run()?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        Ok(best * 1e9 / (side * side) as f64)
    };
    for text in [
        "B08",
        "(B08 - B04) / (B08 + B04)",
        "2.5 * (B08 - B04) / (B08 + 6 * B04 - 7.5 * B04 + 1)",
        "where(bit(QA, 4) or bits(QA, 5, 2) == 3, 0, B08)",
        "clamp(round(B08 / 40), 0, 255)",
        "10 * log10(B08)",
    ] {
        let expression = Expression::parse(text)?;
        let mut result = Plane::empty(side, side);
        let cost = fastest(&mut || {
            result = expression.evaluate(side, side, &bands[..])?;
            Ok(())
        })?;
        let output = Output { scale: 0.0001, nodata: Some(-32768.0), ..Output::new(SampleType::Int16) };
        let stored = fastest(&mut || output.encode(&result).map(|_| ()))?;
        println!("{cost:6.2} ns a sample, {stored:5.2} more as int16   {text}");
    }
    Ok(())
}
