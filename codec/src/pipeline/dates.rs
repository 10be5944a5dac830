//! Dates of one place: what the tile of an earlier date hands to the tiles of later dates that refer to it.
//!
//! A chunk may hold several images, such as dates, of the same place. A tile of one may be coded with the help of the tile of
//! an earlier one that covers the same pixels: the *reference tile*. A reference tile of codes hands on the history of its codes;
//! a predicted one hands on its restored samples.

use crate::entropy::tile::{HistoryLinks, TileHistory};
use crate::error::{Error, Result};
use crate::predict::Restored;

/// A tile of an earlier date, as the tiles that refer to it see it.
#[derive(Debug)]
pub(super) enum ReferenceTile {
    /// A tile of codes: the history of their statistics and innovations.
    Codes(Box<TileHistory>),
    /// A predicted tile: its restored samples.
    Samples(Restored),
}

impl From<TileHistory> for ReferenceTile {
    fn from(history: TileHistory) -> Self {
        Self::Codes(Box::new(history))
    }
}

/// Which other dates of the same place a tile is linked to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DateLinks<'a> {
    /// The reference tile, where the tile refers to one.
    pub(super) earlier: Option<&'a ReferenceTile>,
    /// Whether tiles of later dates will refer to this one.
    pub(super) referenced: bool,
}

impl<'a> DateLinks<'a> {
    /// The links of a tile of codes.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the reference tile has none.
    pub(super) fn codes(self) -> Result<HistoryLinks<'a>> {
        let earlier = match self.earlier {
            None => None,
            Some(ReferenceTile::Codes(history)) => Some(&**history),
            Some(ReferenceTile::Samples(_)) => return Err(unlike()),
        };
        Ok(HistoryLinks { earlier, referenced: self.referenced })
    }

    /// The restored samples of the reference tile, for a predicted tile.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the reference tile has codes.
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
