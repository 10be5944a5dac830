//! Whole fits of a few steps on real data: package, rate, round trip, resumption, determinism.

mod common;

use common::{config, fit, records, request, run, sample};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use vqz_codec::axes::Axes;
use vqz_codec::config::{Configuration, EntropyCoder, NoData};
use vqz_codec::model::Model;
use vqz_codec::pipeline::Options;
use vqz_codec::sample::DataType;
use vqz_trainer::fit::evaluate::Point;
use vqz_trainer::fit::prepare::prepare;
use vqz_zarr::engines::chunk_codec;
use vqz_zarr::models;

/// Bits a sample of the validation images under a package, by the bytes that the codec writes.
fn coded(folder: &Path, settings: &[&str], quality: f64) -> f64 {
    let config = config(settings);
    let prepared = prepare(&config, &[sample()], &folder.join("model.run/linear.vqm")).unwrap();
    let model = Arc::new(models::open(&folder.join("model.vqm")).unwrap());
    let configuration = Configuration::new(Axes::from_names(&["band", "y", "x"]).unwrap())
        .with_model(model.reference().unwrap())
        .with_quality(quality)
        .with_entropy(EntropyCoder::Rans)
        .with_nodata(vec![NoData::Name("NaN".to_owned())]);
    let fill = 0i16.to_ne_bytes();
    let codec = chunk_codec(&configuration, model, DataType::Int16, &fill, Options::default()).unwrap();
    let (mut bits, mut samples) = (0.0, 0.0);
    for block in &prepared.split.validation {
        let piece = prepared.source.read(block).unwrap();
        let shape = [piece.bands, piece.height, piece.width];
        for image in piece.samples.chunks_exact(piece.image_len()) {
            let integers: Vec<i16> = image.iter().map(|v| *v as i16).collect();
            let chunk = codec.encode(&shape, bytemuck::cast_slice(&integers)).unwrap();
            let back = codec.decode(&shape, &chunk).unwrap();
            assert_eq!(back.len(), integers.len() * 2);
            bits += chunk.len() as f64 * 8.0;
            samples += integers.len() as f64;
        }
    }
    bits / samples
}

fn check_rate(folder: &Path, settings: &[&str], points: &[Point]) {
    for point in points {
        let written = coded(folder, settings, point.quality);
        let ratio = point.bits_per_sample / written;
        assert!(
            (0.97..=1.03).contains(&ratio),
            "{settings:?}: told {}, written {written}",
            point.bits_per_sample
        );
    }
}

#[test]
fn each_quantiser_fits_and_tells_the_rate_that_is_written() {
    for settings in [
        &["model.quantiser=fsq"][..],
        &["model.quantiser=fsq", "conv.encoder_blocks=1", "fsq.fitting=noise", "fsq.fitted_steps=true"],
        &["model.quantiser=vq", "model.patch=8"],
        &["model.quantiser=rvq", "codebook.fitting.rotation_trick=true"],
        &["model.quantiser=rvq", "codebook.groups=2", "codebook.fitting.learning=gradient"],
        &[
            "model.architecture=resnet",
            "model.patch=8",
            "resnet.width=8",
            "resnet.widest=16",
            "model.quantiser=vq",
        ],
        &[
            "model.architecture=resnet",
            "model.patch=8",
            "resnet.width=8",
            "resnet.widest=16",
            "resnet.latents=16",
        ],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let outcome = fit(folder.path(), settings).unwrap();
        assert_eq!(outcome.step, 6, "{settings:?}");
        assert_eq!(outcome.measured.points.len(), 2);
        check_rate(folder.path(), settings, &outcome.measured.points);
        let model = models::open(&folder.path().join("model.vqm")).unwrap();
        assert_eq!(Some(model.sha256()), outcome.sha256.as_deref());
        assert!(folder.path().join("model.run/report.html").is_file());
    }
}

