//! The errors of this crate, by what a caller can do about them.

use crate::conventions::ConventionError;

/// An error of this crate. Each message says what was found, what is allowed, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A configuration, an expression or an option is wrong: correct it.
    #[error("{0}")]
    Invalid(String),
    /// The inputs contradict each other or the request: choose others, or say how they fit together.
    #[error("{0}")]
    Mismatch(String),
    /// The metadata of an array break a convention: correct them.
    #[error(transparent)]
    Convention(#[from] ConventionError),
    /// A file is missing, unreadable or truncated.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An error that GDAL reported.
    #[cfg(feature = "gdal")]
    #[error("GDAL: {0}")]
    Gdal(#[from] gdal::errors::GdalError),
    /// An error that the file system reported.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// The error of the file system.
        source: std::io::Error,
    },
}

/// A result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
