//! Milliseconds a step of `conv` on a fixed batch of the sample: `cargo bench -p vqz-trainer`. `step.py` does the same with
//! PyTorch.

use std::path::PathBuf;
use std::time::Instant;
use tch::Device;
use vqz_trainer::config::Config;
use vqz_trainer::data::{Loader, LoaderOptions};
use vqz_trainer::fit::prepare::prepare;
use vqz_trainer::fit::step::Trainee;
use vqz_trainer::report::Timer;

const CROPS: usize = 8;
const WARMUP: u64 = 5;
const STEPS: u64 = 40;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    vqz_trainer::memory::keep_blocks();
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sample/sentinel2-l2a.zarr");
    let settings =
        ["model.peak=10000", "data.crops=[128]", "data.batch=8", "augment.gain=0", "augment.offset=0"];
    let config = Config::load(None, &settings.map(str::to_owned))?;
    let folder = tempfile::tempdir()?;
    let prepared = prepare(&config, &[sample], &folder.path().join("linear.vqm"))?;
    let device = Device::cuda_if_available();
    let mut trainee = Trainee::new(&prepared, &config, device)?;
    let mut loader = Loader::start(prepared.sampler(&config)?, LoaderOptions::default())?;
    let mut batch = loader.next().ok_or("no batch")??;
    drop(loader);
    // The sample's chunks are too small for as many crops: the same again.
    while batch.images < CROPS {
        batch.samples.extend_from_within(..batch.samples.len() / batch.images);
        batch.images += 1;
    }
    batch.valid = None;
    let mut timer = Timer::new();
    let mut begun = Instant::now();
    for step in 0..WARMUP + STEPS {
        if step == WARMUP {
            timer.take();
            begun = Instant::now();
        }
        trainee.step(&batch, None, step, &mut timer, false)?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{device:?}, {} threads, {} crops of {}x{}: {:.2} ms a step",
        tch::get_num_threads(),
        batch.images,
        batch.height,
        batch.width,
        seconds * 1e3 / STEPS as f64
    );
    for (name, milliseconds) in timer.take() {
        println!("  {name}: {milliseconds:.2} ms");
    }
    Ok(())
}
