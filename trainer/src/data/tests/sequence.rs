//! The sequence of batches: where crops come from, how many, in which order, and how it goes on after a stop.

use super::{Fixture, one, small};
use crate::data::{
    Augmentation, BandScale, Batch, Hiding, Loader, LoaderOptions, Mode, Sampler, SamplerOptions, Source,
};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vqz_codec::DataType;

fn sampler(source: &Arc<Source>, options: &SamplerOptions) -> Sampler {
    Sampler::new(Arc::clone(source), source.blocks(), options.clone()).unwrap()
}

fn batches(source: &Arc<Source>, options: &SamplerOptions, readers: usize, epochs: u64) -> Vec<Batch> {
    let how = LoaderOptions { readers, queue: 3, epochs: Some(epochs), ..LoaderOptions::default() };
    Loader::start(sampler(source, options), how).unwrap().map(Result::unwrap).collect()
}

/// Two bands and three times in chunks of 32 with ragged edges; the right half of the second band is nodata.
fn scene() -> (tempfile::TempDir, Arc<Source>) {
    let fixture = Fixture::new(&["time", "band", "y", "x"], &[3, 2, 72, 80], &[2, 2, 32, 32])
        .of_type(DataType::Int16)
        .with_attributes(serde_json::json!({"nodata": -1}));
    one(&fixture, |p| if p[1] == 1 && p[3] >= 40 { -1.0 } else { (p[0] * 6000 + p[2] * 80 + p[3]) as f64 })
}

fn everything() -> Augmentation {
    Augmentation {
        gain: 0.1,
        offset: 0.2,
        noise: 0.1,
        hiding: Some(Hiding { fraction: 0.25, patch: 8 }),
        bands: vec![BandScale { deviation: 50.0, continuous: true }; 2],
        ..Augmentation::default()
    }
}

fn both_modes() -> [SamplerOptions; 2] {
    [Mode::Chunk, Mode::Random { pool: 4 }].map(|mode| SamplerOptions {
        mode,
        sizes: vec![16, 24],
        augmentation: everything(),
        ..small()
    })
}

#[test]
fn a_batch_of_mode_chunk_comes_from_one_chunk() {
    let (_folder, source) = scene();
    let options = SamplerOptions { sizes: vec![8, 16], ..small() };
    let all = batches(&source, &options, 2, 2);
    let mut sizes = HashSet::new();
    for (i, batch) in all.iter().enumerate() {
        assert_eq!((batch.index, batch.next.index), (i as u64, i as u64 + 1));
        let chunks: HashSet<_> = batch.places.iter().map(|place| place.block.clone()).collect();
        assert_eq!(chunks.len(), 1);
        assert!(batch.describe(&source).contains('/'));
        sizes.insert(batch.height);
        // Without augmentation a crop is a window of the array, mask included.
        let plane = batch.height * batch.width;
        for (n, place) in batch.places.iter().enumerate() {
            let time = source.region(&place.block)[0].start + place.image as u64;
            for band in 0..2 {
                for y in 0..place.rows.1 {
                    for x in 0..place.columns.1 {
                        let at = (n * 2 + band) * plane + y * batch.width + x;
                        let (row, column) = (place.rows.0 + y as u64, place.columns.0 + x as u64);
                        let masked = band == 1 && column >= 40;
                        assert_eq!(batch.valid.as_ref().is_some_and(|valid| valid[at] == 0), masked);
                        if !masked {
                            assert_eq!(batch.samples[at], (time * 6000 + row * 80 + column) as f32);
                        }
                    }
                }
            }
        }
    }
    assert_eq!(sizes, HashSet::from([8, 16]));
    // Every chunk is visited in both epochs, in another order.
    let order = |epoch: u64| {
        let mut order: Vec<_> =
            all.iter().filter(|b| b.epoch == epoch).map(|b| b.places[0].block.clone()).collect();
        order.dedup();
        order
    };
    assert_eq!((order(0).len(), order(1).len()), (18, 18));
    assert_ne!(order(0), order(1));
}

