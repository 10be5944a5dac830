//! Hostile chunks: truncated, damaged, damaged with correct checksums, or invented. Each leads to an error of a known kind or
//! decodes to some samples; none leads to a panic, a hang or a large allocation.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use vqz_codec::Error;
use vqz_tests::Random;
use vqz_tests::arrays::{Case, read, store};
use vqz_tests::intact::{IntactChunk, assert_allowed, intact_chunks, write_checksum};
use zarrs::array::{Array, ArrayBytes, ArraySubset};
use zarrs::filesystem::FilesystemStore;
use zarrs::storage::WritableStorageTraits;

/// Remembers the largest single allocation.
struct Watched;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// No test here decodes more than a few hundred thousand samples; fitting the models stays below this as well.
const ALLOCATION_CEILING: usize = 64 << 20;
const TIME_CEILING: Duration = Duration::from_secs(5);

fn largest_allocation_is_small() {
    let largest = LARGEST.load(Ordering::Relaxed);
    assert!(largest <= ALLOCATION_CEILING, "{largest} bytes were allocated at once");
}

/// One hostile input: decoded as it is, and with its checksums made right. Returns how the first went.
fn attack(intact: &IntactChunk, what: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    let start = Instant::now();
    let plain = intact.decode(&bytes);
    if let Err(error) = intact.decode(&intact.with_checksums(bytes)) {
        assert_allowed(&error, intact.name, what);
    }
    assert!(start.elapsed() < TIME_CEILING, "{}: {what} took {:?}", intact.name, start.elapsed());
    plain
}

#[test]
fn every_prefix_is_an_error() {
    for intact in intact_chunks() {
        for end in 0..intact.chunk.len() {
            let what = format!("the first {end} of {} bytes", intact.chunk.len());
            let error = attack(&intact, &what, intact.chunk[..end].to_vec()).expect_err(&what);
            assert!(
                matches!(error, Error::Truncated(_) | Error::Corrupt(_)),
                "{}: {what}: {error}",
                intact.name
            );
        }
    }
    largest_allocation_is_small();
}

/// Found by fuzzing: codes of dates that refer to each other by their samples were refused.
#[test]
fn sound_chunks_are_read_in_all_ways() {
    for intact in intact_chunks() {
        let codes = intact.codec.codes(&intact.shape, &intact.chunk);
        assert!(codes.is_ok(), "{}: {codes:?}", intact.name);
        let statistics = intact.codec.statistics(&intact.shape, &intact.chunk);
        assert!(statistics.is_ok(), "{}: {statistics:?}", intact.name);
    }
}

#[test]
fn trailing_bytes_are_refused() {
    for intact in intact_chunks() {
        for extra in [&[0][..], &[1, 2, 3], &intact.chunk] {
            let error =
                intact.codec.decode(&intact.shape, &[&intact.chunk, extra].concat()).expect_err(intact.name);
            assert!(matches!(error, Error::Corrupt(_)), "{}: {error}", intact.name);
            let all = intact.chunk.len() + extra.len();
            assert!(
                error.to_string().contains(&format!("the chunk has {all} bytes")),
                "{}: {error}",
                intact.name
            );
        }
    }
}

#[test]
fn every_flipped_bit_is_found_by_a_checksum() {
    for intact in intact_chunks() {
        let mut survived = 0;
        for bit in 0..intact.chunk.len() * 8 {
            let mut bytes = intact.chunk.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let what = format!("bit {bit} of {}", intact.chunk.len() * 8);
            match attack(&intact, &what, bytes) {
                Err(error) => assert_allowed(&error, intact.name, &what),
                Ok(_) => survived += 1,
            }
        }
        assert_eq!(survived, 0, "{}: flipped bits that were not found", intact.name);
    }
    largest_allocation_is_small();
}

