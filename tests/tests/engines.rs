//! One suite for every engine that is available: the same codes decode to the same samples, within the tolerance that the model
//! states.

use std::sync::Arc;
use vqz_codec::DataType;
use vqz_codec::engine::EngineKind;
use vqz_codec::model::Quantiser;
use vqz_tests::arrays::{Case, all, read, store};
use vqz_tests::skipped;
use zarrs::array::codec::api::CodecSpecificOptions;
use zarrs::array::{Array, ArrayBytes};
use zarrs::storage::store::MemoryStore;

#[test]
fn engines_agree_within_the_tolerance() {
    agree(Quantiser::Fsq);
}

#[test]
fn engines_agree_on_codebooks() {
    agree(Quantiser::Vq);
    agree(Quantiser::Rvq);
}

fn agree(quantiser: Quantiser) {
    let case = Case { data_type: DataType::Float32, quantiser, ..Case::default() };
    let memory = Arc::new(MemoryStore::new());
    store(&case.create(&memory, "/a"), &case.bytes(&case.samples(1)));
    let open = || Array::open(Arc::clone(&memory), "/a").expect("what was stored opens");
    let reference = case.values(&read(&open(), &all(case.shape)));
    let tolerance = case.model().manifest().tolerance;
    assert!(tolerance > 0.0 && tolerance < 0.05, "the model states a tolerance of {tolerance}");

    for engine in EngineKind::ALL {
        let options = CodecSpecificOptions::default().with_option(engine);
        let array = open().with_codec_specific_options(&options);
        let found: Result<ArrayBytes<'static>, _> = array.retrieve_array_subset(&array.subset_all());
        let found = match found {
            Ok(found) => case.values(&found.into_fixed().expect("samples have a fixed length")),
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains("engine: "), "{engine}: {error}");
                let wanted = match engine {
                    EngineKind::Native => quantiser == Quantiser::Fsq,
                    EngineKind::Tract => true,
                    EngineKind::OnnxRuntimeCuda => std::env::var_os("VQZ_TEST_GPU").is_some(),
                    EngineKind::OnnxRuntime => false,
                };
                assert!(!wanted, "{engine} must be there: {error}");
                skipped(&format!("engine {engine}"), &error);
                continue;
            }
        };
        let worst = reference.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst <= tolerance, "{engine} is off by {worst}, the model states {tolerance}");
        println!("{quantiser}, {engine}: off by {worst:e} at most, {tolerance:e} is allowed");
    }
}
