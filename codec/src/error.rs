//! What can go wrong, by kinds that a caller can act on.
//!
//! Every message says what was found, what is allowed, and what to do next.

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the codec.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not what an encoder writes: a checksum differs, a field is out of its range.
    #[error("corrupt data: {0}")]
    Corrupt(String),
    /// The bytes end before what their header declares.
    #[error("truncated data: {0}")]
    Truncated(String),
    /// The bytes were written by a version, or with a feature, that this release does not read.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// A model is referenced by its hash and can't be found.
    #[error("missing model: {0}")]
    MissingModel(String),
    /// A model package is malformed, hostile, or not the one that its hash names.
    #[error("invalid model: {0}")]
    InvalidModel(String),
    /// An argument or a configuration does not fit the data.
    #[error("invalid argument: {0}")]
    InvalidArgument(String),
    /// An engine can't be had or failed.
    #[error("engine: {0}")]
    Engine(String),
    /// A declared size is above a stated ceiling.
    #[error("over the limit: {0}")]
    Limit(String),
    /// Reading or writing failed.
    #[error("{context}: {source}")]
    Io {
        /// What was being read or written.
        context: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// An I/O error with what was being done.
    pub fn io(context: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { context: context.into(), source }
    }
}
