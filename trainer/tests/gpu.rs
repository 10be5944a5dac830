//! A fit on a GPU, and its model decoded there and here. Skips aloud without one.

mod common;

use common::{fit, sample};
use std::sync::Arc;
use vqz_codec::axes::Axes;
use vqz_codec::config::{Configuration, EntropyCoder};
use vqz_codec::engine::EngineKind;
use vqz_codec::pipeline::Options;
use vqz_codec::sample::DataType;
use vqz_trainer::fit::prepare::prepare;
use vqz_zarr::engines::chunk_codec;
use vqz_zarr::models;

#[test]
fn a_model_fitted_on_a_gpu_decodes_alike_everywhere() {
    if !tch::Cuda::is_available() {
        eprintln!("SKIPPED: libtorch finds no GPU");
        return;
    }
    let cases: [&[&str]; 3] = [
        &["optimiser.mixed_precision=true"],
        &["model.quantiser=rvq"],
        &["model.architecture=resnet", "model.patch=8", "optimiser.mixed_precision=true"],
    ];
    cases.into_iter().for_each(check);
}

fn check(case: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let settings = [&["run.device=cuda", "optimiser.steps=20"], case].concat();
    let outcome = fit(folder.path(), &settings).unwrap();
    assert_eq!(outcome.device, "cuda(0)", "{case:?}");
    let model = Arc::new(models::open(&folder.path().join("model.vqm")).unwrap());
    let config = common::config(&settings);
    let prepared = prepare(&config, &[sample()], &folder.path().join("model.run/linear.vqm")).unwrap();
    let image = &vqz_trainer::fit::package::images(&prepared.windows, 500_000)[0];
    let shape = [model.manifest().bands.len(), image.height, image.width];
    let configuration = Configuration::new(Axes::from_names(&["band", "y", "x"]).unwrap())
        .with_model(model.reference().unwrap())
        .with_quality(44.0)
        .with_entropy(EntropyCoder::Rans);
    let codec = |engine| {
        let options = Options::default().with_engine(Some(engine));
        chunk_codec(&configuration, Arc::clone(&model), DataType::Float32, &[0; 4], options)
    };
    let here = codec(EngineKind::Tract).unwrap();
    let chunk = here.encode(&shape, bytemuck::cast_slice(&image.samples)).unwrap();
    let wanted: Vec<f32> = bytemuck::pod_collect_to_vec(&here.decode(&shape, &chunk).unwrap());
    let there = match codec(EngineKind::OnnxRuntimeCuda) {
        Ok(there) => there,
        Err(error) => {
            eprintln!("SKIPPED: engine cuda: {error}");
            return;
        }
    };
    let found: Vec<f32> = bytemuck::pod_collect_to_vec(&there.decode(&shape, &chunk).unwrap());
    let worst = wanted.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(
        f64::from(worst) <= model.manifest().tolerance,
        "{case:?}: {worst} of {}",
        model.manifest().tolerance
    );
}
