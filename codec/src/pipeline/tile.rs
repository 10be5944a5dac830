//! Definitions about tiles that encoding and decoding share: the chunk around them, and properties of one tile.

use super::predicted::IntegerTile;
use crate::config::EntropyCoder;
use crate::container::header::{Bounds, CHECKSUM, check};
use crate::error::{Error, Result};
use crate::mask::{Classifier, Patterns};

/// The properties that the tiles of a chunk share.
pub(super) struct ChunkContext<'a, T> {
    pub(super) classifier: &'a Classifier<T>,
    pub(super) patterns: &'a Patterns,
    pub(super) entropy: EntropyCoder,
    pub(super) step: i16,
    pub(super) bands: usize,
    /// The promised bounds of valid samples, if there is a promise.
    pub(super) bounds: Option<&'a Bounds>,
}

impl<T> ChunkContext<'_, T> {
    /// Whether a picture with corrections can keep the promise.
    pub(super) fn takes_pictures(&self) -> bool {
        self.bounds.is_none_or(|bounds| !bounds.stable && bounds.each.iter().all(|bound| *bound > 0.0))
    }

    /// The description of a tile for coders of integers. `classes` are those of its mask.
    pub(super) fn samples<'b>(
        &'b self,
        [height, width]: [usize; 2],
        classes: &'b [u8],
    ) -> Result<IntegerTile<'b>> {
        let Some(bounds) = self.bounds else {
            return Err(Error::Corrupt(
                "a tile is bounded, its chunk is not; write the chunk again".to_owned(),
            ));
        };
        Ok(IntegerTile { bands: self.bands, height, width, classes, bounds })
    }
}

/// Which patches hold no valid sample, by rows of patches; empty when `classes` is.
pub(super) fn empty_patches(
    classes: &[u8],
    bands: usize,
    height: usize,
    width: usize,
    patch: usize,
) -> Vec<bool> {
    if classes.is_empty() {
        return Vec::new();
    }
    let columns = width.div_ceil(patch);
    let mut empty = vec![true; height.div_ceil(patch) * columns];
    for band in 0..bands {
        for y in 0..height {
            let row = &classes[(band * height + y) * width..][..width];
            for (x, class) in row.iter().enumerate() {
                if *class == 0 {
                    empty[y / patch * columns + x / patch] = false;
                }
            }
        }
    }
    empty
}

/// Checks the checksum of a tile, and returns the bytes before it.
pub(super) fn checked(part: &[u8]) -> Result<&[u8]> {
    let Some(length) = part.len().checked_sub(CHECKSUM) else {
        return Err(Error::Truncated(format!(
            "a tile has {} bytes, at least {CHECKSUM} are needed",
            part.len()
        )));
    };
    let (payload, checksum) = part.split_at(length);
    check(payload, checksum, "a tile")?;
    Ok(payload)
}
