//! Clashes: valid samples that equal the nodata value of their array, from files where that value means nothing. They can't be
//! told from missing ones afterwards, so they are counted while the array is read.

use crate::ingest::read::mosaic::Window;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// A window of a band and date, by the window's first row and column.
type Place = (String, Option<i64>, usize, usize);

/// The clashes of an array.
#[derive(Debug, Default)]
pub(crate) struct Clashes {
    /// The bands where some are to be expected.
    watched: BTreeSet<String>,
    /// How many there are in a window. A window that is read again counts once.
    found: Mutex<BTreeMap<Place, u64>>,
}

impl Clashes {
    /// Counts those of some bands.
    pub(crate) fn of(bands: impl IntoIterator<Item = String>) -> Self {
        Self { watched: bands.into_iter().collect(), ..Self::default() }
    }

    /// Whether those of a band are counted.
    pub(crate) fn watches(&self, band: &str) -> bool {
        self.watched.contains(band)
    }

    /// Notes how many a window has.
    pub(crate) fn note(&self, band: &str, time: Option<i64>, window: &Window, count: u64) {
        if count > 0 {
            let place = (band.to_owned(), time, window.rows.start, window.columns.start);
            self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(place, count);
        }
    }

    /// Forgets what was noted, because the array will be read again.
    pub(crate) fn forget(&self) {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The bands that have some, and how many.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for ((band, ..), count) in self.found.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            *counts.entry(band.clone()).or_default() += count;
        }
        counts
    }
}
