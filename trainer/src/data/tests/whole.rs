//! Whole pieces, statistics and windows.

use super::{Fixture, one};
use crate::data::{Pieces, statistics, windows};
use serde_json::json;
use std::sync::Arc;
use vqz_codec::DataType;

#[test]
fn validation_reads_each_piece_once_in_order() {
    let fixture = Fixture::new(&["time", "y", "x"], &[3, 20, 20], &[2, 16, 16])
        .with_attributes(json!({"_FillValue": 0.0}));
    let (folder, source) = one(&fixture, |p| (p[0] * 400 + p[1] * 20 + p[2]) as f64);
    let read = || Pieces::read(Arc::clone(&source), source.blocks()).unwrap();
    let pieces: Vec<_> = read().map(Result::unwrap).collect();
    assert_eq!(pieces.iter().map(|p| p.block.clone()).collect::<Vec<_>>(), source.blocks());
    assert_eq!((pieces[0].images, pieces[0].height, pieces[3].width), (2, 16, 4));
    // The only nodata sample was filled from its neighbours.
    assert_eq!(pieces[0].valid.as_ref().unwrap()[..2], [0, 1]);
    assert!(pieces[0].samples[0] > 0.0);
    drop(read());
    let mut begun = read();
    assert!(begun.next().unwrap().is_ok());
    drop(begun);
    std::fs::write(folder.path().join("c/0/0/1"), b"damaged").unwrap();
    let results: Vec<_> = read().collect();
    assert_eq!(results.len(), 2);
    assert!(results[1].as_ref().unwrap_err().to_string().starts_with("reading chunk 0/0/1"));
}

#[test]
fn validation_without_a_valid_sample_is_an_error() {
    let (_folder, source) = one(&Fixture::new(&["y", "x"], &[8, 8], &[8, 8]), |_| f64::NAN);
    let mut pieces = Pieces::read(Arc::clone(&source), source.blocks()).unwrap();
    assert_eq!(pieces.next().unwrap().unwrap().valid_samples(), 0);
    let error = pieces.next().unwrap().unwrap_err().to_string();
    assert_eq!(error, "no sample for validation is valid; check nodata, or split with another seed");
    assert!(pieces.next().is_none());
}

#[test]
fn statistics_are_those_of_the_valid_samples() {
    let fixture = Fixture::new(&["band", "y", "x"], &[2, 70, 50], &[2, 32, 32])
        .of_type(DataType::UInt16)
        .with_attributes(json!({"nodata": 0, "bands": ["red", "nir"]}));
    let value = |p: &[u64]| if p[2] < 10 { 0.0 } else { (1000 * (p[0] + 1) + p[1] * 50 + p[2]) as f64 };
    let (_folder, source) = one(&fixture, value);
    let all = statistics(&source, &source.blocks(), u64::MAX).unwrap();
    for (band, found) in all.iter().enumerate() {
        let values: Vec<f64> =
            (0..70).flat_map(|y| (10..50).map(move |x| (1000 * (band + 1) + y * 50 + x) as f64)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        assert_eq!(found.count, 70 * 40);
        assert!((found.mean - mean).abs() < 1e-9 && (found.deviation - variance.sqrt()).abs() < 1e-9);
        assert_eq!((found.minimum, found.maximum), (values[0], values[values.len() - 1]));
    }
    // A bound is kept, and what is seen is spread over all blocks.
    let some = statistics(&source, &source.blocks(), 4000).unwrap();
    assert!(some[0].count * 2 <= 4000 && some[0].count > 500, "{some:?}");
    let one_chunk = statistics(&source, &source.blocks()[..1], 10).unwrap();
    assert_eq!(one_chunk[0].count, 32 * 22, "one window at least");
}

#[test]
fn windows_are_even_and_bounded() {
    let fixture = Fixture::new(&["time", "y", "x"], &[4, 64, 64], &[1, 32, 32]);
    let (_folder, source) = one(&fixture, |p| if p[2] == 5 { f64::NAN } else { p[0] as f64 });
    let all = windows(&source, &source.blocks(), u64::MAX, 16).unwrap();
    assert_eq!(all.len(), 64);
    assert!(all.iter().all(|w| (w.height, w.width, w.samples.len()) == (16, 16, 256)));
    assert!(all[0].samples[5].is_nan() && all[0].samples[4] == 0.0);
    let some = windows(&source, &source.blocks(), 16 * 256, 16).unwrap();
    assert_eq!(some.len(), 16);
    let times: Vec<u32> = some.iter().map(|w| w.samples[0] as u32).collect();
    assert_eq!(times, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
}

#[test]
fn no_valid_sample_is_an_error() {
    let fixture = Fixture::new(&["band", "y", "x"], &[2, 8, 8], &[2, 8, 8])
        .with_attributes(json!({"band_names": ["a", "b"]}));
    let (_folder, source) = one(&fixture, |p| if p[0] == 1 { f64::NAN } else { 1.0 });
    let error = statistics(&source, &source.blocks(), 1000).unwrap_err().to_string();
    assert!(error.starts_with("band b has no valid sample; check data.nodata and the array"), "{error}");
    assert_eq!(windows(&source, &source.blocks(), 1000, 8).unwrap().len(), 1);
    let (_folder, source) = one(&fixture, |_| f64::NAN);
    let error = statistics(&source, &source.blocks(), 10).unwrap_err().to_string();
    assert!(error.ends_with("or examine more with data.max_samples"), "{error}");
    let error = windows(&source, &source.blocks(), 1000, 8).unwrap_err().to_string();
    assert!(error.starts_with("no sample is valid; check data.nodata and the array"), "{error}");
}
