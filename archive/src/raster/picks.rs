//! A view with selected steps along one dimension, in any order: bands or dates.

use crate::error::Result;
use crate::raster::region::{Region, Side, copy, extents, volume};
use crate::raster::source::{Raster, RasterInfo};
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

/// What to do with the steps that lie between two selected ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gaps {
    /// Read them along, because bands usually share chunks.
    Read,
    /// Skip them, because dates usually do not share chunks.
    #[cfg_attr(not(feature = "gdal"), allow(dead_code, reason = "only exports choose among dates"))]
    Skip,
}

/// The view.
pub(crate) struct PickedSteps {
    info: RasterInfo,
    inner: Arc<dyn Raster>,
    dimension: usize,
    picks: Vec<u64>,
    gaps: Gaps,
}

impl PickedSteps {
    /// A view of a raster with these steps. Each must lie within the extent of the dimension.
    pub(crate) fn new(inner: Arc<dyn Raster>, dimension: usize, picks: Vec<u64>, gaps: Gaps) -> Self {
        let mut info = inner.info().clone();
        info.shape[dimension] = picks.len() as u64;
        info.chunk[dimension] = info.chunk[dimension].min(picks.len() as u64).max(1);
        info.metadata.json_mut().insert("shape".to_owned(), Value::from(info.shape.clone()));
        Self { info, inner, dimension, picks, gaps }
    }

    /// The metadata, to change the attributes of the remaining bands.
    pub(crate) fn info_mut(&mut self) -> &mut RasterInfo {
        &mut self.info
    }

    /// The reads to make: for each, the first and the last step of the source, and which of the selected steps lie
    /// between.
    fn runs(&self, wanted: Range<usize>) -> Vec<(Range<u64>, Range<usize>)> {
        let picks = &self.picks[wanted.clone()];
        match (self.gaps, picks.iter().min(), picks.iter().max()) {
            (Gaps::Read, Some(first), Some(last)) => vec![(*first..*last + 1, 0..picks.len())],
            (Gaps::Skip, Some(_), Some(_)) => {
                let mut runs: Vec<(Range<u64>, Range<usize>)> = Vec::new();
                for (i, pick) in picks.iter().enumerate() {
                    match runs.last_mut() {
                        Some((source, target)) if source.end == *pick => {
                            source.end += 1;
                            target.end += 1;
                        }
                        _ => runs.push((*pick..*pick + 1, i..i + 1)),
                    }
                }
                runs
            }
            _ => Vec::new(),
        }
    }
}

impl Raster for PickedSteps {
    fn info(&self) -> &RasterInfo {
        &self.info
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let size = self.info.data_type.size();
        let shape = extents(region);
        let mut out = vec![0; volume(&shape) as usize * size];
        let wanted = region[self.dimension].start as usize..region[self.dimension].end as usize;
        let picks = &self.picks[wanted.clone()];
        let zero = vec![0; shape.len()];
        for (steps, targets) in self.runs(wanted) {
            let mut source: Region = region.to_vec();
            source[self.dimension] = steps.clone();
            let bytes = self.inner.read(&source)?;
            let source_shape = extents(&source);
            let mut extent = shape.clone();
            extent[self.dimension] = 1;
            for i in targets {
                let (mut from, mut to) = (zero.clone(), zero.clone());
                from[self.dimension] = picks[i] - steps.start;
                to[self.dimension] = i as u64;
                copy(
                    &bytes,
                    Side { shape: &source_shape, start: &from },
                    &mut out,
                    Side { shape: &shape, start: &to },
                    &extent,
                    size,
                );
            }
        }
        Ok(out)
    }
}
