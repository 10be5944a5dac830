//! Training and validation share no sample. The value of a sample encodes its position on Earth, and is the same at all
//! times and in all arrays. So the tests examine the samples that come out, not how they were chosen.

use super::{Fixture, group, one, open, small};
use crate::data::{
    Augmentation, BandScale, Block, Hiding, Loader, LoaderOptions, Mode, Pieces, Sampler, SamplerOptions,
    Source, Split, SplitOptions, split,
};
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use tempfile::TempDir;

fn sides(source: &Source, validation: f64, seed: u64) -> Split {
    split(source, &SplitOptions { validation, seed, patch: 8 }).unwrap()
}

/// The values of all valid samples that two epochs of batches hold, targets and inputs.
fn seen_in_training(source: &Arc<Source>, blocks: &[Block], options: &SamplerOptions) -> HashSet<u32> {
    let sampler = Sampler::new(Arc::clone(source), blocks.to_vec(), options.clone()).unwrap();
    let loader = Loader::start(
        sampler,
        LoaderOptions { readers: 2, queue: 4, epochs: Some(2), ..LoaderOptions::default() },
    )
    .unwrap();
    let mut seen = HashSet::new();
    for batch in loader {
        let batch = batch.unwrap();
        let valid = |i: usize| batch.valid.as_ref().is_none_or(|valid| valid[i] == 1);
        seen.extend(batch.samples.iter().enumerate().filter(|(i, _)| valid(*i)).map(|(_, v)| *v as u32));
    }
    seen
}

fn seen_in_validation(source: &Arc<Source>, blocks: &[Block]) -> HashSet<u32> {
    let pieces = Pieces::read(Arc::clone(source), blocks.to_vec()).unwrap();
    pieces.flat_map(|piece| piece.unwrap().samples).map(|v| v as u32).collect()
}

/// Whole epochs in both modes, with and without augmentation that keeps values, never show a sample of the other side.
fn assert_no_leak(source: &Arc<Source>, split: &Split) {
    let validation = seen_in_validation(source, &split.validation);
    assert!(!validation.is_empty());
    let hiding = Some(Hiding { fraction: 0.5, patch: 8 });
    for mode in [Mode::Chunk, Mode::Random { pool: 3 }] {
        for augmentation in [Augmentation::none(), Augmentation { hiding, ..Augmentation::default() }] {
            let options = SamplerOptions { mode, augmentation, sizes: vec![8, 16, 32], ..small() };
            let training = seen_in_training(source, &split.training, &options);
            assert!(!training.is_empty());
            assert_eq!(training.intersection(&validation).count(), 0, "{options:?}");
        }
    }
}

#[test]
fn chunks_of_one_array_are_split_with_all_their_times() {
    let fixture = Fixture::new(&["time", "band", "y", "x"], &[5, 2, 70, 90], &[2, 1, 16, 24]);
    let (_folder, source) = one(&fixture, |p| (p[2] * 90 + p[3]) as f64);
    for seed in 0..5 {
        let split = sides(&source, 0.2, seed);
        assert_eq!(split.training.len() + split.validation.len(), source.blocks().len());
        let samples = |blocks: &[Block]| blocks.iter().map(|b| source.samples(b)).sum::<u64>() as f64;
        let fraction = samples(&split.validation) / (5 * 2 * 70 * 90) as f64;
        assert!((0.2..0.3).contains(&fraction), "{fraction}");
        if seed < 2 {
            assert_no_leak(&source, &split);
        }
    }
    assert_eq!(sides(&source, 0.2, 3), sides(&source, 0.2, 3));
    assert_ne!(sides(&source, 0.2, 3), sides(&source, 0.2, 4));
}

#[test]
fn a_single_chunk_is_cut_in_two() {
    let fixture = Fixture::new(&["time", "y", "x"], &[3, 50, 40], &[1, 50, 40]);
    let (_folder, source) = one(&fixture, |p| (p[1] * 40 + p[2]) as f64);
    let split = sides(&source, 0.2, 0);
    assert_eq!(split.training.iter().map(|b| b.rows.clone()).collect::<Vec<_>>(), vec![0..40; 3]);
    assert_eq!(split.validation.iter().map(|b| b.rows.clone()).collect::<Vec<_>>(), vec![40..50; 3]);
    assert_no_leak(&source, &split);
    // One row of patches is left for each side, or it can't be done.
    let fixture = Fixture::new(&["y", "x"], &[15, 40], &[15, 40]);
    let (_folder, source) = one(&fixture, |_| 1.0);
    let error = split_error(&source, 0.1);
    assert!(error.starts_with("all data lie in one chunk of 15 rows ("), "{error}");
    assert!(
        error.ends_with("rechunk the array, add others, or leave validation out with data.validation=0"),
        "{error}"
    );
    assert_eq!(sides(&source, 0.0, 0).validation, []);
    assert_eq!(
        split_error(&source, 1.5),
        "the fraction for validation is 1.5, allowed are 0 to 0.9; 0.1 is usual"
    );
}

fn split_error(source: &Source, validation: f64) -> String {
    split(source, &SplitOptions { validation, seed: 0, patch: 8 }).unwrap_err().to_string()
}

