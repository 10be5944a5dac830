//! Arrays through zarrs: written, read whole, read in parts, alone and in shards, synchronously and not.

use serde_json::json;
use std::sync::Arc;
use vqz_codec::DataType;
use vqz_codec::config::{EntropyCoder, NoData, Promise};
use vqz_tests::Random;
use vqz_tests::arrays::{Case, all, extract, read, round_trip, store};
use zarrs::array::{Array, ArrayBytes, ArraySubset};
use zarrs::storage::storage_adapter::performance_metrics::PerformanceMetricsStorageAdapter;
use zarrs::storage::storage_adapter::sync_to_async::{SyncToAsyncSpawnBlocking, SyncToAsyncStorageAdapter};
use zarrs::storage::store::MemoryStore;

#[test]
fn all_sample_types() {
    for data_type in DataType::ALL {
        for entropy in [EntropyCoder::Rans, EntropyCoder::Lz4] {
            let case = Case { data_type, entropy, ..Case::default() };
            let _ = round_trip(&case, &case.bytes(&case.samples(1)));
        }
    }
}

#[test]
fn axes_in_any_order_and_number() {
    let cases: [(&[&str], &[u64], &[u64]); 8] = [
        (&["y", "x"], &[83, 70], &[40, 48]),
        (&["x", "y"], &[83, 70], &[40, 48]),
        (&["y", "x", "band"], &[50, 41, 3], &[50, 20, 3]),
        (&["y", "band", "x"], &[50, 4, 41], &[33, 4, 41]),
        (&["time", "band", "y", "x"], &[5, 2, 40, 33], &[2, 2, 24, 33]),
        (&["x", "time", "y", "band"], &[33, 3, 40, 2], &[20, 3, 40, 2]),
        (&["month", "time", "band", "y", "x"], &[2, 3, 2, 30, 25], &[1, 2, 2, 30, 16]),
        (&["metric", "month", "time", "y", "band", "x"], &[2, 2, 3, 20, 2, 24], &[1, 2, 2, 16, 2, 24]),
    ];
    for (i, (axes, shape, chunk)) in cases.into_iter().enumerate() {
        let data_type = DataType::ALL[i % DataType::ALL.len()];
        let case = Case { axes, shape, chunk, data_type, ..Case::default() };
        let _ = round_trip(&case, &case.bytes(&case.samples(3)));
    }
}

/// A model takes the bands by the order in the configuration: the chunk equals that of an array whose bands stand in that
/// order, and comes back in the array's own.
#[test]
fn bands_in_another_order() {
    let order: &[usize] = &[2, 0, 1];
    let bounds = || Promise::MaxError { bound: vec![4.0, 12.0, 8.0], stable: false };
    let case = |axes, shape, chunk, promise| Case { axes, shape, chunk, promise, ..Case::default() };
    let cases = [
        case(&["band", "y", "x"], &[3, 90, 70], &[3, 64, 48], Promise::Quality),
        case(&["y", "x", "band"], &[90, 70, 3], &[64, 48, 3], Promise::Quality),
        case(&["time", "y", "band", "x"], &[2, 50, 3, 41], &[2, 33, 3, 41], Promise::Quality),
        case(&["band", "y", "x"], &[3, 90, 70], &[3, 64, 48], bounds()),
    ];
    for own in cases {
        let own = Case { data_type: DataType::Int16, nodata: vec![NoData::Integer(-32)], ..own };
        let (axes, shape) = (own.axes, own.shape);
        let other = Case { band_order: order, ..own.clone() };
        let samples = own.bytes(&own.samples(3));
        let found = round_trip(&other, &samples);
        // The same samples, with the bands in the model's order.
        let band = axes.iter().position(|axis| *axis == "band").unwrap();
        let moved = |bytes: &[u8], order: &[usize]| -> Vec<u8> {
            let places = vqz_tests::arrays::places(shape);
            places
                .flat_map(|mut place| {
                    place[band] = order[place[band] as usize] as u64;
                    let region: Vec<_> = place.iter().map(|at| *at..*at + 1).collect();
                    extract(bytes, shape, 2, &region)
                })
                .collect()
        };
        let promise = match own.promise.clone() {
            Promise::MaxError { bound, stable } => {
                Promise::MaxError { bound: order.iter().map(|band| bound[*band]).collect(), stable }
            }
            promise => promise,
        };
        let straight = Case { promise, ..own };
        let expected = round_trip(&straight, &moved(&samples, order));
        assert!(moved(&found, order) == expected, "{axes:?}");
        // Single bands, in parts.
        let memory = Arc::new(MemoryStore::new());
        let array = other.create(&memory, "/a");
        store(&array, &samples);
        for wanted in 0..3 {
            let mut region: Vec<_> = shape.iter().map(|n| n / 4..*n).collect();
            region[band] = wanted..wanted + 1;
            let part = read(&array, &region);
            assert!(part == extract(&found, shape, 2, &region), "{axes:?}, band {wanted}");
        }
    }
}

