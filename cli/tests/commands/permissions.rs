//! Stores that can't be written, and readers beside writers.

#![cfg(unix)]

use crate::common::{as_u16, call, content, folder, landscape, plain, read_array, succeed, write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use zarrs::array::{Array, ArrayBytes, ArraySubset};
use zarrs::filesystem::FilesystemStore;

fn with_input(name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    write(
        &folder.join("in.zarr"),
        &plain(&[4, 256, 256], &[4, 256, 256]),
        as_u16(&landscape(4, 256, 256, 9)),
    );
    folder
}

fn set_mode(folder: &Path, mode: u32) {
    for path in content(folder).keys().map(|name| folder.join(name)) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o666)).unwrap();
    }
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Whether permissions mean anything to whoever runs this: they mean nothing to root.
fn permissions_count(folder: &Path) -> bool {
    let probe = folder.join("probe");
    std::fs::create_dir(&probe).unwrap();
    std::fs::set_permissions(&probe, std::fs::Permissions::from_mode(0o555)).unwrap();
    let refused = std::fs::write(probe.join("file"), "x").is_err();
    std::fs::set_permissions(&probe, std::fs::Permissions::from_mode(0o755)).unwrap();
    refused
}

#[test]
fn a_read_only_archive_is_read_and_a_forbidden_folder_is_an_error() {
    let folder = with_input("read-only");
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--lossless", "--chunk-size", "64"]);
    if !permissions_count(&folder) {
        eprintln!("SKIPPED: permissions mean nothing to this user (root)");
    }
    set_mode(&folder.join("out.zarr"), 0o555);
    assert_eq!(read_array(&folder.join("out.zarr")), read_array(&folder.join("in.zarr")));
    for command in [&["info", "out.zarr"][..], &["verify", "out.zarr", "--against", "in.zarr"]] {
        succeed(&folder, command);
    }
    if permissions_count(&{
        let other = folder.join("other");
        std::fs::create_dir(&other).unwrap();
        other
    }) {
        let locked = folder.join("locked");
        std::fs::create_dir(&locked).unwrap();
        set_mode(&locked, 0o555);
        let (code, _, err) = call(&folder, &["encode", "in.zarr", "locked/out.zarr", "--lossless"]);
        assert!(code == 2 && err.contains("locked") && err.contains("ermission denied"), "{err}");
        assert_eq!(content(&locked).len(), 0);
        set_mode(&locked, 0o755);
    }
    set_mode(&folder.join("out.zarr"), 0o755);
}

/// Readers of some chunks, beside a writer of others in the same array.
#[test]
fn readers_see_whole_chunks_beside_a_writer() {
    use vqz_zarr as _;
    let folder = with_input("beside");
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--max-error", "5", "--chunk-size", "64"]);
    let array =
        || Array::open(Arc::new(FilesystemStore::new(folder.join("out.zarr")).unwrap()), "/").unwrap();
    let upper = ArraySubset::new_with_ranges(&[0..4, 0..128, 0..256]);
    let read = |array: &Array<FilesystemStore>, part: &ArraySubset| -> Vec<u8> {
        let bytes: ArrayBytes<'static> = array.retrieve_array_subset(part).unwrap();
        bytes.into_fixed().unwrap().into_owned()
    };
    let before = read(&array(), &upper);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let (array, mut reads) = (array(), 0);
                    while !done.load(Ordering::Relaxed) || reads == 0 {
                        assert!(read(&array, &upper) == before, "a chunk changed that nobody wrote");
                        reads += 1;
                    }
                    reads
                })
            })
            .collect();
        let writer = array();
        let lower = ArraySubset::new_with_ranges(&[0..4, 128..256, 0..256]);
        for round in 0..6u64 {
            let samples = as_u16(&landscape(4, 128, 256, 50 + round));
            writer.store_array_subset(&lower, ArrayBytes::new_flen(samples.clone())).unwrap();
            let found = read(&writer, &lower);
            let pairs = samples.chunks_exact(2).zip(found.chunks_exact(2));
            let off = |(a, b): (&[u8], &[u8])| {
                i32::from(u16::from_ne_bytes([a[0], a[1]]))
                    .abs_diff(i32::from(u16::from_ne_bytes([b[0], b[1]])))
            };
            assert!(pairs.map(off).all(|off| off <= 5));
        }
        done.store(true, Ordering::Relaxed);
        let reads: u32 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        println!("{reads} reads beside 6 writes");
    });
}
