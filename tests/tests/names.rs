//! The codec's name in metadata, `vqz`, and its former name, `vqvae`, which stays readable.

use serde_json::{Value, json};
use std::sync::Arc;
use vqz_codec::config::Promise;
use vqz_tests::arrays::{Case, all, read, store};
use zarrs::array::{Array, ArrayMetadata, ArrayMetadataOptions};
use zarrs::storage::store::MemoryStore;

/// A lossless array, in shards or not.
fn case(shard: Option<&'static [u64]>) -> Case {
    Case { promise: Promise::Lossless, predicted: true, shard, ..Case::default() }
}

/// The case's metadata with another name of the codec.
fn metadata(case: &Case, name: &str) -> Value {
    let mut metadata = case.metadata();
    *written_name(&mut metadata) = json!(name);
    metadata
}

/// The codec's name in the metadata of an array, in shards or not.
fn written_name(metadata: &mut Value) -> &mut Value {
    let codec = &mut metadata["codecs"][0];
    match codec["name"] == "sharding_indexed" {
        true => &mut codec["configuration"]["codecs"][0]["name"],
        false => &mut codec["name"],
    }
}

/// An array whose metadata are stored at `path`.
fn create(memory: &Arc<MemoryStore>, path: &str, metadata: Value) -> Array<MemoryStore> {
    let metadata: ArrayMetadata = serde_json::from_value(metadata).expect("the metadata is sound");
    let array = Array::new_with_metadata(Arc::clone(memory), path, metadata).expect("zarrs takes it");
    array.store_metadata().expect("the metadata can be stored");
    array
}

#[test]
fn either_name_reads_the_same_chunks() {
    const SHARD: &[u64] = &[3, 128, 96];
    for shard in [None, Some(SHARD)] {
        let case = case(shard);
        let stored = case.bytes(&case.samples(3));
        let memory = Arc::new(MemoryStore::new());
        for name in ["vqz", "vqvae"] {
            store(&create(&memory, &format!("/{name}"), metadata(&case, name)), &stored);
            let array = Array::open(Arc::clone(&memory), &format!("/{name}")).expect("the name is known");
            assert_eq!(read(&array, &all(case.shape)), stored, "{name}");
        }
        let chunk = |name: &str| {
            let array = Array::open(Arc::clone(&memory), &format!("/{name}")).expect("the name is known");
            array.retrieve_encoded_chunk(&[0, 0, 0]).expect("the store answers").expect("the chunk is there")
        };
        assert!(chunk("vqz") == chunk("vqvae"), "the name changes the chunks");
    }
}

#[test]
fn zarrs_keeps_the_name_that_it_opened_unless_it_is_asked_to_convert() {
    let case = case(None);
    let memory = Arc::new(MemoryStore::new());
    create(&memory, "/a", metadata(&case, "vqvae"));
    let name = |options: &ArrayMetadataOptions| {
        let array = Array::open(Arc::clone(&memory), "/a").expect("the former name is known");
        array.store_metadata_opt(options).expect("the metadata can be stored");
        let again = Array::open(Arc::clone(&memory), "/a").expect("it opens again");
        let mut metadata = serde_json::to_value(again.metadata()).expect("metadata are JSON");
        written_name(&mut metadata).clone()
    };
    assert_eq!(name(&ArrayMetadataOptions::default()), "vqvae");
    assert_eq!(name(&ArrayMetadataOptions::default().with_convert_aliased_extension_names(true)), "vqz");
}

#[test]
fn a_codec_that_is_made_has_the_present_name() {
    let metadata = vqz_zarr::metadata(&case(None).configuration()).expect("the configuration is JSON");
    assert_eq!(metadata.name(), "vqz");
}

#[test]
fn other_names_are_refused() {
    let metadata: ArrayMetadata =
        serde_json::from_value(metadata(&case(None), "vqgan")).expect("the metadata is sound");
    let error = Array::new_with_metadata(Arc::new(MemoryStore::new()), "/a", metadata)
        .expect_err("no codec has this name");
    assert!(error.to_string().contains("vqgan"), "{error}");
}
