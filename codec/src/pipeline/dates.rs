//! Dates of one place: what the tile of an earlier date hands to the tiles of later dates that refer to it.
//!
//! A chunk may hold several images, such as dates, of the same place. A tile of one may be coded with the help of the tile of
//! an earlier one that covers the same pixels: the *reference tile*. By what it was coded, that one leaves either the history of
//! its codes or its restored samples.

use crate::entropy::tile::{HistoryLinks, TileHistory};
use crate::error::{Error, Result};
use crate::predict::Restored;

/// What a tile leaves to those that refer to it.
#[derive(Debug)]
pub(super) enum ReferenceTile {
    /// Of its codes.
    Codes(Box<TileHistory>),
    /// Of samples without a picture.
    Samples(Restored),
}

impl From<TileHistory> for ReferenceTile {
    fn from(memory: TileHistory) -> Self {
        Self::Codes(Box::new(memory))
    }
}

/// How a tile stands to other dates of the same place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DateLinks<'a> {
    /// What the tile left that it refers to.
    pub(super) earlier: Option<&'a ReferenceTile>,
    /// Whether others will refer to it.
    pub(super) remembered: bool,
}

impl<'a> DateLinks<'a> {
    /// The same, for codes.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the earlier tile has none.
    pub(super) fn codes(self) -> Result<HistoryLinks<'a>> {
        let earlier = match self.earlier {
            None => None,
            Some(ReferenceTile::Codes(memory)) => Some(&**memory),
            Some(ReferenceTile::Samples(_)) => return Err(unlike()),
        };
        Ok(HistoryLinks { earlier, remembered: self.remembered })
    }

    /// The same, for samples without a picture.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the earlier tile has others.
    pub(super) fn samples(self) -> Result<Option<&'a Restored>> {
        match self.earlier {
            None => Ok(None),
            Some(ReferenceTile::Samples(samples)) => Ok(Some(samples)),
            Some(ReferenceTile::Codes(_)) => Err(unlike()),
        }
    }
}

fn unlike() -> Error {
    Error::Corrupt("a tile refers to one that is coded in another way; write the chunk again".to_owned())
}
