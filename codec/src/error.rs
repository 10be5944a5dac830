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
    /// A model is named by its hash and was not found.
    #[error("missing model: {0}")]
    MissingModel(String),
    /// A model package is malformed, hostile, or not the one that its hash names.
    #[error("invalid model: {0}")]
    InvalidModel(String),
    /// An argument or a configuration is wrong, or does not fit the data.
    #[error("invalid argument: {0}")]
    InvalidArgument(String),
    /// An engine is not available, or failed.
    #[error("engine: {0}")]
    Engine(String),
    /// No engine has this name.
    #[error("invalid argument: engine `{name}` is unknown; choose native, tract, onnxruntime or cuda")]
    UnknownEngine {
        /// The name that was given.
        name: String,
    },
    /// The chunks have another number of bands than the model.
    #[error(
        "invalid argument: chunk has {found} bands, model {model} takes {wanted}; keep that many bands in one chunk"
    )]
    OtherBands {
        /// Bands of the chunk.
        found: usize,
        /// The model's name.
        model: String,
        /// Bands that the model takes.
        wanted: usize,
    },
    /// The roles of the dimensions are not clear: there is not exactly one for rows, or for columns.
    #[error(
        "invalid argument: axes are ({found}), exactly one must be `{role}`; name the dimensions, or state their roles"
    )]
    UnclearAxes {
        /// The roles that were given or guessed, in order.
        found: String,
        /// The role that none or several dimensions have.
        role: String,
    },
    /// A model is at hand, but only the half of it that decodes.
    #[error(
        "missing model: writing needs the encoder of model {model} (SHA-256 {sha256}), the archive carries its decoding half \
         only; open the whole package (NAME.vqm)"
    )]
    MissingEncoder {
        /// The model's name.
        model: String,
        /// The hash that names it.
        sha256: String,
    },
    /// The training data are too few for patches of this size.
    #[error(
        "invalid argument: the training data holds {found} whole patches of {patch}×{patch} valid pixels, at least {least} are \
         needed; give more or larger images, or a smaller patch"
    )]
    TooFewPatches {
        /// Whole patches of valid pixels that were found.
        found: usize,
        /// The side of a patch, in pixels.
        patch: usize,
        /// How many are needed.
        least: usize,
    },
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

/// The kind of an error, for callers to whom the details do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are not what an encoder writes.
    Corrupt,
    /// The bytes end early.
    Truncated,
    /// Another version, or a feature that this release does not have.
    Unsupported,
    /// A model, or its encoder, is not at hand.
    MissingModel,
    /// A model package is malformed or not the one that is named.
    InvalidModel,
    /// An argument or a configuration does not fit.
    InvalidArgument,
    /// An engine is not available, or failed.
    Engine,
    /// A stated ceiling is exceeded.
    Limit,
    /// Reading or writing failed.
    Io,
}

impl Error {
    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Corrupt(_) => ErrorKind::Corrupt,
            Self::Truncated(_) => ErrorKind::Truncated,
            Self::Unsupported(_) => ErrorKind::Unsupported,
            Self::MissingModel(_) | Self::MissingEncoder { .. } => ErrorKind::MissingModel,
            Self::InvalidModel(_) => ErrorKind::InvalidModel,
            Self::InvalidArgument(_)
            | Self::UnknownEngine { .. }
            | Self::OtherBands { .. }
            | Self::UnclearAxes { .. }
            | Self::TooFewPatches { .. } => ErrorKind::InvalidArgument,
            Self::Engine(_) => ErrorKind::Engine,
            Self::Limit(_) => ErrorKind::Limit,
            Self::Io { .. } => ErrorKind::Io,
        }
    }

    /// An I/O error with what was being done.
    pub fn io(context: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { context: context.into(), source }
    }
}