#[test]
fn crops_are_as_many_as_the_valid_area_is_worth() {
    let (_folder, source) = scene();
    let options = SamplerOptions { sizes: vec![8], ..small() };
    let area = |all: &[Batch]| all.iter().map(|b| b.images * 64).sum::<usize>() as f64;
    let valid = (3 * 72 * 80) as f64 * 0.75;
    let crops = area(&batches(&source, &options, 2, 1));
    assert!((0.9..1.1).contains(&(crops / valid)), "{crops} of {valid}");
    let expected = sampler(&source, &options).expected_batches() as f64;
    assert!((expected * 256.0 / (3.0 * 72.0 * 80.0) - 1.0).abs() < 0.1, "{expected}");
    let crops = area(&batches(&source, &SamplerOptions { mode: Mode::Random { pool: 5 }, ..options }, 2, 1));
    assert!((0.9..1.1).contains(&(crops / valid)), "{crops} of {valid}");
}

#[test]
fn a_batch_of_mode_random_comes_from_many_chunks() {
    let (_folder, source) = scene();
    let options = SamplerOptions { mode: Mode::Random { pool: 6 }, ..small() };
    let all = batches(&source, &options, 2, 1);
    let chunks = |batch: &Batch| batch.places.iter().map(|p| p.block.chunk).collect::<HashSet<_>>().len();
    let full: Vec<&Batch> = all.iter().filter(|batch| batch.images == 4).collect();
    assert!(full.len() > 3);
    assert!(full.iter().all(|batch| chunks(batch) >= 2));
    assert!(full.iter().map(|batch| chunks(batch)).sum::<usize>() >= 3 * full.len());
    let seen: HashSet<u64> =
        all.iter().flat_map(|batch| batch.places.iter().map(|p| p.block.chunk)).collect();
    assert!(seen.len() >= 16, "{} of 18 chunks", seen.len());
}

#[test]
fn the_number_of_readers_changes_nothing() {
    let (_folder, source) = scene();
    for options in both_modes() {
        let alone = batches(&source, &options, 1, 3);
        assert!(alone.len() > 15);
        assert!(
            alone
                .iter()
                .any(|batch| batch.valid.is_some() && batch.hidden.is_some() && batch.input.is_some())
        );
        assert_eq!(alone, batches(&source, &options, 5, 3));
        let other = batches(&source, &SamplerOptions { seed: 1, ..options }, 1, 3);
        assert_ne!(alone[0].places, other[0].places);
    }
}

#[test]
fn a_saved_place_resumes_with_the_next_batch() {
    let (_folder, source) = scene();
    for options in both_modes() {
        let how = LoaderOptions { readers: 2, queue: 3, epochs: Some(2), ..LoaderOptions::default() };
        let all = batches(&source, &options, 2, 2);
        for (i, batch) in all.iter().enumerate().step_by(5).chain([(all.len() - 1, &all[all.len() - 1])]) {
            let saved = serde_json::to_string(&batch.next).unwrap();
            let state = serde_json::from_str(&saved).unwrap();
            let loader = Loader::resume(sampler(&source, &options), how, state).unwrap();
            let rest: Vec<Batch> = loader.map(Result::unwrap).collect();
            assert_eq!(rest, all[i + 1..], "after batch {i}");
        }
        let other = SamplerOptions { seed: 9, ..options };
        let error = Loader::resume(sampler(&source, &other), how, all[0].next).unwrap_err().to_string();
        assert!(error.starts_with("the saved place belongs to other data, another split"), "{error}");
    }
}

#[test]
fn kept_chunks_are_read_once_and_change_nothing() {
    let (folder, source) = scene();
    for options in both_modes() {
        let count = batches(&source, &options, 2, 3).len();
        let run = |keep: u64| {
            let how = LoaderOptions { readers: 2, queue: 3, keep, epochs: Some(3) };
            Loader::start(sampler(&source, &options), how).unwrap()
        };
        let read: Vec<Batch> = run(0).map(Result::unwrap).collect();
        assert_eq!(read, run(u64::MAX).map(Result::unwrap).collect::<Vec<_>>());
        // After the first epoch nothing is on disk any more.
        let mut kept = run(u64::MAX);
        let mut unkept = run(0);
        let first: Vec<Batch> =
            kept.by_ref().map(Result::unwrap).take_while(|batch| batch.epoch == 0).collect();
        let moved = folder.path().join("moved");
        std::fs::rename(folder.path().join("c"), &moved).unwrap();
        for chunk in 0..2 {
            std::fs::create_dir_all(folder.path().join(format!("c/{chunk}/0/0"))).unwrap();
            for (y, x) in (0..3).flat_map(|y| (0..3).map(move |x| (y, x))) {
                let place = folder.path().join(format!("c/{chunk}/0/{y}/{x}"));
                std::fs::create_dir_all(place.parent().unwrap()).unwrap();
                std::fs::write(place, b"damaged").unwrap();
            }
        }
        // One batch of the second epoch was taken off to see that it had begun.
        assert_eq!(first.len() + 1 + kept.map(Result::unwrap).count(), count);
        assert!(unkept.any(|batch| batch.is_err()));
        std::fs::remove_dir_all(folder.path().join("c")).unwrap();
        std::fs::rename(moved, folder.path().join("c")).unwrap();
    }
}