#[test]
fn a_conv_fit_starts_at_the_linear_model_and_ends_better() {
    let folder = tempfile::tempdir().unwrap();
    let settings =
        ["optimiser.steps=300", "conv.width=32", "optimiser.ema=0.97", "optimiser.qualities=[36, 44]"];
    let outcome = fit(folder.path(), &settings).unwrap();
    let linear = Arc::new(models::open(&folder.path().join("model.run/linear.vqm")).unwrap());
    let model = Arc::new(models::open(&folder.path().join("model.vqm")).unwrap());
    let config = config(&settings);
    let prepared = prepare(&config, &[sample()], &folder.path().join("model.run/linear.vqm")).unwrap();
    let images = vqz_trainer::fit::package::images(&prepared.windows, 2_000_000);
    let points = |model: &Arc<Model>, qualities: &[f64]| {
        vqz_trainer::fit::evaluate::evaluate(model, &images, qualities).unwrap()
    };
    let after = points(&model, &[40.0])[0];
    // What the linear model takes at that PSNR, by interpolation on its own curve.
    let before = points(&linear, &[39.9, 40.1]);
    let slope = (before[1].bits_per_sample / before[0].bits_per_sample).ln()
        / (before[1].psnr_db - before[0].psnr_db);
    let wanted = before[0].bits_per_sample * (slope * (after.psnr_db - before[0].psnr_db)).exp();
    // The network's own records: by how much it betters the linear path, towards the end of the fit.
    let records = std::fs::read_to_string(folder.path().join("model.run/metrics.jsonl")).unwrap();
    let records = records.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let gains: Vec<f64> = records.filter_map(|r| r["scalars"]["gain_db"].as_f64()).collect();
    let last = &gains[gains.len() - 5..];
    let gain = last.iter().sum::<f64>() / last.len() as f64;
    assert!(gain > 0.02, "the correction gains {gain} dB");
    // Tiles of the sample are few; where the correction does not pay, none is worse than without.
    assert!(after.bits_per_sample < 1.001 * wanted, "{after:?} takes no less than {wanted} of {before:?}");
    assert!(outcome.weights > 1000);
}

#[test]
fn the_same_seed_gives_the_same_model_and_a_stopped_fit_goes_on_to_the_bit() {
    for settings in [
        &["model.quantiser=fsq", "conv.encoder_blocks=1"][..],
        &["model.quantiser=rvq"],
        &["adversarial.weight=0.1", "adversarial.start=2", "adversarial.width=8"],
    ] {
        let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let wanted = fit(whole.path(), settings).unwrap();
        let mut request = request(parts.path(), sample(), settings);
        // A stop that is asked for before the first step is granted after it.
        let stop = AtomicBool::new(true);
        let stopped = run(&request, &stop).unwrap();
        assert_eq!((stopped.step, stopped.output.is_none()), (1, true));
        let message = run(&request, &stop).unwrap_err().to_string();
        assert!(message.contains("resume that fit, or overwrite it"), "{message}");
        request.resume = true;
        stop.store(false, Ordering::Relaxed);
        let resumed = run(&request, &stop).unwrap();
        assert_eq!(resumed.sha256, wanted.sha256, "{settings:?}");
        let steps: Vec<u64> = records(parts.path())
            .iter()
            .filter(|r| r["kind"] == "step")
            .map(|r| r["step"].as_u64().unwrap())
            .collect();
        assert_eq!(steps, [1, 6]);
    }
}

#[test]
fn a_fit_goes_on_to_the_bit_from_a_checkpoint_on_its_way() {
    // By the fourth step averages, the adversary and the codebooks' usage have something to lose.
    for settings in [
        &["model.quantiser=rvq", "codebook.fitting.restart_after=2"][..],
        &["model.quantiser=vq", "model.patch=8", "codebook.fitting.learning=gradient"],
        &["adversarial.weight=0.1", "adversarial.start=2", "adversarial.width=8"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let settings = [settings, &["checkpoint.every_steps=4", "checkpoint.keep=9"]].concat();
        let wanted = fit(folder.path(), &settings).unwrap();
        std::fs::remove_dir_all(folder.path().join("model.run/checkpoints/step-6")).unwrap();
        let mut request = request(folder.path(), sample(), &settings);
        request.resume = true;
        let resumed = run(&request, &AtomicBool::new(false)).unwrap();
        assert_eq!(resumed.sha256, wanted.sha256, "{settings:?}");
    }
}

#[test]
fn another_seed_gives_another_model() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = fit(a.path(), &["optimiser.steps=2"]).unwrap();
    let second = fit(b.path(), &["optimiser.steps=2", "run.seed=1"]).unwrap();
    assert_ne!(first.sha256, second.sha256);
}

#[test]
fn a_checkpoint_of_another_architecture_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fit(folder.path(), &["optimiser.steps=2"]).unwrap();
    let mut request = request(folder.path(), sample(), &["optimiser.steps=2", "conv.width=8"]);
    request.resume = true;
    let message = run(&request, &AtomicBool::new(false)).unwrap_err().to_string();
    assert!(message.contains("conv.width was 16, is 8; leave these out"), "{message}");
}