#[test]
fn many_arrays_of_one_chunk_are_split_together() {
    let folder = TempDir::new().unwrap();
    group(folder.path());
    for site in 0..9u64 {
        // The last one is far larger than the rest.
        let side = if site == 8 { 64 } else { 24 };
        Fixture::new(&["y", "x"], &[side, side], &[side, side])
            .write(&folder.path().join(format!("site{site}")), |p| {
                (site * 10_000 + p[0] * side + p[1]) as f64
            });
    }
    let source = open(folder.path());
    for seed in 0..5 {
        let split = sides(&source, 0.05, seed);
        assert_eq!((split.training.len(), split.validation.len()), (8, 1));
        assert_ne!(split.validation[0].raster, 8, "seed {seed}");
    }
    assert_no_leak(&source, &sides(&source, 0.3, 1));
    let two = Split { training: source.blocks()[..1].to_vec(), validation: source.blocks()[1..2].to_vec() };
    assert_no_leak(&source, &two);
}

#[test]
fn one_of_a_few_large_places_is_cut_where_whole_ones_are_too_much() {
    let folder = TempDir::new().unwrap();
    group(folder.path());
    for site in 0..2u64 {
        Fixture::new(&["time", "y", "x"], &[4, 160, 24], &[1, 160, 24])
            .write(&folder.path().join(format!("site{site}")), |p| (site * 10_000 + p[1] * 24 + p[2]) as f64);
    }
    let source = open(folder.path());
    let split = sides(&source, 0.1, 0);
    let samples = |blocks: &[Block]| blocks.iter().map(|b| source.samples(b)).sum::<u64>();
    assert_eq!((samples(&split.training), samples(&split.validation)), (4 * 288 * 24, 4 * 32 * 24));
    let one = split.validation[0].raster;
    assert!(split.validation.iter().all(|block| block.raster == one && block.rows == (128..160)));
    assert_no_leak(&source, &split);
}

#[test]
fn arrays_over_the_same_pixels_are_one_site() {
    let folder = TempDir::new().unwrap();
    group(folder.path());
    for (name, chunk) in [("spring", 16), ("summer", 16), ("other", 16)] {
        let x0 = if name == "other" { 9000 } else { 1000 };
        let attributes = json!({"spatial:transform": [10, 0, x0, 0, -10, 5000], "proj:code": "EPSG:32631"});
        Fixture::new(&["y", "x"], &[48, 48], &[chunk, chunk])
            .with_attributes(attributes)
            .write(&folder.path().join(name), |p| (x0 * 10 + p[0] * 48 + p[1]) as f64);
    }
    let source = open(folder.path());
    for seed in 0..4 {
        assert_no_leak(&source, &sides(&source, 0.2, seed));
    }
    // With another chunk grid on the same site, the whole site is one place.
    let attributes = json!({"spatial:transform": [10, 0, 1000, 0, -10, 5000], "proj:code": "EPSG:32631"});
    Fixture::new(&["y", "x"], &[48, 48], &[20, 20])
        .with_attributes(attributes)
        .write(&folder.path().join("winter"), |p| (10_000 + p[0] * 48 + p[1]) as f64);
    let source = open(folder.path());
    for seed in 0..4 {
        assert_no_leak(&source, &sides(&source, 0.2, seed));
    }
    // And if there is nothing else, the site is cut across all its grids.
    std::fs::remove_dir_all(folder.path().join("other")).unwrap();
    let source = open(folder.path());
    assert_no_leak(&source, &sides(&source, 0.2, 0));
}

#[test]
fn changed_samples_come_from_the_same_side_too() {
    let fixture = Fixture::new(&["band", "y", "x"], &[1, 64, 64], &[1, 16, 16]);
    let (_folder, source) = one(&fixture, |p| (p[1] * 64 + p[2]) as f64);
    let split = sides(&source, 0.25, 0);
    let rows_and_columns = |block: &Block| {
        let region = source.region(block);
        (region[1].clone(), region[2].clone())
    };
    let bands = vec![BandScale { deviation: 100.0, continuous: true }];
    let augmentation = Augmentation { gain: 0.2, offset: 0.3, noise: 0.1, bands, ..Augmentation::default() };
    for mode in [Mode::Chunk, Mode::Random { pool: 4 }] {
        let options = SamplerOptions { mode, augmentation: augmentation.clone(), ..small() };
        let sampler = Sampler::new(Arc::clone(&source), split.training.clone(), options).unwrap();
        let loader = Loader::start(
            sampler,
            LoaderOptions { readers: 2, queue: 2, epochs: Some(3), ..LoaderOptions::default() },
        )
        .unwrap();
        for place in loader.flat_map(|batch| batch.unwrap().places) {
            let apart = |a: &std::ops::Range<u64>, (start, length): (u64, usize)| {
                a.end <= start || start + length as u64 <= a.start
            };
            for (rows, columns) in split.validation.iter().map(rows_and_columns) {
                assert!(apart(&rows, place.rows) || apart(&columns, place.columns), "{place:?}");
            }
        }
    }
}
