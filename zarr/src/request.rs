//! The requests of partial reads: which region of a chunk to decode. The synchronous and the asynchronous decoder share this.

use std::ops::Range;
use vqz_codec::error::{Error, Result};
use zarrs_chunk_grid::{Indexer, IndexerError};
use zarrs_codec::CodecError;

/// The part of a chunk to decode.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    /// No samples.
    Nothing,
    /// The whole chunk, in its own order.
    Whole,
    /// A region, a range for each dimension, in C order.
    Region(Vec<Range<usize>>),
    /// Single samples, within a region.
    Scattered(Vec<Range<usize>>),
}

impl Request {
    /// Checks an indexer against a chunk's shape.
    ///
    /// # Errors
    /// [`CodecError::IncompatibleIndexer`] for an indexer with another number of dimensions, or with positions outside the chunk.
    pub(crate) fn new(indexer: &dyn Indexer, shape: &[usize]) -> Result<Self, CodecError> {
        if indexer.is_empty() {
            return Ok(Self::Nothing);
        }
        if indexer.dimensionality() != shape.len() {
            let found = indexer.dimensionality();
            return Err(IndexerError::new_incompatible_dimensionality(found, shape.len()).into());
        }
        let outside = |at: &[u64]| {
            let shape = shape.iter().map(|extent| *extent as u64).collect();
            CodecError::from(IndexerError::new_oob(at.to_vec(), shape))
        };
        let inside = |end: u64, extent: usize| usize::try_from(end).ok().filter(|end| *end <= extent);

        if let Some(subset) = indexer.as_array_subset() {
            let (start, end) = (subset.start(), subset.end_exc());
            let region: Option<Vec<Range<usize>>> = (start.iter().zip(&end).zip(shape))
                .map(|((start, end), extent)| Some(usize::try_from(*start).ok()?..inside(*end, *extent)?))
                .collect();
            let region = region.ok_or_else(|| outside(&end))?;
            let whole = region.iter().zip(shape).all(|(range, extent)| *range == (0..*extent));
            return Ok(if whole { Self::Whole } else { Self::Region(region) });
        }

        let nowhere = Range { start: usize::MAX, end: 0 };
        let mut region = vec![nowhere; shape.len()];
        for at in indexer.iter_indices() {
            if at.len() != shape.len() {
                return Err(IndexerError::new_incompatible_dimensionality(at.len(), shape.len()).into());
            }
            for ((range, at_dimension), extent) in region.iter_mut().zip(at.iter()).zip(shape) {
                let end = inside(at_dimension.saturating_add(1), *extent).ok_or_else(|| outside(&at))?;
                *range = range.start.min(end - 1)..range.end.max(end);
            }
        }
        Ok(Self::Scattered(region))
    }
}

/// Picks the samples of an indexer out of a decoded region in C order, in the indexer's order.
///
/// # Errors
/// [`Error::InvalidArgument`] for an indexer with positions outside the region.
pub(crate) fn gather(
    indexer: &dyn Indexer,
    region: &[Range<usize>],
    samples: &[u8],
    size: usize,
) -> Result<Vec<u8>> {
    let changed = || Error::InvalidArgument("the indexer gave other positions when asked again".to_owned());
    let mut out = Vec::with_capacity(usize::try_from(indexer.len()).unwrap_or_default().saturating_mul(size));
    for at in indexer.iter_indices() {
        let mut offset = 0usize;
        for (range, at) in region.iter().zip(at.iter()) {
            let at = usize::try_from(*at).ok().filter(|at| range.contains(at)).ok_or_else(changed)?;
            offset = offset * range.len() + (at - range.start);
        }
        out.extend_from_slice(samples.get(offset * size..(offset + 1) * size).ok_or_else(changed)?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zarrs_chunk_grid::ArraySubset;

    const SHAPE: [usize; 2] = [10, 20];

    fn message<T: std::fmt::Debug>(result: Result<T, impl std::fmt::Display>) -> String {
        result.map_err(|e| e.to_string()).unwrap_err()
    }

    #[test]
    fn a_request_knows_the_whole_chunk_and_refuses_places_outside() {
        let request = |ranges: &[Range<u64>]| Request::new(&ArraySubset::new_with_ranges(ranges), &SHAPE);
        assert_eq!(request(&[0..10, 0..20]).unwrap(), Request::Whole);
        assert_eq!(request(&[3..3, 0..20]).unwrap(), Request::Nothing);
        assert_eq!(request(&[1..10, 0..20]).unwrap(), Request::Region(vec![1..10, 0..20]));
        assert!(message(request(&[0..11, 0..20])).contains("out-of-bounds"));
        assert!(message(request(&[0..1, 0..1, 0..1])).contains("incompatible"));
    }

    #[test]
    fn scattered_samples_come_in_the_order_of_the_indexer() {
        let places: Vec<Vec<u64>> = vec![vec![4, 7], vec![2, 9], vec![4, 7]];
        assert_eq!(Request::new(&places, &SHAPE).unwrap(), Request::Scattered(vec![2..5, 7..10]));
        // The region's samples, two bytes each: row and column.
        let samples: Vec<u8> = (2..5).flat_map(|y| (7..10).flat_map(move |x| [y, x])).collect();
        assert_eq!(gather(&places, &[2..5, 7..10], &samples, 2).unwrap(), [4, 7, 2, 9, 4, 7]);
        assert!(message(Request::new(&vec![vec![0u64, 20]], &SHAPE)).contains("out-of-bounds"));
        assert!(message(Request::new(&vec![vec![0u64, u64::MAX]], &SHAPE)).contains("out-of-bounds"));
        assert!(message(Request::new(&vec![vec![0u64, 1], vec![2]], &SHAPE)).contains("incompatible"));
        assert!(message(gather(&places, &[2..4, 7..10], &samples, 2)).contains("other positions"));
    }
}
