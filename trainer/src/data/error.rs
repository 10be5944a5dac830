//! What can go wrong between a disk and a batch.
//!
//! Every message says what was found, what is allowed, and what to do next.

use std::path::PathBuf;

/// A result of this module.
pub type Result<T, E = DataError> = std::result::Result<T, E>;

/// An error of the training data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Options, or arrays, that do not fit.
    #[error("{0}")]
    Invalid(String),
    /// A path that is not Zarr v3, or an array whose metadata can't be used.
    #[error("{}", .0.one_line())]
    Archive(#[from] vqz_archive::Error),
    /// A path to a file.
    #[error(
        "{} is a file; the trainer reads Zarr v3 arrays and groups, and `vqz fit` copies other rasters into such arrays",
        .0.display()
    )]
    NotAFolder(PathBuf),
    /// A chunk that can't be read or decoded.
    #[error(
        "reading chunk {chunk} of array {array}: {reason}; restore the chunk, or leave the array out of the training data"
    )]
    Read {
        /// The array.
        array: String,
        /// The chunk's place in the grid, such as `0/2/1`.
        chunk: String,
        /// The error of zarrs or of the codec.
        reason: String,
    },
    /// No data to fit to: no arrays, or no valid samples.
    #[error("{0}")]
    Empty(String),
    /// A background reader could not be started, or panicked.
    #[error("background reader: {0}")]
    Reader(String),
}