#[test]
fn used_buffers_change_nothing() {
    let (_folder, source) = scene();
    for options in both_modes() {
        let all = batches(&source, &options, 1, 2);
        let how = LoaderOptions { readers: 2, queue: 2, epochs: Some(2), ..LoaderOptions::default() };
        let mut loader = Loader::start(sampler(&source, &options), how).unwrap();
        for batch in &all {
            let again = loader.next().unwrap().unwrap();
            assert_eq!(*batch, again);
            loader.recycle(again);
        }
        assert!(loader.next().is_none());
    }
}

#[test]
fn data_without_a_valid_sample_are_an_error() {
    let fixture = Fixture::new(&["y", "x"], &[64, 64], &[16, 16]);
    let (_folder, source) = one(&fixture, |_| f64::NAN);
    for options in both_modes() {
        let options = SamplerOptions { augmentation: Augmentation::none(), ..options };
        let mut loader = Loader::start(sampler(&source, &options), LoaderOptions::default()).unwrap();
        let error = loader.next().unwrap().unwrap_err().to_string();
        assert!(
            error.starts_with("a whole pass over the training chunks gave no crop of which 0.1"),
            "{error}"
        );
        assert!(loader.next().is_none());
    }
}

#[test]
fn an_unreadable_chunk_comes_out_in_its_place() {
    let fixture = Fixture::new(&["y", "x"], &[64, 64], &[16, 16]);
    let (folder, source) = one(&fixture, |p| p[1] as f64);
    std::fs::write(folder.path().join("c/2/1"), b"damaged").unwrap();
    for readers in [1, 3] {
        for mode in [Mode::Chunk, Mode::Random { pool: 3 }] {
            let options = SamplerOptions { mode, ..small() };
            let how = LoaderOptions { readers, queue: 2, epochs: None, ..LoaderOptions::default() };
            let mut loader = Loader::start(sampler(&source, &options), how).unwrap();
            let failed = loader.find(|batch| batch.is_err()).unwrap().unwrap_err().to_string();
            assert!(failed.starts_with("reading chunk 2/1 of array "), "{failed}");
            assert!(loader.next().is_none());
        }
    }
}

#[test]
fn dropping_the_loader_stops_it() {
    let (_folder, source) = scene();
    for options in both_modes() {
        let begun = Instant::now();
        let how = LoaderOptions { readers: 3, queue: 2, epochs: None, ..LoaderOptions::default() };
        drop(Loader::start(sampler(&source, &options), how).unwrap());
        let mut loader = Loader::start(sampler(&source, &options), how).unwrap();
        loader.next().unwrap().unwrap();
        drop(loader);
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    // Nobody but this test holds the source now: all threads have ended.
    assert_eq!(Arc::strong_count(&source), 1);
}

#[test]
fn wrong_options_are_refused() {
    let (_folder, source) = scene();
    let refuse = |options: SamplerOptions| {
        Sampler::new(Arc::clone(&source), source.blocks(), options).unwrap_err().to_string()
    };
    assert_eq!(
        refuse(SamplerOptions { sizes: vec![32, 20], ..small() }),
        "a crop size is 20, allowed are multiples of the patch, 8, up to 1024; such as 128"
    );
    assert!(refuse(SamplerOptions { crops: 0, ..small() }).starts_with("a batch of 0 crops"));
    let empty = Sampler::new(Arc::clone(&source), Vec::new(), small()).unwrap_err().to_string();
    assert_eq!(empty, "there are no chunks to fit on; ask for less validation");
    let how = LoaderOptions { readers: 0, queue: 2, epochs: None, ..LoaderOptions::default() };
    let error = Loader::start(sampler(&source, &small()), how).unwrap_err().to_string();
    assert!(error.starts_with("0 readers and a queue of 2 batches are asked for"), "{error}");
}
