//! Dates that are left out because too little of them is valid: a pass over all dates before anything is planned further.

use crate::error::{Error, Result};
use crate::ingest::cube::{Shared, masked};
use crate::ingest::mosaic::Window;
use crate::ingest::pattern::iso;
use crate::ingest::plan::Plan;
use crate::plane::Plane;
use crate::temporal::DateCounts;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Pixels in a window of a pass over all dates.
const PASS: usize = 512;

impl Plan {
    /// Leaves out the dates of a scene, whose arrays begin with this one, of which too little is valid: in the first band of its
    /// first array with dates, over the whole grid, after masks.
    pub(super) fn leave_out_dates(&mut self, first: usize) -> Result<()> {
        let Some(least) = self.config.time.min_valid else { return Ok(()) };
        let array = self.arrays[first..].iter().find(|array| array.times.is_some());
        let Some(array) = array else { return Ok(()) };
        let Some(name) = array.bands.first().and_then(|band| band.band.name.clone()) else { return Ok(()) };
        let (board, source) = (&self.boards[array.board], array.steps.source());
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
                let mut shared = Shared::default();
                let mut counts = DateCounts::new(source.len());
                let planes = source
                    .iter()
                    .map(|time| masked(self, board, &name, *time, window, &mut shared))
                    .collect::<Result<Vec<Plane>>>()?;
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
        let kept: BTreeSet<i64> = counts.kept(least)?.into_iter().filter_map(|at| source[at]).collect();
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
            array.steps.retain(|time| kept.contains(&time));
            if array.times.is_some() {
                array.times = array.steps.times();
            }
        }
        Ok(())
    }
}
