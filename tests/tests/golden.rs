//! Golden archives decode to what their writer saw, to the bit.

use std::sync::Arc;
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
fn golden_archives_decode_to_the_bit() {
    for (name, case) in golden::cases() {
        let found = read(&format!("{name}.zarr"));
        let expected = read(&format!("{name}.decoded.zarr"));
        assert_eq!(
            found.len(),
            case.shape.iter().product::<u64>() as usize * case.data_type.size(),
            "{name}"
        );
        assert!(found == expected, "{name} decodes to other samples than its writer saw");
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
