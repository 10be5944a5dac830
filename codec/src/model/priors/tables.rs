//! How tables of counters and weights are stored in `priors.bin`.

use crate::container::bytes::Reader;
use crate::entropy::adaptive::{Counter, MAX_WEIGHT};
use crate::error::{Error, Result};

/// The most planes that a model may have.
pub(crate) const MAX_PLANES: usize = 1 << 16;
/// The largest count with which a counter starts a tile, so that tiles adapt; larger counts of the fit are cut to this.
pub(crate) const START_COUNT: u32 = 30;

/// Appends a table: the probabilities, then the counts.
pub(super) fn put_counters(out: &mut Vec<u8>, counters: &[Counter]) {
    counters.iter().for_each(|c| out.extend_from_slice(&(c.p1() as u16).to_le_bytes()));
    counters.iter().for_each(|c| out.push(c.count().min(START_COUNT) as u8));
}

pub(super) fn read_counters(r: &mut Reader<'_>, counters: &mut [Counter]) -> Result<()> {
    let p1 = r.take(2 * counters.len(), "a table of probabilities")?;
    let counts = r.take(counters.len(), "a table of counts")?;
    for ((counter, p1), count) in counters.iter_mut().zip(p1.as_chunks().0).zip(counts) {
        if u32::from(*count) > START_COUNT {
            return Err(Error::Corrupt(format!("a count is {count}, at most {START_COUNT} is allowed")));
        }
        *counter = Counter::new(u16::from_le_bytes(*p1), *count);
    }
    Ok(())
}

pub(super) fn read_weights<'w>(r: &mut Reader<'_>, weights: impl Iterator<Item = &'w mut i32>) -> Result<()> {
    for weight in weights {
        let value = r.u32("a weight")? as i32;
        if !(-MAX_WEIGHT..=MAX_WEIGHT).contains(&value) {
            return Err(Error::Corrupt(format!("a mixing weight is {value}, allowed is ±{MAX_WEIGHT}")));
        }
        *weight = value;
    }
    Ok(())
}
