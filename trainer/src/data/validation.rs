//! Whole pieces for validation, each block once, in their order: images, not crops, and not varied.

use crate::data::block::Block;
use crate::data::error::{DataError, Result};
use crate::data::piece::Piece;
use crate::data::source::Source;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

/// Pieces in the order of their blocks, read ahead in the background. Under the mask they hold a smooth continuation, as
/// batches do. If no sample of any of them was valid, the last item is an error. Nothing follows an error.
#[derive(Debug)]
pub struct Pieces {
    /// `None` once it is over.
    receiver: Option<Receiver<Result<Piece>>>,
    reader: Option<JoinHandle<()>>,
    valid: u64,
}

impl Pieces {
    /// Reads these blocks. Two pieces are in memory besides the one in use.
    ///
    /// # Errors
    /// [`DataError::Reader`] when no thread can be started.
    pub fn read(source: Arc<Source>, blocks: Vec<Block>) -> Result<Self> {
        let (sender, receiver) = sync_channel(1);
        let reader = std::thread::Builder::new()
            .name("validation reader".to_owned())
            .spawn(move || {
                for block in blocks {
                    let piece = source.read(&block).map(|mut piece| {
                        piece.fill();
                        piece
                    });
                    let failed = piece.is_err();
                    // The receiver was dropped, or this was the last message.
                    if sender.send(piece).is_err() || failed {
                        return;
                    }
                }
            })
            .map_err(|e| DataError::Reader(format!("no thread can be started: {e}; stop other programs")))?;
        Ok(Self { receiver: Some(receiver), reader: Some(reader), valid: 0 })
    }

    fn end(&mut self) -> Option<DataError> {
        self.receiver = None;
        let panicked = self.reader.take().is_some_and(|reader| reader.join().is_err());
        if panicked {
            return Some(DataError::Reader(
                "it panicked over a validation chunk; please report it".to_owned(),
            ));
        }
        (self.valid == 0).then(|| {
            DataError::Empty(
                "no sample for validation is valid; check nodata, or split with another seed".to_owned(),
            )
        })
    }
}

impl Iterator for Pieces {
    type Item = Result<Piece>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.receiver.as_ref()?.recv() {
            Ok(Ok(piece)) => {
                self.valid += piece.valid_samples();
                Some(Ok(piece))
            }
            Ok(Err(error)) => {
                self.receiver = None;
                Some(Err(error))
            }
            Err(_) => self.end().map(Err),
        }
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        // The reader stops at the next piece that it can't send.
        self.receiver = None;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