#[test]
fn an_order_that_lacks_a_band_is_refused() {
    for order in [&[0, 1][..], &[0, 1, 1], &[1, 2, 3], &[0, 1, 2, 3]] {
        let case = Case { band_order: order, ..Case::default() };
        let array = case.create(&Arc::new(MemoryStore::new()), "/a");
        let samples = ArrayBytes::new_flen(case.bytes(&case.samples(1)));
        let error = array.store_array_subset(&array.subset_all(), samples).unwrap_err().to_string();
        assert!(error.contains("the order of the bands is ["), "{error}");
    }
}

#[test]
fn several_tiles_in_a_chunk() {
    let case = Case { shape: &[2, 530, 300], chunk: &[2, 520, 290], ..Case::default() };
    let _ = round_trip(&case, &case.bytes(&case.samples(4)));
}

#[test]
fn masks_come_back_bit_for_bit_and_valid_samples_stay_valid() {
    // Nodata in the midst of the valid range, at a quality so low that errors are larger than the distance to it.
    let mut random = Random::new(11);
    for data_type in DataType::ALL {
        for quality in [20.0, 45.0] {
            let nodata = vec![NoData::Integer(120), NoData::Integer(0)];
            let case = Case { data_type, quality, nodata, ..Case::default() };
            let mut samples = case.samples(5);
            for (i, sample) in samples.iter_mut().enumerate() {
                let x = i % 70;
                if x < 9 || random.below(50) == 0 {
                    *sample = 0.0;
                } else if sample.round() == 120.0 || *sample == 0.0 {
                    *sample = 121.0;
                }
            }
            let _ = round_trip(&case, &case.bytes(&samples));
        }
    }
}

#[test]
fn nan_payloads_and_infinities_are_restored() {
    let patterns = [0x7fc0_0000u32, 0x7fc0_0123, 0xffc0_0000, 0x7f80_0001, 0x7f80_0000, 0xff80_0000];
    let case =
        Case { data_type: DataType::Float32, fill: json!("NaN"), shape: &[2, 60, 60], ..Case::default() };
    let case = Case { chunk: &[2, 40, 40], ..case };
    let mut stored = case.bytes(&case.samples(6));
    let mut random = Random::new(12);
    let mut put = |at: usize, bits: u32| stored[at * 4..at * 4 + 4].copy_from_slice(&bits.to_ne_bytes());
    // A swath edge that both bands share, and single samples in one band.
    for band in 0..2 {
        for y in 0..60 {
            for x in 0..y / 3 {
                put((band * 60 + y) * 60 + x, patterns[0]);
            }
        }
    }
    for _ in 0..300 {
        put(3600 + random.below(3600) as usize, patterns[random.below(6) as usize]);
    }
    let _ = round_trip(&case, &stored);
}

#[test]
fn a_masked_array_takes_a_few_bytes_a_chunk() {
    let case = Case {
        data_type: DataType::Float32,
        fill: json!(0.0),
        shape: &[2, 512, 512],
        chunk: &[2, 256, 256],
        ..Case::default()
    };
    let memory = Arc::new(MemoryStore::new());
    let array = case.create(&memory, "/a");
    let stored = f32::NAN.to_ne_bytes().repeat(2 * 512 * 512);
    store(&array, &stored);
    for chunk in [[0, 0, 0], [0, 1, 1]] {
        let bytes =
            array.retrieve_encoded_chunk(&chunk).expect("the store answers").expect("the chunk is there");
        assert!(bytes.len() <= 64, "a chunk without data takes {} bytes", bytes.len());
    }
    assert!(read(&array, &all(case.shape)) == stored);
}

