//! Golden archives decode to the samples that their writer measured. They agree to the bit where this project's own code decodes;
//! where an engine does, whose kernels vary with the processor, rare samples may differ by a unit in the last place.

use std::sync::Arc;
use vqz_codec::config::Promise;
use vqz_codec::model::Quantiser;
use vqz_tests::arrays::Case;
use vqz_tests::golden;
use zarrs::array::{Array, ArrayBytes};
use zarrs::filesystem::FilesystemStore;

fn read(name: &str) -> Vec<u8> {
    let path = golden::folder().join(name);
    let store = Arc::new(FilesystemStore::new(&path).unwrap());
    let array = Array::open(store, "/").unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let bytes: ArrayBytes<'static> = array.retrieve_array_subset(&array.subset_all()).unwrap();
    bytes.into_fixed().unwrap().into_owned()
}

#[test]
fn golden_archives_decode_to_what_their_writer_saw() {
    for (name, case) in golden::cases() {
        let found = read(&format!("{name}.zarr"));
        let expected = read(&format!("{name}.decoded.zarr"));
        assert_eq!(
            found.len(),
            case.shape.iter().product::<u64>() as usize * case.data_type.size(),
            "{name}"
        );
        if case.promise != Promise::Quality {
            keeps_its_promise(&name, &case, &found);
        }
        if case.quantiser == Quantiser::Fsq && !case.corrected {
            assert!(found == expected, "{name} decodes to other samples than its writer saw");
            continue;
        }
        let pairs = case.values(&found).into_iter().zip(case.values(&expected));
        let differences: Vec<f64> = pairs.map(|(a, b)| (a - b).abs()).filter(|d| *d > 0.0).collect();
        assert!(differences.iter().all(|d| *d <= 1.0), "{name} is off by more than one");
        assert!(differences.len() * 1000 < found.len(), "{name}: {} samples differ", differences.len());
    }
}

/// Checks the decoded samples of an archive against the samples that were encoded.
fn keeps_its_promise(name: &str, case: &Case, found: &[u8]) {
    let source = read(&format!("{name}.source.zarr"));
    if case.promise == Promise::Lossless {
        assert!(found == source, "{name} is not lossless");
        return;
    }
    let bounds = case.promise.bounds(case.bands()).unwrap().unwrap();
    let (wanted, found) = (case.values(&source), case.values(found));
    let masked = case.masked(&wanted);
    let band = case.axes.iter().position(|axis| *axis == "band");
    let run: u64 = band.map_or(u64::MAX, |d| case.shape[d + 1..].iter().product());
    for (i, (a, b)) in wanted.iter().zip(&found).enumerate().filter(|(i, _)| !masked[*i]) {
        let bound = bounds[(i as u64 / run) as usize % bounds.len()];
        assert!((a - b).abs() <= bound, "{name}: sample {i}, {a}, became {b}, beyond {bound}");
    }
}

#[test]
fn golden_archives_are_small() {
    fn size(path: &std::path::Path) -> u64 {
        std::fs::read_dir(path)
            .unwrap()
            .map(|e| e.unwrap().path())
            .map(|p| if p.is_dir() { size(&p) } else { p.metadata().unwrap().len() })
            .sum()
    }
    let bytes = size(&golden::folder());
    assert!(bytes < 2_000_000, "the golden archives take {bytes} bytes, 2 MB are allowed");
}
