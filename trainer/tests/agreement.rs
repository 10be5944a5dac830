//! What is exported computes what was fitted: every architecture and quantiser, in every engine, on real data.

mod common;

use std::path::Path;
use std::rc::Rc;
use tch::{Device, Tensor};
use vqz_codec::engine::{EngineKind, Tensor as Array};
use vqz_trainer::arch::export::{correction, decoder, dequantise, encoder, stored};
use vqz_trainer::arch::graph::numbers;
use vqz_trainer::arch::{Network, Ops, Torch, Weights};
use vqz_trainer::fit::prepare::prepare;
use vqz_zarr::engines;

/// Allowed difference, in standard deviations of the data.
const TOLERANCE: f32 = 1e-4;

fn engines() -> Vec<EngineKind> {
    let mut engines = vec![EngineKind::Tract];
    if std::env::var_os("ORT_DYLIB_PATH").is_some_and(|path| !path.is_empty()) {
        engines.push(EngineKind::OnnxRuntime);
    } else {
        eprintln!("SKIPPED: engine onnxruntime; set ORT_DYLIB_PATH");
    }
    engines
}

fn array(tensor: &Tensor) -> Array {
    let shape = tensor.size().iter().map(|d| *d as usize).collect();
    Array::F32 { shape, data: numbers(tensor) }
}

fn floats(outputs: Vec<Array>) -> Vec<f32> {
    match outputs.into_iter().next() {
        Some(Array::F32 { data, .. }) => data,
        other => panic!("{other:?}"),
    }
}

/// Weights as after a fit: none is zero.
fn weights(network: &Network) -> Rc<Weights> {
    tch::manual_seed(5);
    let fresh = Weights::new(Device::Cpu);
    let mut torch = Torch::new(&fresh);
    let side = 2 * network.patch as i64;
    let unit = torch.constant("unit", &[1], &[1.0]);
    let x = Tensor::zeros([1, network.linear.channels as i64, side, side], (tch::Kind::Float, Device::Cpu));
    let latents = network.encode(&mut torch, &x, &unit);
    let _ = network.decode(&mut torch, &latents, &unit);
    fresh.frozen(|_, w| stored(&(w + Tensor::randn_like(w) * 0.02)))
}

/// The sample's first date, `(1, band, 64, 96)`.
fn scene(prepared: &vqz_trainer::fit::prepare::Prepared) -> Tensor {
    let window = &prepared.windows[0];
    let bands = prepared.band_names.len() as i64;
    Tensor::from_slice(&window.samples)
        .reshape([1, bands, window.height as i64, window.width as i64])
        .narrow(2, 0, 64)
        .narrow(3, 0, 96)
        .contiguous()
}

fn check(folder: &Path, settings: &[&str]) {
    let config = common::config(settings);
    let prepared = prepare(&config, &[common::sample()], &folder.join("linear.vqm")).unwrap();
    let network = &prepared.network;
    let weights = weights(network);
    let samples = scene(&prepared);
    let spread = prepared.bands.iter().map(|b| b.deviation as f32).fold(0.0, f32::max);
    for step in [0.02f32, 0.2] {
        let mut torch = Torch::new(&weights);
        let unit = Tensor::from_slice(&[step]);
        let channels = network.heads.expand(&mut torch, &samples);
        let x = network.normalise(&mut torch, &channels);
        let latents = network.encode(&mut torch, &x, &unit);
        let books = network.codebooks();
        let (codes, values, codebooks) = match books {
            None => {
                let codes = (&latents / &unit).round();
                (codes.shallow_clone(), codes, None)
            }
            Some(books) => {
                tch::manual_seed(9);
                let size = [books.planes() as i64, books.size as i64, books.width as i64];
                let entries = stored(&Tensor::randn(size, (tch::Kind::Float, Device::Cpu)));
                let grid = [1, books.planes() as i64, latents.size()[2], latents.size()[3]];
                let codes = Tensor::randint(books.size as i64, grid, (tch::Kind::Int, Device::Cpu));
                let values = dequantise(&mut torch, &codes, &entries, books);
                (codes, values, Some(entries))
            }
        };
        let decoded = network.decode(&mut torch, &values, &unit);
        let decoded = network.denormalise(&mut torch, &decoded);
        let decoded = numbers(&network.heads.collapse(&mut torch, &decoded));
        let encoder = encoder(network, &weights).unwrap();
        let decoder = decoder(network, &weights, codebooks.as_ref()).unwrap();
        let correction = correction(network, &weights).unwrap();
        assert_eq!(correction.is_some(), network.is_split());
        for kind in engines() {
            let engine = engines::open(kind).unwrap();
            let mut inputs = vec![array(&samples)];
            if network.encoder_takes_step() {
                inputs.push(array(&unit));
            }
            let found = floats(engine.load(&encoder).unwrap().run(inputs).unwrap());
            let wanted = numbers(&latents);
            assert_eq!(found.len(), wanted.len());
            for (a, b) in found.iter().zip(&wanted) {
                // Latents add up a patch of normalised samples, whose spread is about 1 each.
                assert!(
                    (a - b).abs() < TOLERANCE * network.patch as f32,
                    "{kind:?} {settings:?} latent {a} {b}"
                );
            }
            let shape = codes.size().iter().map(|d| *d as usize).collect();
            let data = numbers(&codes).into_iter().map(|c| c as i32).collect();
            let mut inputs = vec![Array::I32 { shape, data }];
            if books.is_none() {
                inputs.push(array(&unit));
            }
            let mut found = floats(engine.load(&decoder).unwrap().run(inputs).unwrap());
            if let Some(correction) = &correction {
                let shape = samples.size().iter().map(|d| *d as usize).collect();
                let mut inputs = vec![Array::F32 { shape, data: found }];
                if books.is_none() {
                    inputs.push(array(&unit));
                }
                found = floats(engine.load(correction).unwrap().run(inputs).unwrap());
            }
            assert_eq!(found.len(), decoded.len());
            let worst = found.iter().zip(&decoded).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(
                worst <= TOLERANCE * spread,
                "{kind:?} {settings:?} step {step}: off by {worst}, spread {spread}"
            );
        }
    }
}

#[test]
fn conv() {
    let folder = tempfile::tempdir().unwrap();
    check(folder.path(), &[]);
    check(folder.path(), &["conv.encoder_blocks=1", "fsq.fitted_steps=true", "conv.unshuffle=4"]);
}

#[test]
fn conv_with_codebooks() {
    let folder = tempfile::tempdir().unwrap();
    check(folder.path(), &["model.quantiser=vq", "model.patch=8", "codebook.groups=2"]);
    let folder = tempfile::tempdir().unwrap();
    check(folder.path(), &["model.quantiser=rvq"]);
}

#[test]
fn resnet() {
    let folder = tempfile::tempdir().unwrap();
    check(
        folder.path(),
        &[
            "model.architecture=resnet",
            "model.patch=8",
            "resnet.width=8",
            "resnet.widest=16",
            "resnet.latents=24",
        ],
    );
    check(
        folder.path(),
        &[
            "model.architecture=resnet",
            "model.patch=8",
            "resnet.width=8",
            "resnet.widest=16",
            "model.quantiser=vq",
        ],
    );
}

#[test]
fn heads() {
    let folder = tempfile::tempdir().unwrap();
    check(
        folder.path(),
        &[
            "heads=[{bands=['*'], kind='continuous'}, {bands=['11'], kind='canopy', empty=0, bounds=[1, 9000]}]",
        ],
    );
}
