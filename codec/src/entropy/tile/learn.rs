//! The statistics that a fit learns from coded tiles.

use super::coder::TileCoder;
use super::contexts::{CLASSES, GROUP, PLANE_COUNTERS, SPAN};
use super::history::HistoryLinks;
use super::planes::{Planes, Statistics};
use crate::entropy::adaptive::Counter;
use crate::entropy::dry_run::DryRun;

/// The count with which a plane's own counters start. It is low, so that they adapt quickly to a tile.
const PLANE_START: u8 = 4;

impl<'a> TileCoder<'a, DryRun> {
    /// Starts a tile that is only learnt from.
    pub(crate) fn learner(planes: &'a Planes, width: usize) -> Self {
        Self::start(DryRun, planes, width, HistoryLinks::default())
    }
}

impl Planes {
    /// Moves the starts of each class's own counters towards what the planes and groups of one tile learnt.
    pub(crate) fn average(&self, plane: &[Counter], group: &[Vec<Counter>; 2], statistics: &mut Statistics) {
        for class in 0..CLASSES {
            for own in 0..PLANE_COUNTERS {
                let members = (0..self.count).filter(|k| usize::from(self.class[*k]) == class);
                towards(
                    &mut statistics.plane[class * PLANE_COUNTERS + own],
                    members.map(|k| plane[k * PLANE_COUNTERS + own]),
                );
            }
            for (level, size) in [GROUP * SPAN, GROUP].into_iter().enumerate() {
                let members = group[level].iter().enumerate().filter(|(i, _)| i * size < self.count);
                let members = members.filter(|(i, _)| usize::from(self.class[i * size]) == class);
                towards(&mut statistics.group[level * CLASSES + class], members.map(|(_, c)| *c));
            }
        }
    }
}

/// Moves a class's start towards the mean of what its members learnt.
fn towards(start: &mut Counter, members: impl Iterator<Item = Counter>) {
    let (mut sum, mut count) = (0u64, 0u64);
    for member in members {
        // A counter near its start says little.
        let weight = u64::from(member.count());
        sum += u64::from(member.p1()) * weight;
        count += weight;
    }
    if count == 0 {
        return;
    }
    let mean = sum / count;
    let known = u64::from(start.count());
    let p1 = if known == 0 { mean } else { (u64::from(start.p1()) * 7 + mean) / 8 };
    *start = Counter::new(p1.clamp(16, 65_519) as u16, PLANE_START);
}
