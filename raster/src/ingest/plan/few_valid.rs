//! Dates that are left out because too few of their samples are valid. All dates are read once to find them.

use crate::conventions::time::{Instant, iso};
use crate::error::{Error, Result};
use crate::ingest::plan::CubePlan;
use crate::ingest::read::mosaic::Window;
use crate::ingest::read::validity::MaskedWindow;
use crate::plane::Plane;
use crate::temporal::DateCounts;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// The side of a window in the pass over all dates, in pixels.
const PASS: usize = 512;

impl CubePlan {
    /// Leaves out the dates of a scene with too few valid samples after masking. Samples are counted over the whole grid, in the
    /// first band of the scene's first array with dates. `first` is the number of the scene's first array.
    pub(super) fn leave_out_dates(&mut self, first: usize) -> Result<()> {
        let Some(least) = self.config.time.min_valid else { return Ok(()) };
        let array = self.arrays[first..].iter().find(|array| array.times.is_some());
        let Some(array) = array else { return Ok(()) };
        let Some(name) = array.bands.first().and_then(|band| band.band.name.clone()) else { return Ok(()) };
        let (gridded, source) = (&self.gridded[array.grid_number], array.dates.source());
        let starts =
            |extent: usize| (0..extent).step_by(PASS).map(move |start| start..(start + PASS).min(extent));
        let windows: Vec<Window> = starts(array.grid.height)
            .flat_map(|rows| {
                starts(array.grid.width).map(move |columns| Window { rows: rows.clone(), columns })
            })
            .collect();
        let counts = windows
            .par_iter()
            .map(|window| {
                let mut masked = MaskedWindow::new(&self.validity, gridded, window);
                let mut counts = DateCounts::new(source.len());
                let planes =
                    source.iter().map(|time| masked.read(&name, *time)).collect::<Result<Vec<Plane>>>()?;
                counts.add(&planes)?;
                Ok::<DateCounts, Error>(counts)
            })
            .try_reduce(
                || DateCounts::new(source.len()),
                |mut a, b| {
                    a.merge(&b)?;
                    Ok(a)
                },
            )?;
        let parts = counts.valid_fractions();
        let kept: BTreeSet<Instant> = counts.kept(least)?.into_iter().filter_map(|at| source[at]).collect();
        let dropped: Vec<String> = (source.iter().zip(&parts))
            .filter_map(|(time, part)| Some((((*time)?), part)))
            .filter(|(time, _)| !kept.contains(time))
            .map(|(time, part)| format!("{} ({:.0} %)", iso(time), 100.0 * part))
            .collect();
        if kept.is_empty() {
            return Err(Error::Mismatch(format!(
                "no date has {:.0} % of its samples valid, as min_valid under [time] asks: {}",
                100.0 * least,
                dropped.join(", ")
            )));
        }
        if !dropped.is_empty() {
            self.remarks.push(format!("left out, too little of them is valid: {}", dropped.join(", ")));
        }
        for array in &mut self.arrays[first..] {
            array.dates.retain(|time| kept.contains(&time));
            if array.times.is_some() {
                array.times = array.dates.times();
            }
        }
        Ok(())
    }
}
