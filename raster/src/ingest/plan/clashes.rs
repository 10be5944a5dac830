//! What happens to valid samples while an array is read, which only reading shows. Clashes are those that equal the nodata value of their array, from files where that value means nothing. They can't be
//! told from missing ones afterwards. Others are clipped to the range of the array's type, or moved beside its nodata value.

use crate::conventions::time::Instant;
use crate::expression::Altered;
use crate::ingest::read::mosaic::Window;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// A window of a band and date, by the window's first row and column.
type Place = (String, Option<Instant>, usize, usize);

/// The clashes of an array.
#[derive(Debug, Default)]
pub(crate) struct Clashes {
    /// The bands where some are to be expected.
    watched: BTreeSet<String>,
    /// How many there are in a window. A window that is read again counts once.
    found: Mutex<BTreeMap<Place, u64>>,
    /// How many samples of a window are stored as others.
    altered: Mutex<BTreeMap<Place, Altered>>,
    /// The bands whose samples the array's type does not hold as they are.
    narrowed: BTreeSet<String>,
}

impl Clashes {
    /// Counts those of some bands.
    pub(crate) fn of(bands: impl IntoIterator<Item = String>) -> Self {
        Self { watched: bands.into_iter().collect(), ..Self::default() }
    }

    /// Counts, beside clashes, the samples of some bands that the array's type does not hold.
    pub(crate) fn narrowing(self, bands: impl IntoIterator<Item = String>) -> Self {
        Self { narrowed: bands.into_iter().collect(), ..self }
    }

    /// Whether the samples of a band may be more than the array's type holds.
    pub(crate) fn narrows(&self, band: &str) -> bool {
        self.narrowed.contains(band)
    }

    /// Notes how many samples of a window are stored as others.
    pub(crate) fn note_altered(&self, band: &str, time: Option<Instant>, window: &Window, altered: Altered) {
        if altered != Altered::default() {
            let place = (band.to_owned(), time, window.rows.start, window.columns.start);
            self.altered.lock().unwrap_or_else(PoisonError::into_inner).insert(place, altered);
        }
    }

    /// The bands that have samples which are stored as others, and how many.
    pub(crate) fn all_altered(&self) -> BTreeMap<String, Altered> {
        let mut counts: BTreeMap<String, Altered> = BTreeMap::new();
        for ((band, ..), altered) in self.altered.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let count = counts.entry(band.clone()).or_default();
            count.clipped += altered.clipped;
            count.moved += altered.moved;
        }
        counts
    }

    /// Whether those of a band are counted.
    pub(crate) fn watches(&self, band: &str) -> bool {
        self.watched.contains(band)
    }

    /// Notes how many a window has.
    pub(crate) fn note(&self, band: &str, time: Option<Instant>, window: &Window, count: u64) {
        if count > 0 {
            let place = (band.to_owned(), time, window.rows.start, window.columns.start);
            self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(place, count);
        }
    }

    /// Forgets what was noted, because the array will be read again.
    pub(crate) fn forget(&self) {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.altered.lock().unwrap_or_else(PoisonError::into_inner).clear();
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