#[test]
fn chunks_of_fill_value_are_left_out_and_ragged_edges_are_exact() {
    let case = Case { fill: json!(9), ..Case::default() };
    let memory = Arc::new(MemoryStore::new());
    let array = case.create(&memory, "/a");
    store(&array, &case.bytes(&vec![9.0; 3 * 90 * 70]));
    assert!(array.retrieve_encoded_chunk(&[0, 0, 0]).expect("the store answers").is_none());
    assert_eq!(case.values(&read(&array, &[0..1, 3..5, 60..63])), [9.0; 6]);

    // A chunk that sticks out of the array comes back as it was padded.
    let stored = case.bytes(&case.samples(7));
    store(&array, &stored);
    let whole: ArrayBytes<'static> = array.retrieve_chunk(&[0, 1, 1]).expect("the chunk can be read");
    let whole = whole.into_fixed().expect("samples have a fixed length");
    let outside = extract(&whole, &[3, 64, 48], 2, &[0..3, 26..64, 0..48]);
    assert!(case.values(&outside).iter().all(|v| *v == 9.0));
}

#[test]
fn parts_of_a_chunk_can_be_written() {
    for shard in [None, Some(&[3, 128, 96][..])] {
        let case = Case { shard, ..Case::default() };
        let memory = Arc::new(MemoryStore::new());
        let array = case.create(&memory, "/a");
        let mut stored = case.bytes(&case.samples(8));
        store(&array, &stored);
        let region = [1..2, 60..70, 40..55];
        let new = vec![200.0; 150];
        array
            .store_array_subset(
                &ArraySubset::new_with_ranges(&region),
                ArrayBytes::new_flen(case.bytes(&new)),
            )
            .expect("a part can be stored");
        for y in 60..70 {
            for x in 40..55 {
                let at = (90 + y) * 70 + x;
                stored[at * 2..at * 2 + 2].copy_from_slice(&200u16.to_ne_bytes());
            }
        }
        // Its surroundings were decoded and encoded again, so the quality is checked with some slack.
        Case { quality: 42.0, ..case.clone() }.check(&stored, &read(&array, &all(case.shape)));
    }
}

#[test]
fn shards() {
    for entropy in [EntropyCoder::Rans, EntropyCoder::Lz4] {
        let case = Case {
            axes: &["time", "band", "y", "x"],
            shape: &[3, 2, 150, 170],
            chunk: &[1, 2, 32, 64],
            shard: Some(&[2, 2, 128, 128]),
            entropy,
            ..Case::default()
        };
        let stored = case.bytes(&case.samples(9));
        let whole = round_trip(&case, &stored);
        let alone = Case { shard: None, ..case };
        assert!(whole == round_trip(&alone, &stored), "sharding changes no sample");
    }
}

#[test]
fn a_small_read_reads_little() {
    for shard in [None, Some(&[2, 1024, 1024][..])] {
        let case = Case {
            shape: &[2, 1024, 1024],
            chunk: if shard.is_some() { &[2, 512, 512] } else { &[2, 1024, 1024] },
            shard,
            quality: 50.0,
            ..Case::default()
        };
        let memory = Arc::new(MemoryStore::new());
        store(&case.create(&memory, "/a"), &case.bytes(&case.samples(10)));
        let metered = Arc::new(PerformanceMetricsStorageAdapter::new(memory));
        let array = Array::open(Arc::clone(&metered), "/a").expect("what was stored opens");
        metered.reset();
        let whole = read(&array, &all(case.shape));
        let all_bytes = metered.bytes_read();
        metered.reset();
        let part = read(&array, &[0..2, 300..310, 700..710]);
        let few_bytes = metered.bytes_read();
        assert!(part == extract(&whole, case.shape, 2, &[0..2, 300..310, 700..710]));
        assert!(few_bytes * 8 < all_bytes, "a window of one tile read {few_bytes} of {all_bytes} bytes");
    }
}

#[test]
fn metadata_is_written_back_exactly() {
    for shard in [None, Some(&[3, 128, 96][..])] {
        let nodata = vec![NoData::Integer(-9999), NoData::Float(0.5), NoData::Name("NaN".to_owned())];
        let case = Case { shard, nodata, quality: 42.5, data_type: DataType::Float32, ..Case::default() };
        let memory = Arc::new(MemoryStore::new());
        case.create(&memory, "/a");
        let array = Array::open(memory, "/a").expect("what was stored opens");
        let written = serde_json::to_value(array.metadata()).expect("metadata is JSON");
        assert_eq!(written["codecs"], case.metadata()["codecs"]);
    }
}

