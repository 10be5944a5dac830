//! What can go wrong in a fit, in kinds that a caller can act on.

use std::path::PathBuf;

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a fit. Messages say what was found, what is allowed and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Settings that can't be used.
    #[error("configuration: {0}")]
    Configuration(String),
    /// Data that can be read, but not used for a fit.
    #[error("data: {0}")]
    Data(String),
    /// Data that can't be read.
    #[error("data: {0}")]
    Input(#[from] crate::data::DataError),
    /// A loss or a weight that has become NaN or infinite.
    #[error("not a number: {0}")]
    NotANumber(String),
    /// Memory of the device.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
    /// A checkpoint that does not belong to this fit.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// libtorch refused something.
    #[error("libtorch: {0}")]
    Torch(String),
    /// Reading or writing a file.
    #[error("{path}: {source}; {advice}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
        /// What to do.
        advice: &'static str,
    },
    /// Writing the report.
    #[error(transparent)]
    Report(#[from] crate::report::ReportError),
    /// The codec.
    #[error(transparent)]
    Codec(#[from] vqz_codec::Error),
}

impl Error {
    /// An error of reading or writing.
    pub fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        let advice = match source.kind() {
            std::io::ErrorKind::StorageFull => "make room, then resume the fit; the last checkpoint is whole",
            std::io::ErrorKind::PermissionDenied => "choose a folder that you may write to",
            std::io::ErrorKind::NotFound => "check the path",
            _ => "see what the system says",
        };
        Self::Io { path: path.into(), source, advice }
    }
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Torch(first_line(&error.to_string()))
    }
}

/// libtorch appends its stack of calls.
pub(crate) fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim().to_owned()
}
