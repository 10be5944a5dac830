//! Errors: a kind that a caller can act on, a message, a remedy, and the cause.

use std::fmt::Display;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// An error of this crate.
///
/// Its message says what was found and what is allowed. What to do about it depends on the program that called, so it
/// comes as a [`Remedy`], which a program words with the names of its own options.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
    remedies: Vec<Remedy>,
    #[source]
    source: Option<Source>,
}

/// Kinds of errors that a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file, an array or a group is not there.
    NotFound,
    /// The output already exists, and may not be replaced.
    Exists,
    /// Stored bytes are not what a writer writes: damaged, truncated, or of another array.
    Corrupt,
    /// A chunk that was written is not there any more.
    MissingChunk,
    /// An array names a model that is neither embedded nor found.
    MissingModel,
    /// An argument does not fit the data, or contradicts another argument.
    InvalidArgument,
    /// The data are of a kind, or from a version, that this library does not handle.
    Unsupported,
    /// No quality reaches the PSNR or the size that was asked for.
    TargetNotMet,
    /// Decoded samples are further from their source than the archive promises.
    PromiseBroken,
    /// Another process works on the same output.
    Busy,
    /// The caller asked that the work stops: [`Progress::is_cancelled`](crate::Progress::is_cancelled).
    Cancelled,
    /// Reading or writing failed.
    Io,
    /// A codec, an engine or GDAL failed.
    Codec,
}

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// Say what each dimension is: [`OpenOptions::axes`](crate::OpenOptions::axes).
    GiveAxes,
    /// Choose as many bands as the model takes: [`EncodeOptions::bands`](crate::EncodeOptions::bands).
    ChooseBands,
    /// Choose the bands one by one, in the order of the model's: [`EncodeOptions::bands`](crate::EncodeOptions::bands).
    OrderBands,
    /// Bring the samples to the model's scale, use a model of such samples, or promise a bound.
    OtherScale,
    /// State which values mean "no data".
    StateNoData,
    /// State the value that PSNR is measured against: [`CompareOptions::peak`](crate::CompareOptions::peak).
    StatePeak,
    /// Name a model, or promise something that needs none.
    GiveModel,
    /// Fit a model to the data, or use the file that a fit wrote.
    FitModel,
    /// Ask that an existing output is replaced.
    Replace,
    /// Choose larger chunks.
    LargerChunks,
    /// Ask for a size in bits, which leaves the metadata out.
    AskForBits,
    /// Name a window in pixels instead of bounds.
    GiveWindow,
    /// Set a quality instead of searching for one.
    SetQuality,
    /// Encode the raster with this library first: the path that was given is not an archive.
    Encode,
    /// Decode to Zarr, which holds any number of dimensions.
    DecodeToZarr,
    /// Call again: finished chunks are kept, and only the missing ones are written.
    Resume,
    /// Make room on the disk, then call again.
    MakeRoom,
    /// See which engines are available: [`survey`](vqz_zarr::engines::survey).
    SeeEngines,
    /// Open the whole package of the model, which holds its encoder.
    OpenPackage,
    /// Fit a model with smaller patches.
    SmallerPatch,
    /// Build with the feature `gdal`.
    BuildWithGdal,
    /// Bring files into a cube: [`ingest`](crate::ingest()), or an input that is a [`Cube`](crate::Cube).
    Ingest,
    /// Export to another format: [`export`](crate::export()).
    Export,
}

impl Error {
    /// An error of a kind, with a message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), remedies: Vec::new(), source: None }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The remedies that the library knows.
    #[must_use]
    pub fn remedies(&self) -> &[Remedy] {
        &self.remedies
    }

    /// Adds a remedy.
    #[must_use]
    pub fn with_remedy(mut self, remedy: Remedy) -> Self {
        self.remedies.push(remedy);
        self
    }

    /// Adds what the program was doing when the error happened. That becomes the message, and this error becomes its
    /// source.
    #[must_use]
    pub fn context(self, message: impl Into<String>) -> Self {
        let (kind, remedies) = (self.kind, self.remedies.clone());
        Self { kind, message: message.into(), remedies, source: Some(Box::new(self)) }
    }

    /// The error and its causes on one line. Causes that the message above them repeats are left out.
    #[must_use]
    pub fn one_line(&self) -> String {
        let mut text = self.message.replace('\n', " ");
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let message = error.to_string().replace('\n', " ");
            if !text.ends_with(&message) {
                text = format!("{text}: {message}");
            }
            cause = error.source();
        }
        text
    }

    /// Whether the disk is full, or the file too large for it.
    pub(crate) fn is_out_of_space(&self) -> bool {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && matches!(io.kind(), StorageFull | QuotaExceeded | FileTooLarge)
            {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// Adds to an error what the program was doing.
pub(crate) trait Context<T> {
    /// Adds a message above the error.
    fn context(self, message: impl Display) -> Result<T>;

    /// Adds a message that is built only if there is an error.
    fn with_context<M: Display>(self, message: impl FnOnce() -> M) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for std::result::Result<T, E> {
    fn context(self, message: impl Display) -> Result<T> {
        self.map_err(|error| error.into().context(message.to_string()))
    }

    fn with_context<M: Display>(self, message: impl FnOnce() -> M) -> Result<T> {
        self.map_err(|error| error.into().context(message().to_string()))
    }
}

/// Maps the errors of other crates to the kinds of this one.
macro_rules! from {
    ($($error:ty => $kind:ident),* $(,)?) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self {
                    kind: ErrorKind::$kind,
                    message: error.to_string(),
                    remedies: Vec::new(),
                    source: Some(Box::new(error)),
                }
            }
        }
    )*};
}

