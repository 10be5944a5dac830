//! Corrections: tiles that say whether their picture is corrected, in every engine, and what is refused.

mod packages;

use packages::{entry, pack, unpack};
use std::sync::Arc;
use vqz_codec::config::EntropyCoder;
use vqz_codec::engine::EngineKind;
use vqz_codec::model::Model;
use vqz_codec::pipeline::{ChunkCodec, Options, Statistics};
use vqz_codec::{DataType, Error};
use vqz_tests::arrays::{Case, round_trip};
use vqz_tests::corrections::{FLOOR, correction};
use vqz_tests::models::{corrected, model};
use vqz_zarr::engines::chunk_codec;
use zip::CompressionMethod;

/// Two tiles: the left one's data reach down to the floor, the right one's stay far above.
const SHAPE: [usize; 3] = [2, 64, 512];
/// The bit of a tile's first byte that says that it is corrected.
const CORRECTED: u8 = 4;

fn case() -> Case {
    Case { shape: &[2, 64, 512], chunk: &[2, 64, 512], quality: 34.0, corrected: true, ..Case::default() }
}

fn samples(case: &Case) -> Vec<u8> {
    let mut samples = case.samples(6);
    for (i, sample) in samples.iter_mut().enumerate() {
        if i % 512 >= 256 {
            *sample += 100.0;
        }
    }
    case.bytes(&samples)
}

fn codec(case: &Case, model: &Arc<Model>, engine: Option<EngineKind>) -> vqz_codec::Result<ChunkCodec> {
    let mut configuration = case.configuration();
    configuration.model = Some(model.reference().expect("a small model can be embedded"));
    let options = Options::default().with_engine(engine);
    chunk_codec(&configuration, Arc::clone(model), case.data_type, &case.bytes(&[0.0]), options)
}

/// The ranges of a chunk's tiles.
fn tiles(codec: &ChunkCodec, chunk: &[u8]) -> Vec<std::ops::Range<usize>> {
    let plan = codec.plan(&SHAPE, chunk, &SHAPE.map(|n| 0..n)).expect("the chunk is sound");
    plan.ranges.iter().map(|r| r.start as usize..r.end as usize).collect()
}

fn statistics(codec: &ChunkCodec, chunk: &[u8]) -> Statistics {
    codec.statistics(&SHAPE, chunk).expect("the chunk is sound")
}

#[test]
fn each_tile_is_corrected_where_that_pays() {
    for entropy in [EntropyCoder::Rans, EntropyCoder::Lz4] {
        let case = Case { entropy, ..case() };
        let with = codec(&case, &corrected(2), None).expect("the case is sound");
        let without = codec(&case, &model(2), None).expect("the case is sound");
        let stored = samples(&case);
        let chunk = with.encode(&SHAPE, &stored).expect("it can be encoded");
        let modes: Vec<u8> = tiles(&with, &chunk).into_iter().map(|tile| chunk[tile.start]).collect();
        assert_eq!(modes, [CORRECTED, 0]);
        let read = with.decode(&SHAPE, &chunk).expect("it can be decoded");
        let values = case.values(&read);
        let left = values.iter().enumerate().filter(|(i, _)| i % 512 < 256);
        assert!(left.map(|(_, v)| *v).fold(f64::INFINITY, f64::min) >= f64::from(FLOOR));
        let plain = without.encode(&SHAPE, &stored).expect("it can be encoded");
        assert_eq!(chunk.len(), plain.len(), "the same codes");
        let [better, worse] = [statistics(&with, &chunk), statistics(&without, &plain)];
        assert!(better.mean_square_error() < 0.99 * worse.mean_square_error(), "{better:?} {worse:?}");
        // What the header says is what a reader gets, but for a rounding up to three bytes.
        let pairs = case.values(&stored).into_iter().zip(&values);
        let squares: f64 = pairs.map(|(a, b)| (a - b).powi(2)).sum();
        assert!((squares / values.len() as f64 / better.mean_square_error() - 1.0).abs() < 4e-5);
    }
}

#[test]
fn engines_agree_and_parts_are_those_of_the_whole() {
    let case = case();
    let stored = samples(&case);
    let _ = round_trip(&case, &stored);
    let native = codec(&case, &corrected(2), None).expect("the case is sound");
    assert!(native.engine().starts_with("native, with "), "{}", native.engine());
    let chunk = native.encode(&SHAPE, &stored).expect("it can be encoded");
    let wanted = case.values(&native.decode(&SHAPE, &chunk).expect("it can be decoded"));
    for kind in [EngineKind::Native, EngineKind::Tract, EngineKind::OnnxRuntime] {
        let engine = match codec(&case, &corrected(2), Some(kind)) {
            Ok(engine) => engine,
            Err(error) => {
                eprintln!("SKIPPED: engine {kind}: {error}");
                continue;
            }
        };
        let found = case.values(&engine.decode(&SHAPE, &chunk).expect("it can be decoded"));
        assert!(wanted.iter().zip(&found).all(|(a, b)| (a - b).abs() <= 1.0), "{kind}");
    }
}

