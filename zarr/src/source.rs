//! The source of a chunk's bytes: synchronous or asynchronous storage.
//!
//! Partial reads are written once, as `async` code over a [`Source`]. Synchronous storage is a source whose futures are
//! ready from the start, so [`at_once`] has the result of the whole read with a single poll.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
#[cfg(feature = "async")]
use zarrs_codec::AsyncBytesPartialDecoderTraits;
use zarrs_codec::{ArrayBytesRaw, BytesPartialDecoderTraits, CodecError, CodecOptions};
use zarrs_plugin::{MaybeSend, MaybeSync};
use zarrs_storage::byte_range::ByteRange;

/// The bytes of one chunk. `None` everywhere means that there is no chunk.
pub(crate) trait Source: MaybeSend + MaybeSync {
    /// Whether reading a range is cheaper than reading the whole chunk.
    fn reads_ranges(&self) -> bool;

    /// All bytes of the chunk.
    fn all<'a>(
        &'a self,
        options: &'a CodecOptions,
    ) -> impl Future<Output = Result<Option<ArrayBytesRaw<'a>>, CodecError>> + MaybeSend;

    /// The bytes of some ranges, in their order.
    fn ranges<'a>(
        &'a self,
        ranges: Vec<ByteRange>,
        options: &'a CodecOptions,
    ) -> impl Future<Output = Result<Option<Vec<ArrayBytesRaw<'a>>>, CodecError>> + MaybeSend;
}

/// Synchronous storage.
pub(crate) struct Direct(pub(crate) Arc<dyn BytesPartialDecoderTraits>);

impl Source for Direct {
    fn reads_ranges(&self) -> bool {
        self.0.supports_partial_decode()
    }

    async fn all<'a>(&'a self, options: &'a CodecOptions) -> Result<Option<ArrayBytesRaw<'a>>, CodecError> {
        self.0.decode(options)
    }

    async fn ranges<'a>(
        &'a self,
        ranges: Vec<ByteRange>,
        options: &'a CodecOptions,
    ) -> Result<Option<Vec<ArrayBytesRaw<'a>>>, CodecError> {
        self.0.partial_decode_many(Box::new(ranges.into_iter()), options)
    }
}

/// Asynchronous storage.
#[cfg(feature = "async")]
pub(crate) struct Awaited(pub(crate) Arc<dyn AsyncBytesPartialDecoderTraits>);

#[cfg(feature = "async")]
impl Source for Awaited {
    fn reads_ranges(&self) -> bool {
        self.0.supports_partial_decode()
    }

    async fn all<'a>(&'a self, options: &'a CodecOptions) -> Result<Option<ArrayBytesRaw<'a>>, CodecError> {
        self.0.decode(options).await
    }

    async fn ranges<'a>(
        &'a self,
        ranges: Vec<ByteRange>,
        options: &'a CodecOptions,
    ) -> Result<Option<Vec<ArrayBytesRaw<'a>>>, CodecError> {
        self.0.partial_decode_many(Box::new(ranges.into_iter()), options).await
    }
}

/// The result of a read from a [`Direct`] source.
///
/// # Errors
/// [`CodecError::Other`] for a future that is not ready at the first poll. Futures over [`Direct`] always are.
pub(crate) fn at_once<T>(read: impl Future<Output = Result<T, CodecError>>) -> Result<T, CodecError> {
    match pin!(read).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(CodecError::Other("a synchronous read waited for something".to_owned())),
    }
}
