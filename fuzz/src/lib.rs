//! What the fuzz targets share: ceilings, seeds that are made rather than kept, and mutators that know the formats.
//!
//! Each target ends in `Ok` or in a named error. A panic, a hang (libFuzzer's `-timeout`), memory above a ceiling
//! (`-rss_limit_mb`, and `ceiling` for a single allocation) are findings. `scripts/fuzz.sh` builds and runs them.

pub mod chunks;
pub mod graphs;
pub mod json;
pub mod packages;

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The folder that takes the seeds.
const SEEDS: &str = "VQZ_FUZZ_SEEDS";

/// Refuses allocations above a ceiling: without a sanitizer libFuzzer does not see them.
struct Limited;

static CEILING: AtomicUsize = AtomicUsize::new(usize::MAX);

fn check(size: usize) {
    let ceiling = CEILING.load(Ordering::Relaxed);
    if size > ceiling {
        // So that telling of it does not end here again.
        CEILING.store(usize::MAX, Ordering::Relaxed);
        eprintln!("{size} bytes were allocated at once, the ceiling is {ceiling}");
        eprintln!("{}", std::backtrace::Backtrace::force_capture());
        std::process::abort();
    }
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        check(size);
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Limited = Limited;

/// Starts a target: writes its seeds where the script wants them, and sets the ceiling of a single allocation.
///
/// # Panics
/// When the seeds can't be written.
pub fn start(ceiling: usize, seeds: impl IntoIterator<Item = Vec<u8>>) {
    if let Some(folder) = std::env::var_os(SEEDS).map(PathBuf::from) {
        for (number, seed) in seeds.into_iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number:03}")), seed).expect("a seed can be written");
        }
    }
    // libfuzzer-sys aborts in the hook. Panics of tract are caught by the codec, which makes them errors of the engine:
    // only those that nobody caught, and those of our own code, are findings.
    let _ = std::panic::take_hook();
    std::panic::set_hook(Box::new(|panic| {
        let file = panic.location().map_or("", |location| location.file());
        let ours = !file.contains("/registry/") && !file.starts_with("/rustc/");
        if ours {
            eprintln!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
            std::process::abort();
        }
        if !file.contains("/tract-") {
            eprintln!("{panic}");
        }
    }));
    CEILING.store(ceiling, Ordering::Relaxed);
}

/// Lets libFuzzer change bytes, which may then be of another length.
pub fn mutate(bytes: &mut Vec<u8>, room: usize) {
    let size = bytes.len();
    let room = room.max(1);
    bytes.resize(size.max(room), 0);
    let size = libfuzzer_sys::fuzzer_mutate(bytes, size.min(room), room);
    bytes.truncate(size);
}

/// Puts what a mutator made in place of what it was given; returns its length.
pub fn replace(data: &mut [u8], max_size: usize, bytes: &[u8]) -> usize {
    let size = bytes.len().min(max_size).min(data.len());
    data[..size].copy_from_slice(&bytes[..size]);
    size
}
