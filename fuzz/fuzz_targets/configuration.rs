//! The codec's configuration, and the whole of `zarr.json`. The first byte says which; what is taken is used on a small
//! chunk.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use serde_json::{Value, json};
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_codec::config::{Configuration, EntropyCoder, NoData, Promise};
use vqz_codec::pipeline::{ChunkCodec, Options};
use vqz_codec::{DataType, Error, ErrorKind};
use vqz_fuzz::replace;
use vqz_tests::Random;
use vqz_tests::arrays::Case;
use vqz_zarr::engines::chunk_codec;
use vqz_zarr::models;
use zarrs::array::codec::api::Codec;
use zarrs::array::{Array, ArrayBytes};
use zarrs::metadata::v3::MetadataV3;
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits};

const CEILING: usize = 64 << 20;
/// Samples of a chunk that is decoded.
const MAX_SAMPLES: u64 = 1 << 14;
const TYPES: [DataType; 6] = [
    DataType::UInt8,
    DataType::Int16,
    DataType::UInt16,
    DataType::Int32,
    DataType::Float32,
    DataType::Float64,
];

fuzz_target!(init: vqz_fuzz::start(CEILING, seeds()), |data: &[u8]| {
    match data.split_first() {
        Some((b'z', json)) => open(json),
        Some((_, json)) => create(json),
        None => {}
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random::new(u64::from(seed));
    if size > 1
        && random.below(3) != 0
        && let Ok(mut document) = serde_json::from_slice::<Value>(&data[1..size])
    {
        vqz_fuzz::json::mutate(&mut document, &mut random);
        let text = document.to_string().into_bytes();
        if text.len() < max_size {
            let first = data[0];
            return replace(data, max_size, &[&[first][..], &text].concat());
        }
    }
    libfuzzer_sys::fuzzer_mutate(data, size, max_size)
});

fn cases() -> Vec<Case> {
    let small = Case { shape: &[2, 24, 21], chunk: &[2, 24, 21], ..Case::default() };
    let promise = Promise::MaxError { bound: vec![0.5, 2.0], stable: true };
    vec![
        small.clone(),
        Case { entropy: EntropyCoder::Lz4, nodata: vec![NoData::Integer(7)], ..small.clone() },
        Case { promise: Promise::Lossless, predicted: true, ..small.clone() },
        Case {
            promise,
            predicted: true,
            data_type: DataType::Float32,
            fill: json!("NaN"),
            nodata: vec![NoData::Name("NaN".to_owned()), NoData::Float(-9999.5)],
            ..small.clone()
        },
        Case {
            axes: &["time", "band", "y", "x"],
            shape: &[2, 2, 50, 60],
            chunk: &[1, 2, 16, 16],
            shard: Some(&[2, 2, 32, 32]),
            ..small
        },
    ]
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for case in cases() {
        let (mut configuration, mut metadata) = (json!(case.configuration()), case.metadata());
        // The model is known to this process by its hash: seeds stay small.
        strip(&mut configuration);
        strip(&mut metadata);
        seeds.push([b"c", configuration.to_string().as_bytes()].concat());
        seeds.push([b"z", metadata.to_string().as_bytes()].concat());
    }
    seeds
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("decoder");
            map.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// A configuration as zarrs takes it, then the codec of every sample type.
fn create(text: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(text) else { return };
    let Ok(metadata) = serde_json::from_value::<MetadataV3>(json!({"name": "vqz", "configuration": value}))
    else {
        return;
    };
    let through_zarrs = Codec::from_metadata(&metadata);
    if let Err(error) = &through_zarrs {
        assert!(error.to_string().len() > 20, "\"{error}\" says too little");
    }
    let Ok(configuration) = serde_json::from_value::<Configuration>(value) else {
        assert!(through_zarrs.is_err(), "zarrs takes what serde does not");
        return;
    };
    let model = match configuration.model.as_ref().map(models::find).transpose() {
        Ok(model) => model,
        Err(error) => return configured(&error),
    };
    for data_type in TYPES {
        let fill = vec![0; data_type.size()];
        match chunk_codec(&configuration, model.clone(), data_type, &fill, Options::default()) {
            Ok(codec) => write(&codec, &configuration, data_type),
            Err(error) => configured(&error),
        }
    }
}

/// Writes a small chunk and reads it.
fn write(codec: &ChunkCodec, configuration: &Configuration, data_type: DataType) {
    let extent = |role: &Role| match role {
        Role::Y => 9,
        Role::X => 10,
        Role::Band | Role::Time => 2,
        Role::Other(_) => 1,
    };
    let shape: Vec<usize> = configuration.axes.roles().iter().map(extent).collect();
    let mut random = Random::new(1);
    let count: usize = shape.iter().product();
    let samples: Vec<u8> = (0..count)
        .flat_map(|i| {
            let value = (i / 5 % 40) as f64 + (random.below(3) as f64);
            let value = if i % 11 == 0 { 7.0 } else { value };
            match data_type {
                DataType::UInt8 => vec![value as u8],
                DataType::Int16 => (value as i16 - 9).to_ne_bytes().to_vec(),
                DataType::UInt16 => (value as u16).to_ne_bytes().to_vec(),
                DataType::Int32 => (value as i32 * 70_001).to_ne_bytes().to_vec(),
                DataType::Float32 => (value as f32 / 3.0).to_ne_bytes().to_vec(),
                DataType::Float64 => (value / 3.0).to_ne_bytes().to_vec(),
            }
        })
        .collect();
    let chunk = match codec.encode(&shape, &samples) {
        Ok(chunk) => chunk,
        Err(error) => return configured(&error),
    };
    let read = codec
        .decode(&shape, &chunk)
        .unwrap_or_else(|error| panic!("what was written can't be read: {error}"));
    assert_eq!(read.len(), samples.len());
    if configuration.promise == Promise::Lossless {
        assert!(read == samples, "samples were promised bit for bit");
    }
    let again = codec.decode(&shape, &chunk).expect("it was read before");
    assert!(read == again, "reading twice gives two results");
}

/// A whole `zarr.json`, and a chunk of such an array: one that is not there, and one that another array wrote.
fn open(text: &[u8]) {
    let store = Arc::new(MemoryStore::new());
    let key = StoreKey::new("a/zarr.json").expect("the key is sound");
    store.set(&key, text.to_vec().into()).expect("memory takes it");
    let array = match Array::open(Arc::clone(&store), "/a") {
        Ok(array) => array,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let first = vec![0; array.dimensionality()];
    let Ok(shape) = array.chunk_shape(&first) else { return };
    let samples = shape.iter().try_fold(1u64, |product, extent| product.checked_mul(extent.get()));
    if samples.is_none_or(|samples| samples > MAX_SAMPLES) {
        return;
    }
    // Errors are zarrs' own, or ours inside of them.
    let _ = array.retrieve_chunk::<ArrayBytes<'static>>(&first);
    let chunk = [b"VQZ\x01", text].concat();
    if store.set(&array.chunk_key(&first), chunk.into()).is_ok() {
        let _ = array.retrieve_chunk::<ArrayBytes<'static>>(&first);
    }
    let size = array.data_type().fixed_size().unwrap_or(0);
    let zeros = vec![0; samples.unwrap_or(0) as usize * size];
    if array.store_chunk(&first, ArrayBytes::new_flen(zeros)).is_ok() {
        let read = array.retrieve_chunk::<ArrayBytes<'static>>(&first);
        assert!(
            read.is_ok(),
            "what was written can't be read: {:?}",
            read.err().map(|error| error.to_string())
        );
    }
}

/// What may be said of a configuration.
fn configured(error: &Error) {
    let allowed = matches!(
        error.kind(),
        ErrorKind::InvalidArgument
            | ErrorKind::MissingModel
            | ErrorKind::InvalidModel
            | ErrorKind::Limit
            | ErrorKind::Unsupported
    );
    assert!(allowed && error.to_string().len() > 20, "a configuration is a \"{error}\"");
}
