//! Training data: Zarr v3 arrays and `vqz` archives, chunk by chunk, as batches of crops in plain memory.
//!
//! The way of a sample: [`source`] opens arrays and lists their [`block`]s, [`split`](mod@split) assigns each block to training
//! or validation, [`source`] reads a block into a [`piece`], [`sampler`] decides which crops make up a batch,
//! [`augment`] changes them, and [`loader`] does all that in background threads, so that the training loop never
//! waits for a disk. [`spread`] and [`validation`] look at the same pieces as a whole.
//!
//! Everything random is drawn from a seed and the place of a batch in the sequence: neither the number of threads nor
//! the platform changes a batch. Nothing here depends on libtorch.

pub mod augment;
pub mod batch;
pub mod block;
mod crop;
mod describe;
pub mod error;
pub mod fill;
pub mod loader;
pub mod options;
pub mod piece;
mod random;
pub mod sampler;
mod schedule;
pub mod source;
pub mod split;
pub mod spread;
#[cfg(test)]
mod tests;
pub mod validation;

pub use augment::{Augmentation, BandScale, Hiding};
pub use batch::{Batch, CropOrigin, SamplerState};
pub use block::Block;
pub use error::{DataError, Result};
pub use loader::{Loader, LoaderOptions};
pub use options::SourceOptions;
pub use piece::Piece;
pub use sampler::{Mode, Sampler, SamplerOptions};
pub use source::{Raster, Source};
pub use split::{Split, SplitOptions, split};
pub use spread::{BandStatistics, Window, statistics, windows};
pub use validation::Pieces;
