//! Crops a second that the loader gives on the sample: `cargo bench -p vqz-trainer --bench loader`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use vqz_trainer::data::{
    Loader, LoaderOptions, Mode, Sampler, SamplerOptions, Source, SourceOptions, SplitOptions, split,
};

const SECONDS: f64 = 3.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sample/sentinel2-l2a.zarr");
    let source = Arc::new(Source::open(&sample, &SourceOptions::default())?);
    let training = split(&source, &SplitOptions::default())?.training;
    for mode in [Mode::Chunk, Mode::Random { pool: 4 }] {
        for size in [64, 128] {
            for (readers, keep) in [(1, 1 << 27), (2, 1 << 27), (2, 0)] {
                let options = SamplerOptions { mode, sizes: vec![size], ..SamplerOptions::default() };
                let sampler = Sampler::new(Arc::clone(&source), training.clone(), options)?;
                let how = LoaderOptions { readers, keep, ..LoaderOptions::default() };
                let mut loader = Loader::start(sampler, how)?;
                let (begun, mut crops) = (Instant::now(), 0);
                while begun.elapsed().as_secs_f64() < SECONDS {
                    let batch = loader.next().ok_or("the batches ended")??;
                    crops += batch.images;
                    loader.recycle(batch);
                }
                let rate = crops as f64 / begun.elapsed().as_secs_f64();
                println!(
                    "{mode:?}, {size}² × 12, {readers} readers, keeping {keep}: {rate:.0} crops a second"
                );
            }
        }
    }
    Ok(())
}
