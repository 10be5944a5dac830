//! Errors of the codec on their way through zarrs.
//!
//! `zarrs_codec`'s errors are an enum without room for an error of somebody else, but for that in its variant for I/O: an
//! [`std::io::Error`] may carry any error. So the codec's errors travel in there, whole, and [`codec_error`] takes them out.

use std::io;
use std::sync::Arc;
use vqz_codec::{Error, ErrorKind};
use zarrs_codec::CodecError;
use zarrs_plugin::PluginCreateError;

/// The codec's own error in what zarrs returns, when it was the codec that failed.
///
/// ```
/// # fn explain(error: &zarrs_codec::CodecError) -> String {
/// match vqz_zarr::codec_error(error) {
///     Some(vqz_codec::Error::Truncated(what)) => format!("fetch the chunk again: {what}"),
///     _ => error.to_string(),
/// }
/// # }
/// ```
#[must_use]
pub fn codec_error(error: &CodecError) -> Option<&Error> {
    match error {
        CodecError::IOError(carrier) => carrier.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// Results of the codec as zarrs takes them.
pub(crate) trait ForZarrs<T> {
    /// The same, with the codec's error inside zarrs' own.
    fn for_zarrs(self) -> Result<T, CodecError>;
}

impl<T> ForZarrs<T> for Result<T, Error> {
    fn for_zarrs(self) -> Result<T, CodecError> {
        self.map_err(|error| CodecError::IOError(Arc::new(io::Error::new(io_kind(&error), error))))
    }
}

fn io_kind(error: &Error) -> io::ErrorKind {
    match (error.kind(), error) {
        (_, Error::Io { source, .. }) => source.kind(),
        (ErrorKind::Corrupt | ErrorKind::InvalidModel, _) => io::ErrorKind::InvalidData,
        (ErrorKind::Truncated, _) => io::ErrorKind::UnexpectedEof,
        (ErrorKind::Unsupported, _) => io::ErrorKind::Unsupported,
        (ErrorKind::MissingModel, _) => io::ErrorKind::NotFound,
        (ErrorKind::InvalidArgument, _) => io::ErrorKind::InvalidInput,
        _ => io::ErrorKind::Other,
    }
}

/// A codec that could not be made. zarrs keeps the text alone, which starts with the kind, such as `missing model: `; for the
/// error itself there is [`VqzCodec::from_metadata`](crate::VqzCodec::from_metadata).
pub(crate) fn creation_failed(error: Error) -> PluginCreateError {
    PluginCreateError::Other(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_codec_comes_out_of_zarrs_as_it_went_in() {
        let failed: Result<(), Error> = Err(Error::Truncated("a tile has 3 bytes".to_owned()));
        let error = failed.for_zarrs().unwrap_err();
        assert_eq!(error.to_string(), "truncated data: a tile has 3 bytes");
        assert!(matches!(codec_error(&error), Some(Error::Truncated(what)) if what == "a tile has 3 bytes"));
        let CodecError::IOError(carrier) = &error else { panic!("{error:?}") };
        assert_eq!(carrier.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn errors_of_others_are_left_alone() {
        assert!(codec_error(&CodecError::Other("corrupt data".to_owned())).is_none());
        let disk = io::Error::new(io::ErrorKind::NotFound, "no such file");
        assert!(codec_error(&CodecError::IOError(Arc::new(disk))).is_none());
    }
}
