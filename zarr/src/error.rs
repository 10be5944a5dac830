//! Errors of the codec on their way through zarrs.
//!
//! `zarrs_codec`'s error is an enum without a variant for errors of other crates. Its variant for I/O, however, holds a
//! [`std::io::Error`], which may carry any error. The codec's errors travel inside that one, and [`codec_error`] takes them out.

use std::io;
use std::sync::Arc;
use vqz_codec::{Error, ErrorKind};
use zarrs_codec::CodecError;
use zarrs_plugin::PluginCreateError;

/// The codec's own error inside an error of zarrs; `None` when something else failed.
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

/// Converts results of the codec into results of zarrs.
pub(crate) trait ForZarrs<T> {
    /// The same result, with the codec's error inside an error of zarrs.
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

/// The error of a codec that could not be made. zarrs keeps only its text, which starts with the kind, such as `missing model: `.
/// [`VqzCodec::from_metadata`](crate::VqzCodec::from_metadata) returns the error itself.
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