from! {
    serde_json::Error => Corrupt,
    std::num::TryFromIntError => InvalidArgument,
    zarrs::array::ArrayCreateError => Codec,
    zarrs::array::ElementError => Codec,
    zarrs::filesystem::FilesystemStoreCreateError => Io,
    zarrs::plugin::PluginCreateError => Codec,
    zarrs::storage::StorageError => Io,
}

#[cfg(feature = "gdal")]
from! {
    gdal::errors::GdalError => Codec,
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Io,
        };
        Self { kind, message: error.to_string(), remedies: Vec::new(), source: Some(Box::new(error)) }
    }
}

impl Remedy {
    /// The remedy for an error of the codec, where there is one.
    #[must_use]
    pub fn of(error: &vqz_codec::Error) -> Option<Self> {
        match error {
            vqz_codec::Error::UnclearAxes { .. } => Some(Self::GiveAxes),
            vqz_codec::Error::OtherBands { .. } => Some(Self::ChooseBands),
            vqz_codec::Error::UnknownEngine { .. } => Some(Self::SeeEngines),
            vqz_codec::Error::MissingEncoder { .. } => Some(Self::OpenPackage),
            vqz_codec::Error::TooFewPatches { .. } => Some(Self::SmallerPatch),
            _ => None,
        }
    }
}

/// The kind of an error of the codec, and what would help.
fn of_codec(error: &vqz_codec::Error) -> (ErrorKind, Vec<Remedy>) {
    use vqz_codec::ErrorKind as Kind;
    let kind = match error.kind() {
        Kind::Corrupt | Kind::Truncated | Kind::InvalidModel => ErrorKind::Corrupt,
        Kind::Unsupported | Kind::Limit => ErrorKind::Unsupported,
        Kind::MissingModel => ErrorKind::MissingModel,
        Kind::InvalidArgument => ErrorKind::InvalidArgument,
        Kind::Io => ErrorKind::Io,
        _ => ErrorKind::Codec,
    };
    (kind, Remedy::of(error).into_iter().collect())
}

impl From<vqz_codec::Error> for Error {
    fn from(error: vqz_codec::Error) -> Self {
        let (kind, remedies) = of_codec(&error);
        Self { kind, message: error.to_string(), remedies, source: Some(Box::new(error)) }
    }
}

impl From<zarrs::array::CodecError> for Error {
    fn from(error: zarrs::array::CodecError) -> Self {
        let (kind, remedies) = vqz_zarr::codec_error(&error).map_or((ErrorKind::Codec, Vec::new()), of_codec);
        Self { kind, message: error.to_string(), remedies, source: Some(Box::new(error)) }
    }
}

impl From<zarrs::array::ArrayError> for Error {
    fn from(error: zarrs::array::ArrayError) -> Self {
        match error {
            zarrs::array::ArrayError::CodecError(error) => error.into(),
            error => {
                let message = error.to_string();
                Self { kind: ErrorKind::Codec, message, remedies: Vec::new(), source: Some(Box::new(error)) }
            }
        }
    }
}

impl From<vqz_raster::conventions::ConventionError> for Error {
    fn from(error: vqz_raster::conventions::ConventionError) -> Self {
        use vqz_raster::conventions::ConventionError as Broken;
        let remedies = match &error {
            Broken::UnnamedDimensions { .. } | Broken::Roles(_) => vec![Remedy::GiveAxes],
            _ => Vec::new(),
        };
        let message = error.to_string();
        Self { kind: ErrorKind::InvalidArgument, message, remedies, source: Some(Box::new(error)) }
    }
}

impl From<vqz_raster::Error> for Error {
    fn from(error: vqz_raster::Error) -> Self {
        Self {
            kind: ErrorKind::InvalidArgument,
            message: error.to_string(),
            remedies: Vec::new(),
            source: Some(Box::new(error)),
        }
    }
}

/// Returns an error of the given kind, with a remedy if a second name is given.
macro_rules! bail {
    ($kind:ident, $remedy:ident, $($message:tt)+) => {
        return Err($crate::error::fail!($kind, $($message)+).with_remedy($crate::error::Remedy::$remedy))
    };
    ($kind:ident, $($message:tt)+) => {
        return Err($crate::error::fail!($kind, $($message)+))
    };
}

/// An error of a kind.
macro_rules! fail {
    ($kind:ident, $($message:tt)+) => {
        $crate::error::Error::new($crate::error::ErrorKind::$kind, format!($($message)+))
    };
}

pub(crate) use bail;
pub(crate) use fail;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_keep_their_kind_and_are_told_once() {
        let inner = std::io::Error::new(std::io::ErrorKind::StorageFull, "no space left");
        let error = Err::<(), _>(inner).context("writing a.zarr").unwrap_err().context("encoding");
        assert_eq!(error.one_line(), "encoding: writing a.zarr: no space left");
        assert_eq!((error.kind(), error.is_out_of_space()), (ErrorKind::Io, true));
        let missing: Error = vqz_codec::Error::MissingModel("x".to_owned()).into();
        assert_eq!(
            (missing.kind(), missing.one_line()),
            (ErrorKind::MissingModel, "missing model: x".to_owned())
        );
        let unknown: Error = "bogus".parse::<vqz_codec::engine::EngineKind>().unwrap_err().into();
        assert_eq!(
            (unknown.kind(), unknown.remedies()),
            (ErrorKind::InvalidArgument, &[Remedy::SeeEngines][..])
        );
        let error = fail!(InvalidArgument, "{} bands", 3).with_remedy(Remedy::ChooseBands).context("a.zarr");
        assert_eq!((error.remedies(), error.to_string().as_str()), (&[Remedy::ChooseBands][..], "a.zarr"));
    }
}
