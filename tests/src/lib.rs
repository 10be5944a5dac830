//! Shared parts of the end-to-end tests of vqz.
//!
//! Models are fitted on the spot, on smooth synthetic images, so that the tests need no other files. Tests that need real
//! rasters print a message when they are skipped because there are none ([`data`], [`skipped`]).

pub mod arrays;
pub mod codebooks;
pub mod corrections;
pub mod golden;
pub mod intact;
mod linear_map;
pub mod models;
pub mod scalars;

use std::path::PathBuf;
// Registers the codec with zarrs.
use vqz_zarr as _;

/// Random numbers that are the same in every run (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator of its own for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number below `end`, which must be positive.
    pub fn below(&mut self, end: u64) -> u64 {
        self.bits() % end
    }

    /// A number from 0 to 1.
    pub fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Bounds of a part of `0..extent` that is not empty.
    pub fn part(&mut self, extent: u64) -> std::ops::Range<u64> {
        let start = self.below(extent);
        start..start + 1 + self.below(extent - start)
    }
}

/// The repository's root.
#[must_use]
pub fn repository() -> PathBuf {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.pop();
    path
}

/// The folder with real rasters: `VQZ_DATA`, or `../shared/data` beside the repository, where there is one.
#[must_use]
pub fn data() -> Option<PathBuf> {
    let folder = match std::env::var_os("VQZ_DATA") {
        Some(folder) => PathBuf::from(folder),
        None => repository().parent()?.join("shared/data"),
    };
    folder.is_dir().then_some(folder)
}

/// Prints that a test did not run. The test runner does not capture the message.
pub fn skipped(test: &str, why: &str) {
    use std::io::Write;
    // A test must not fail because standard error is closed.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: {why}");
}