#[test]
fn writing_is_reproducible_whatever_the_number_of_threads() {
    let case = Case { shape: &[2, 530, 300], chunk: &[2, 520, 290], ..Case::default() };
    let stored = case.bytes(&case.samples(13));
    let encoded = |threads| {
        let memory = Arc::new(MemoryStore::new());
        let array = case.create(&memory, "/a");
        let options = zarrs::array::CodecOptions::default().with_concurrent_target(threads);
        let chunk = ArrayBytes::new_flen(stored.clone());
        array.store_array_subset_opt(&array.subset_all(), chunk, &options).expect("the array can be stored");
        array.retrieve_encoded_chunk(&[0, 0, 0]).expect("the store answers").expect("the chunk is there")
    };
    assert!(encoded(1) == encoded(4));
}

struct Blocking;

impl SyncToAsyncSpawnBlocking for Blocking {
    async fn spawn_blocking<F, R>(&self, work: F) -> R
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        tokio::task::spawn_blocking(work).await.expect("the storage does not panic")
    }
}

#[test]
fn asynchronous_reads_equal_synchronous_ones() {
    for shard in [None, Some(&[3, 600, 320][..])] {
        let case = Case { shape: &[3, 590, 300], chunk: &[3, 300, 320], shard, ..Case::default() };
        let memory = Arc::new(MemoryStore::new());
        let array = case.create(&memory, "/a");
        store(&array, &case.bytes(&case.samples(14)));
        let adapter = Arc::new(SyncToAsyncStorageAdapter::new(Arc::clone(&memory), Blocking));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be had");
        runtime.block_on(async {
            let asynchronous = Array::async_open(adapter, "/a").await.expect("what was stored opens");
            let mut random = Random::new(15);
            let mut regions: Vec<Vec<_>> =
                (0..10).map(|_| case.shape.iter().map(|extent| random.part(*extent)).collect()).collect();
            regions.push(all(case.shape));
            for region in regions {
                let bytes: ArrayBytes<'static> = asynchronous
                    .async_retrieve_array_subset(&ArraySubset::new_with_ranges(&region))
                    .await
                    .unwrap_or_else(|e| panic!("region {region:?} can't be read: {e}"));
                let bytes = bytes.into_fixed().expect("samples have a fixed length");
                assert!(*bytes == *read(&array, &region), "{region:?}");
            }
            // A chunk that does not exist is all fill value.
            array.erase_chunk(&[0, 0, 0]).expect("the chunk can be erased");
            let window = ArraySubset::new_with_ranges(&[0..3, 4..9, 4..9]);
            let bytes: ArrayBytes<'static> =
                asynchronous.async_retrieve_array_subset(&window).await.expect("a missing chunk can be read");
            assert!(bytes.into_fixed().expect("samples have a fixed length").iter().all(|byte| *byte == 0));
        });
    }
}

#[test]
fn single_samples_can_be_picked() {
    let case = Case { shape: &[3, 300, 300], chunk: &[3, 300, 300], ..Case::default() };
    let memory = Arc::new(MemoryStore::new());
    let array = case.create(&memory, "/a");
    store(&array, &case.bytes(&case.samples(16)));
    let whole = read(&array, &all(case.shape));
    let decoder = array.partial_decoder(&[0, 0, 0]).expect("a partial decoder can be had");
    let mut random = Random::new(17);
    let places: Vec<Vec<u64>> =
        (0..50).map(|_| case.shape.iter().map(|n| random.below(*n)).collect()).collect();
    let picked = decoder.partial_decode(&places, &Default::default()).expect("samples can be picked");
    let wanted: Vec<u8> = places
        .iter()
        .flat_map(|place| {
            let region: Vec<_> = place.iter().map(|at| *at..*at + 1).collect();
            extract(&whole, case.shape, 2, &region)
        })
        .collect();
    assert_eq!(*picked.into_fixed().expect("samples have a fixed length"), *wanted);
    assert!(decoder.size_held() > 0, "the header is kept");
}
