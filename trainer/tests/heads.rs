//! Heads, losses and training options, each for a few steps.

mod common;

use common::{array, fit, records, request, run};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use vqz_codec::fit::Image;
use vqz_trainer::fit::evaluate::decoded;
use vqz_zarr::models;

#[test]
fn classes_and_canopy_come_back_as_classes_and_canopy() {
    let folder = tempfile::tempdir().unwrap();
    let height =
        |y: usize, x: usize| if (x / 16 + y / 16).is_multiple_of(3) { 0.0 } else { (y + x) as f32 / 8.0 };
    let class = |y: usize, x: usize| [11.0, 42.0, 81.0][(x / 24 + y / 40) % 3];
    let input = array(&folder.path().join("mixed.zarr"), 3, 256, |band, y, x| match band {
        0 => (y as f32 * 0.1).sin() * 20.0 + x as f32 * 0.3,
        1 => class(y, x),
        _ => height(y, x),
    });
    let heads = "heads=[{bands=['0'], kind='continuous'}, {bands=['1'], kind='categorical', weight=0.5}, \
                 {bands=['2'], kind='canopy', empty=0, loss={mse=0, huber=1}}]";
    let settings = [heads, "model.patch=8", "optimiser.steps=40", "data.crops=[64]", "model.peak=100"];
    let outcome = run(&request(folder.path(), input, &settings), &AtomicBool::new(false)).unwrap();
    assert!(outcome.measured.points[0].psnr_db > 20.0, "{:?}", outcome.measured.points);
    let names: Vec<String> = records(folder.path())
        .iter()
        .filter_map(|r| r["scalars"].as_object().map(|s| s.keys().cloned().collect::<Vec<_>>()))
        .flatten()
        .collect();
    for name in
        ["loss/continuous/mse", "loss/categorical/cross_entropy", "loss/canopy/present", "loss/canopy/canopy"]
    {
        assert!(names.iter().any(|n| n == name), "{name} is missing among {names:?}");
    }
    let model = Arc::new(models::open(&folder.path().join("model.vqm")).unwrap());
    let samples: Vec<f32> = (0..3)
        .flat_map(|band| (0..64).flat_map(move |y| (0..64).map(move |x| (band, y, x))))
        .map(|(band, y, x)| match band {
            0 => (y as f32 * 0.1).sin() * 20.0 + x as f32 * 0.3,
            1 => class(y, x),
            _ => height(y, x),
        })
        .collect();
    let back = decoded(&model, &Image { height: 64, width: 64, samples: samples.clone() }, 46.0).unwrap();
    let area = 64 * 64;
    let classes = &back[area..2 * area];
    assert!(classes.iter().all(|v| [11.0, 42.0, 81.0].contains(v)), "only classes come out");
    let right = classes.iter().zip(&samples[area..]).filter(|(a, b)| a == b).count();
    assert!(right as f64 > 0.95 * area as f64, "{right} of {area} classes are right");
    let canopy = &back[2 * area..];
    let empty = canopy.iter().filter(|v| **v == 0.0).count();
    let wanted = samples[2 * area..].iter().filter(|v| **v == 0.0).count();
    assert!(empty.abs_diff(wanted) < area / 20, "{empty} of {wanted} samples are exactly empty");
}

#[test]
fn every_loss_and_option_takes_steps() {
    let folder = tempfile::tempdir().unwrap();
    let weights = folder.path().join("features.pt");
    // A small network of features, made on the spot.
    let filters = tch::Tensor::randn([4, 3, 3, 3], (tch::Kind::Float, tch::Device::Cpu));
    let example = tch::Tensor::zeros([1, 3, 32, 32], (tch::Kind::Float, tch::Device::Cpu));
    let mut features = |inputs: &[tch::Tensor]| {
        vec![inputs[0].conv2d::<tch::Tensor>(&filters, None, [1, 1], [1, 1], [1, 1], 1).relu()]
    };
    tch::CModule::create_by_tracing("features", "forward", &[example], &mut features)
        .unwrap()
        .save(&weights)
        .unwrap();
    let perceptual = format!("perceptual.weights='{}'", weights.display());
    let losses = "heads=[{bands=['*'], kind='continuous', loss={mse=1, huber=0.5, ssim=0.1, spectral_angle=0.1, \
                  sliced_wasserstein=0.1}}]";
    let settings = [
        losses,
        &perceptual,
        "perceptual.weight=0.1",
        "perceptual.bands=[3, 2, 1]",
        "adversarial.weight=0.1",
        "adversarial.start=2",
        "adversarial.width=8",
        "augment.noise=0.1",
        "augment.hidden=0.2",
        "data.mode=random",
        "data.readers=2",
        "conv.encoder_blocks=1",
    ];
    let outcome = fit(folder.path(), &settings).unwrap();
    assert_eq!(outcome.step, 6);
    let records = records(folder.path());
    let last = records.iter().rev().find(|r| r["kind"] == "step").unwrap();
    for name in [
        "loss/continuous/huber",
        "loss/continuous/ssim",
        "loss/continuous/spectral_angle",
        "loss/continuous/sliced_wasserstein",
        "loss/perceptual",
        "loss/adversarial",
        "loss/discriminator",
        "time/load",
        "learning_rate",
    ] {
        let value = last["scalars"][name].as_f64();
        assert!(value.is_some_and(f64::is_finite), "{name}: {value:?} in {last}");
    }
}

#[test]
fn collapse_is_detected_repaired_and_told() {
    let folder = tempfile::tempdir().unwrap();
    // Nothing but one value: every vector is the same, so one entry serves all.
    let input = array(
        &folder.path().join("flat.zarr"),
        1,
        256,
        |_, y, x| if y == 200 && x == 200 { 1.0 } else { 0.0 },
    );
    let settings = [
        "model.quantiser=vq",
        "model.patch=8",
        "codebook.size=64",
        "data.crops=[64]",
        "optimiser.steps=201",
        "data.validation=0",
        "model.peak=1",
    ];
    run(&request(folder.path(), input, &settings), &AtomicBool::new(false)).unwrap();
    let events: Vec<String> = records(folder.path())
        .iter()
        .filter(|r| r["kind"] == "event" && r["event"] == "collapse")
        .map(|r| r["message"].as_str().unwrap().to_owned())
        .collect();
    assert!(!events.is_empty());
    assert!(events[0].contains("perplexity") && events[0].contains("started anew"), "{events:?}");
}
