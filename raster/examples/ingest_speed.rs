//! Prints what derived bands, masks, steps in time, labels and lists of pixels cost, in nanoseconds a sample on one
//! thread: `cargo run --release -p vqz-raster --example ingest_speed`.

use std::time::Instant;
use vqz_raster::Result;
use vqz_raster::classes::{Erosion, Gaps, Neighbourhood};
use vqz_raster::expression::{Expression, Output};
use vqz_raster::mask::MaskRule;
use vqz_raster::pixels::{Domain, Layout};
use vqz_raster::plane::Plane;
use vqz_raster::sample::DataType;
use vqz_raster::temporal::{EvenSteps, Interpolation, fill_gaps, resample};

const SIDE: usize = 1024;

/// The fastest of several runs, each on what `prepare` makes, over so many samples.
fn cost<T>(samples: usize, prepare: impl Fn() -> T, run: impl Fn(T) -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..9 {
        let input = prepare();
        let start = Instant::now();
        run(input)?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best * 1e9 / samples as f64)
}

fn plane(seed: usize, values: usize) -> Plane {
    // Invalid samples come in runs, as clouds do.
    let valid = |i: usize| (i / 37 * (2 * seed + 1)).wrapping_mul(2_654_435_761) % 100 >= 30;
    Plane {
        height: SIDE,
        width: SIDE,
        values: (0..SIDE * SIDE).map(|i| (i * (seed + 7) % values) as f64).collect(),
        valid: (0..SIDE * SIDE).map(valid).collect(),
    }
}

fn main() -> Result<()> {
    let samples = SIDE * SIDE;
    let bands = [("B04", plane(1, 10_007)), ("B08", plane(2, 10_007)), ("QA", plane(3, 10_007))];
    for text in [
        "B08",
        "(B08 - B04) / (B08 + B04)",
        "2.5 * (B08 - B04) / (B08 + 6 * B04 - 7.5 * B04 + 1)",
        "where(bit(QA, 4) or bits(QA, 5, 2) == 3, 0, B08)",
        "clamp(round(B08 / 40), 0, 255)",
        "10 * log10(B08)",
    ] {
        let expression = Expression::parse(text)?;
        let cost = cost(samples, || (), |()| expression.evaluate(SIDE, SIDE, &bands[..]).map(|_| ()))?;
        println!("{cost:6.2}  {text}");
    }
    let output = Output { scale: 0.0001, nodata: Some(-32768.0), ..Output::new(DataType::Int16) };
    println!("{:6.2}  stored as int16", cost(samples, || (), |()| output.encode(&bands[0].1).map(|_| ()))?);

    let rule = MaskRule {
        band: Some("QA".to_owned()),
        preset: Some("landsat-c1-bqa".to_owned()),
        ..MaskRule::default()
    };
    let mask = rule.mask()?;
    println!(
        "{:6.2}  preset landsat-c1-bqa",
        cost(samples, || (), |()| mask.usable(SIDE, SIDE, &bands[..]).map(|_| ()))?
    );

    let stack: Vec<Plane> = (0..40).map(|seed| plane(seed, 10_007)).collect();
    let days: Vec<f64> = (0..40).map(|i| f64::from(i * 9)).collect();
    let linear = Interpolation::default();
    let fill = cost(
        40 * samples,
        || stack.clone(),
        |mut planes| fill_gaps(&mut planes, &days, &linear).map(|_| ()),
    )?;
    println!("{fill:6.2}  gaps filled, 40 dates, a third invalid");
    let at = EvenSteps { start: 0.0, end: 350.0, step: 10.0 }.days()?;
    let steps = cost(at.len() * samples, || (), |()| resample(&stack, &days, &at, &linear).map(|_| ()))?;
    println!("{steps:6.2}  40 dates to {} even steps, a sample of the steps", at.len());

    let labels = Plane { values: (0..samples).map(|i| (i / 64 % 16) as f64).collect(), ..plane(1, 16) };
    for (pixels, neighbourhood) in [(1, Neighbourhood::Eight), (3, Neighbourhood::Four)] {
        let erosion = Erosion { pixels, neighbourhood, gaps: Gaps::Ignored };
        let cost = cost(samples, || (), |()| erosion.apply(&labels).map(|_| ()))?;
        println!("{cost:6.2}  class borders eroded by {pixels}, {neighbourhood:?}");
    }

    let domain = Domain::from_mask(SIDE, SIDE, &bands[0].1.valid)?;
    for (what, shape, axis) in
        [("(12, pixel)", vec![12, domain.len()], 1), ("(pixel, 12)", vec![domain.len(), 12], 0)]
    {
        let layout = Layout { shape, axis, size: 2 };
        let list = vec![1; layout.shape.iter().product::<usize>() * 2];
        let cost = cost(list.len() / 2, || (), |()| domain.scatter(&list, &layout, &[0, 0]).map(|_| ()))?;
        println!("{cost:6.2}  {what} of 16 bits onto the grid");
    }
    Ok(())
}