#[test]
fn masks_and_ragged_tiles_are_corrected_too() {
    let case = Case {
        shape: &[2, 70, 300],
        chunk: &[2, 70, 300],
        data_type: DataType::Float32,
        fill: serde_json::json!("NaN"),
        ..case()
    };
    let mut samples = case.samples(6);
    samples
        .iter_mut()
        .enumerate()
        .filter(|(i, _)| i % 7 == 0 || i % 300 < 40)
        .for_each(|(_, v)| *v = f64::NAN);
    let _ = round_trip(&case, &case.bytes(&samples));
}

/// A chunk with the first byte of its first tile replaced, checksums made anew.
fn with_mode(codec: &ChunkCodec, chunk: &[u8], mode: u8) -> Vec<u8> {
    let tile = tiles(codec, chunk).remove(0);
    let mut changed = chunk.to_vec();
    changed[tile.start] = mode;
    let checksum = crc32c::crc32c(&changed[tile.start..tile.end - 4]);
    changed[tile.end - 4..tile.end].copy_from_slice(&checksum.to_le_bytes());
    changed
}

#[test]
fn modes_that_can_not_be_are_refused() {
    let case = case();
    let stored = samples(&case);
    let with = codec(&case, &corrected(2), None).expect("the case is sound");
    let chunk = with.encode(&SHAPE, &stored).expect("it can be encoded");
    for (mode, wanted) in [
        (3, "a mask's mode is 3, allowed are 0 to 2"),
        (7, "a mask's mode is 3, allowed are 0 to 2"),
        (8, "a tile's mode includes 8, but its chunk promises none"),
        (16, "a tile's mode includes 16, but its chunk promises nothing"),
        (20, "samples without a picture are coded in one way, without corrections"),
        (0x84, "a tile's mode is 132, allowed are at most 63"),
    ] {
        let error = with.decode(&SHAPE, &with_mode(&with, &chunk, mode)).unwrap_err();
        assert!(matches!(error, Error::Corrupt(_)), "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
    }
    // Uncorrected where a correction was meant: sound, if not what the writer saw.
    with.decode(&SHAPE, &with_mode(&with, &chunk, 0)).expect("it can be decoded");
    let without = codec(&case, &model(2), None).expect("the case is sound");
    let plain = without.encode(&SHAPE, &stored).expect("it can be encoded");
    let error = without.decode(&SHAPE, &with_mode(&without, &plain, CORRECTED)).unwrap_err().to_string();
    assert!(error.contains("a tile's mode includes 4, but the model has no correction"), "{error}");
}

#[test]
fn a_tile_without_valid_samples_has_nothing_to_correct() {
    let case = Case {
        data_type: DataType::Float32,
        nodata: vec![vqz_codec::config::NoData::Integer(-1), vqz_codec::config::NoData::Integer(-2)],
        ..case()
    };
    let codec = codec(&case, &corrected(2), None).expect("the case is sound");
    // Two values, or the tile would take no bytes at all.
    let samples: Vec<f64> = (0..SHAPE.iter().product()).map(|i: usize| -1.0 - (i % 2) as f64).collect();
    let chunk = codec.encode(&SHAPE, &case.bytes(&samples)).expect("it can be encoded");
    let mode = chunk[tiles(&codec, &chunk)[0].start];
    let error = codec.decode(&SHAPE, &with_mode(&codec, &chunk, mode | CORRECTED)).unwrap_err().to_string();
    assert!(error.contains("says how its samples are coded, but holds no valid sample"), "{error}");
}

#[test]
fn packages_hold_corrections_under_their_hash() {
    let (with, without) = (corrected(2), model(2));
    assert_ne!(with.sha256(), without.sha256());
    let bytes = with.to_bytes().expect("it can be packed");
    let again = Model::from_bytes(&bytes).expect("the package opens");
    assert_eq!((again.sha256(), again.correction()), (with.sha256(), with.correction()));
    let said = |change: &dyn Fn(&mut packages::Entries)| {
        let mut entries = unpack(&bytes);
        change(&mut entries);
        Model::from_bytes(&pack(&entries, CompressionMethod::Stored)).map(|m| m.sha256().to_owned())
    };
    let lost = said(&|entries| entries.retain(|(name, _)| name != "correction.onnx")).expect("it opens");
    assert_ne!(lost, with.sha256(), "a model without its correction is another model");
    let decoder = without.decoder().to_vec();
    let error =
        said(&|entries| *entry(entries, "correction.onnx") = decoder.clone()).unwrap_err().to_string();
    assert!(error.contains("correction.onnx takes (codes int32"), "{error}");
    let other = correction(3);
    let error = said(&|entries| entry(entries, "correction.onnx").truncate(other.len() / 2)).unwrap_err();
    assert!(matches!(error, Error::InvalidModel(_)), "{error}");
    let error = said(&|entries| *entry(entries, "correction.onnx") = other.clone()).unwrap_err().to_string();
    assert!(error.contains("correction.onnx declares 3 bands for picture, model.json has 2"), "{error}");
}