#[test]
fn random_damage_is_never_a_panic() {
    let mut random = Random::new(1);
    for intact in intact_chunks() {
        for round in 0..2000 {
            let mut bytes = intact.chunk.clone();
            for _ in 0..1 + random.below(8) {
                let at = random.below(bytes.len() as u64) as usize;
                match random.below(4) {
                    0 => bytes[at] = random.bits() as u8,
                    1 => bytes[at] = 0xff,
                    2 => drop(bytes.splice(at..at, [random.bits() as u8])),
                    _ => drop(bytes.remove(at)),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            let what = format!("damage {round}");
            if let Err(error) = attack(&intact, &what, bytes) {
                assert_allowed(&error, intact.name, &what);
            }
        }
        for round in 0..2000 {
            // The beginning of a chunk, then anything.
            let kept = random.below(intact.chunk.len().min(64) as u64) as usize;
            let mut bytes = intact.chunk[..kept].to_vec();
            bytes.extend((0..random.below(200)).map(|_| random.bits() as u8));
            let what = format!("noise {round}");
            if let Err(error) = attack(&intact, &what, bytes) {
                assert_allowed(&error, intact.name, &what);
            }
        }
    }
    largest_allocation_is_small();
}

#[test]
fn errors_say_what_was_found() {
    let intact_chunks = intact_chunks();
    let intact = &intact_chunks[0];
    let message = |bytes: &[u8]| intact.codec.decode(&intact.shape, bytes).expect_err("damaged").to_string();
    let with = |at: usize, byte: u8| {
        let mut bytes = intact.chunk.clone();
        bytes[at] = byte;
        bytes
    };
    let magic = message(&with(0, b'X'));
    assert!(
        magic.starts_with("corrupt data: the chunk starts with [58, 51, 5a], not with \"VQZ\""),
        "{magic}"
    );
    let version = message(&with(3, 200));
    assert!(
        version.starts_with("unsupported: the chunk has container version 200, this release reads"),
        "{version}"
    );
    let header = message(&with(6, intact.chunk[6] ^ 1));
    assert!(header.starts_with("corrupt data: the checksum of the header is "), "{header}");
    let last = intact.chunk.len() - 6;
    let tile = message(&with(last, intact.chunk[last] ^ 1));
    assert!(tile.starts_with("corrupt data: the checksum of a tile is "), "{tile}");
    let cut = message(&intact.chunk[..last]);
    assert!(cut.starts_with(&format!("truncated data: the chunk has {last} bytes")), "{cut}");
    assert!(message(b"").starts_with("truncated data: "));

    // A chunk of another model, checksums and all.
    let other = Case { shape: &[2, 24, 21], chunk: &[2, 24, 21], ..Case::default() };
    let mut bytes = IntactChunk::new("other", &other, &other.bytes(&other.samples(1))).chunk;
    let header = intact.codec.header_len(&bytes).expect("the header is sound");
    bytes[6] ^= 0xff;
    write_checksum(&mut bytes, 0..header);
    let foreign = intact.codec.decode(&intact.shape, &bytes).expect_err("the model is another").to_string();
    assert!(
        foreign.starts_with("invalid model: the chunk was written with a model whose hash starts with"),
        "{foreign}"
    );

    // Arguments that do not fit.
    let bands = intact.codec.decode(&[3, 24, 21], &intact.chunk).expect_err("three bands").to_string();
    assert!(bands.starts_with("invalid argument: chunk has 3 bands, model test-2 takes 2"), "{bands}");
    let few = intact.codec.encode(&[2, 24, 21], &[0; 10]).expect_err("ten bytes").to_string();
    assert!(few.contains("the chunk has 10 bytes, shape [2, 24, 21] of uint16 takes 2016"), "{few}");
}

#[test]
fn damaged_files_are_named_errors_through_zarrs() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let files = Arc::new(FilesystemStore::new(folder.path()).expect("the folder is there"));
    let case = Case { shape: &[2, 300, 280], chunk: &[2, 300, 280], ..Case::default() };
    let array = case.create(&files, "/a");
    store(&array, &case.bytes(&case.samples(5)));
    let key = array.chunk_key(&[0, 0, 0]);
    let sound =
        array.retrieve_encoded_chunk(&[0, 0, 0]).expect("the store answers").expect("the chunk is there");
    let intact = IntactChunk::new("file", &case, &read(&array, &[0..2, 0..300, 0..280]));
    let window = ArraySubset::new_with_ranges(&[0..1, 250..260, 250..260]);
    let parts = [array.subset_all(), window];

    let attempt = |bytes: Vec<u8>, what: &str, must_fail: bool| {
        files.set(&key, bytes.into()).expect("the file can be written");
        let array = Array::open(Arc::clone(&files), "/a").expect("the metadata is sound");
        for part in &parts {
            match array.retrieve_array_subset::<ArrayBytes<'static>>(part) {
                Ok(bytes) => {
                    assert!(!must_fail || part.num_elements() == 100, "{what} went unnoticed");
                    assert_eq!(bytes.size() as u64, part.num_elements() * 2);
                }
                Err(error) => {
                    let error = error.to_string();
                    let kinds = ["corrupt data: ", "truncated data: ", "unsupported: ", "invalid model: "];
                    assert!(kinds.iter().any(|kind| error.contains(kind)), "{what}: {error}");
                }
            }
        }
    };
    for end in [0, 1, 3, 5, 17, 60, sound.len() / 2, sound.len() - 1] {
        attempt(sound[..end].to_vec(), &format!("{end} of {} bytes", sound.len()), true);
    }
    let header = intact.codec.header_len(&sound).expect("the header is sound");
    let mut random = Random::new(2);
    for _ in 0..300 {
        let mut bytes = sound.to_vec();
        let at = random.below(header as u64) as usize;
        bytes[at] ^= 1 << random.below(8);
        attempt(bytes.clone(), &format!("byte {at}"), true);
        attempt(intact.with_checksums(bytes), &format!("byte {at}, with its checksum"), false);
    }
    largest_allocation_is_small();
}
