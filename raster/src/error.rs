//! What can go wrong, by what a caller can do about it.

/// An error of this crate. Each message says what was found, what is allowed, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A configuration, an expression or an option is wrong: mend it.
    #[error("{0}")]
    Invalid(String),
    /// The inputs contradict each other or what is asked for: choose others, or say how they fit together.
    #[error("{0}")]
    Mismatch(String),
    /// A file is missing, unreadable or truncated.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// GDAL says so.
    #[error("GDAL: {0}")]
    Gdal(#[from] gdal::errors::GdalError),
    /// The file system says so.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// What it says.
        source: std::io::Error,
    },
}

/// A result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
