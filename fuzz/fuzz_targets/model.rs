//! Model packages: opened, as they are and as they are embedded. One that opens is used, or refused when it is: its
//! graphs run in tract on inputs of one patch, and a chunk is written and read.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use std::sync::Arc;
use vqz_codec::axes::Axes;
use vqz_codec::config::{Configuration, EntropyCoder, ModelReference};
use vqz_codec::engine::{self, EngineKind, Tensor};
use vqz_codec::model::{Model, Quantiser};
use vqz_codec::pipeline::Options;
use vqz_codec::{DataType, Error, ErrorKind};
use vqz_fuzz::packages::{self, pack, unpack};
use vqz_fuzz::replace;
use vqz_tests::Random;
use vqz_tests::models::{corrected, images, model_of};
use vqz_tests::scalars::fit_scalars;
use vqz_zarr::engines::chunk_codec;
use vqz_zarr::models;

/// What a graph may make of a patch, in bytes: far less than this, far more than the seeds do.
const CEILING: usize = 256 << 20;
/// The most values that a graph is given.
const MAX_VALUES: usize = 1 << 14;

fuzz_target!(init: vqz_fuzz::start(CEILING, seeds()), |data: &[u8]| open(data));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random::new(u64::from(seed));
    if random.below(16) != 0
        && let Some(mut entries) = unpack(&data[..size])
    {
        packages::change(&mut entries, &mut random);
        if let Some(package) = pack(&entries).filter(|package| package.len() <= max_size) {
            return replace(data, max_size, &package);
        }
    }
    libfuzzer_sys::fuzzer_mutate(data, size, max_size)
});

fn seeds() -> Vec<Vec<u8>> {
    let linear = model_of(Quantiser::Fsq, 1);
    let network = fit_scalars(&linear, &images(1, 4), 6, "fuzz-scalars");
    let models =
        [linear, corrected(1), model_of(Quantiser::Vq, 2), model_of(Quantiser::Rvq, 2), Arc::new(network)];
    let whole = models.iter().map(|model| model.to_bytes().expect("a model can be packed"));
    let whole: Vec<Vec<u8>> = whole.collect();
    let half = |package: &Vec<u8>| {
        let mut entries = unpack(package)?;
        entries.retain(|(name, _)| name != "encoder.onnx");
        pack(&entries)
    };
    let halves: Vec<Vec<u8>> = whole.iter().filter_map(half).collect();
    [whole, halves].concat()
}

fn open(data: &[u8]) {
    // As embedded: whatever it is, it is not the model of this name.
    let (name, sha256) = ("fuzz".to_owned(), "0".repeat(64));
    let reference = ModelReference { name, sha256, decoder: Some(BASE64.encode(data)) };
    let refusal = models::find(&reference).expect_err("no model has such a hash");
    named(&refusal);
    match Model::from_bytes(data) {
        Err(error) => named(&error),
        Ok(model) => {
            assert!(refusal.to_string().contains("the embedded model has SHA-256"), "{refusal}");
            let again = Model::from_bytes(&model.to_bytes().expect("what was opened can be packed"));
            assert_eq!(again.expect("what was packed opens").sha256(), model.sha256());
            run(Arc::new(model));
        }
    }
}

/// Runs an opened model on a patch.
fn run(model: Arc<Model>) {
    let manifest = model.manifest().clone();
    let (bands, side, planes) = (manifest.bands.len(), manifest.patch, manifest.planes);
    let latents = manifest.latents();
    if bands * side * side > MAX_VALUES || planes.max(latents) > MAX_VALUES {
        return;
    }
    let tract = engine::open(EngineKind::Tract).expect("tract is built in");
    let step = || Tensor::F32 { shape: vec![1], data: vec![0.5] };
    let codes = Tensor::I32 { shape: vec![1, planes, 1, 1], data: vec![1; planes] };
    let picture =
        || Tensor::F32 { shape: vec![1, bands, side, side], data: vec![100.0; bands * side * side] };
    let scalar = model.codebooks().is_none();
    let with_step = |tensor: Tensor| if scalar { vec![tensor, step()] } else { vec![tensor] };
    let mut graphs = vec![(model.decoder(), with_step(codes))];
    graphs.extend(model.correction().map(|onnx| (onnx, with_step(picture()))));
    for (onnx, inputs) in graphs {
        match tract.load(onnx).and_then(|session| session.run(inputs)) {
            Ok(_) => {}
            Err(error) => used(&error),
        }
    }
    let Ok(axes) = Axes::from_names(&["band", "y", "x"]) else { return };
    let configuration = Configuration::new(axes).with_quality(40.0).with_entropy(EntropyCoder::Rans);
    let shape = [bands, side, side];
    let samples: Vec<u8> =
        (0..bands * side * side * 2).map(|i| if i % 2 == 0 { i as u8 } else { 0 }).collect();
    let options = Options::default().with_engine(Some(EngineKind::Tract));
    let codec = chunk_codec(&configuration, model, DataType::UInt16, &[0, 0], options);
    let written = codec.and_then(|codec| Ok((codec.encode(&shape, &samples)?, codec)));
    match written {
        Ok((chunk, codec)) => match codec.decode(&shape, &chunk) {
            Ok(read) => assert_eq!(read.len(), samples.len()),
            Err(error) => used(&error),
        },
        Err(error) => used(&error),
    }
}

/// What may be said of a package.
fn named(error: &Error) {
    let allowed = matches!(error, Error::InvalidModel(_) | Error::Limit(_) | Error::Unsupported(_));
    assert!(allowed && error.to_string().len() > 20, "a package is a \"{error}\"");
}

/// What may be said when a model that opened is used.
fn used(error: &Error) {
    let allowed = matches!(
        error.kind(),
        ErrorKind::InvalidModel
            | ErrorKind::MissingModel
            | ErrorKind::Limit
            | ErrorKind::Engine
            | ErrorKind::InvalidArgument
    );
    assert!(allowed && error.to_string().len() > 20, "using a model is a \"{error}\"");
}
