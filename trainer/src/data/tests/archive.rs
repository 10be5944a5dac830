//! Archives of the codec `vqz`, and the real sample that the repository ships.

use super::{open, small};
use crate::data::{
    Batch, Loader, LoaderOptions, Mode, Sampler, SamplerOptions, Source, SourceOptions, SplitOptions, split,
    statistics,
};
use std::path::PathBuf;
use std::sync::Arc;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn archives_read_like_what_they_decode_to() {
    let golden = repository().join("spec/golden/v0");
    for (name, blocks, masked) in
        [("int16-nodata-time", 4, true), ("int32-channels-last-sharded", 2, false), ("uint16-rans", 4, false)]
    {
        let archive = open(&golden.join(format!("{name}.zarr")));
        assert!(archive.rasters()[0].is_archive(), "errors add up, which a fit warns of");
        // The plain copy does not say what the codec's configuration does.
        let options = SourceOptions {
            nodata: if masked { vec![vqz_codec::config::NoData::Integer(-9999)] } else { Vec::new() },
            ..SourceOptions::default()
        };
        let plain = Source::open(&golden.join(format!("{name}.decoded.zarr")), &options).unwrap();
        assert_eq!(archive.blocks(), plain.blocks());
        assert_eq!(archive.blocks().len(), blocks, "{name}");
        let mut any_masked = false;
        for block in archive.blocks() {
            let (a, b) = (archive.read(&block).unwrap(), plain.read(&block).unwrap());
            assert_eq!((a.samples, &a.valid), (b.samples, &b.valid), "{name}");
            any_masked |= a.valid.is_some();
        }
        assert_eq!(any_masked, masked, "{name}");
    }
}

#[test]
fn the_shipped_sample_gives_batches() {
    let source = open(&repository().join("sample/sentinel2-l2a.zarr"));
    assert_eq!((source.bands(), source.blocks().len()), (12, 4));
    assert_eq!(source.band_names().unwrap()[7], "B08");
    let sides = split(&source, &SplitOptions::default()).unwrap();
    // Four dates of one place: all are cut at the same row.
    assert_eq!(sides.training.iter().map(|b| b.rows.clone()).collect::<Vec<_>>(), vec![0..160; 4]);
    assert_eq!(sides.validation.iter().map(|b| b.rows.clone()).collect::<Vec<_>>(), vec![160..192; 4]);
    let bands = statistics(&source, &sides.training, 4_000_000).unwrap();
    assert!(bands.iter().all(|band| band.count == 4 * 160 * 192 && band.mean > 0.0 && band.deviation > 50.0));
    for mode in [Mode::Chunk, Mode::Random { pool: 4 }] {
        let options = SamplerOptions { mode, sizes: vec![32, 64], ..small() };
        let sampler = Sampler::new(Arc::clone(&source), sides.training.clone(), options).unwrap();
        let loader =
            Loader::start(sampler, LoaderOptions { epochs: Some(1), ..LoaderOptions::default() }).unwrap();
        let batches: Vec<Batch> = loader.map(Result::unwrap).collect();
        assert!(batches.len() > 8);
        assert!(
            batches.iter().all(|batch| batch.valid.is_none() && batch.samples.iter().all(|v| *v > -1000.0))
        );
    }
}
