//! How the bits of an archive are distributed over places, dates and purposes, from the headers of the chunks.

use anyhow::Result;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use vqz_archive::encoded::{EncodedArray, date_of_image, is_padding};
use vqz_archive::parallel;
use vqz_archive::raster::volume;
use vqz_codec::axes::Role;
use vqz_report::Heat;

/// The distribution of the bits.
pub(super) struct Rate {
    /// Bits per sample at each place, over all dates.
    pub(super) map: Heat,
    /// Bits and samples of each date.
    pub(super) dates: Vec<(f64, f64)>,
    /// Chunks that are stored.
    pub(super) chunks: u64,
    /// Tiles in them.
    pub(super) tiles: u64,
    /// Bytes of tiles.
    pub(super) tile_bytes: u64,
    /// Bytes of chunks other than tiles: headers with the tile index, statistics and checksums.
    pub(super) header_bytes: u64,
    /// The smallest and the largest number of bits per sample of a stored chunk.
    pub(super) chunk_bits: Option<(f64, f64)>,
}

impl Rate {
    /// Reads all headers.
    ///
    /// # Errors
    /// When one can't be read.
    pub(super) fn of(archive: &EncodedArray, shape: &[u64]) -> Result<Self> {
        let axes = archive.configuration().axes.clone();
        let extent = |role: &Role| axes.position(role).map_or(1, |d| shape[d]);
        let (height, width) = (extent(&Role::Y), extent(&Role::X));
        let rate = Mutex::new(Self {
            map: Heat::new(height, width),
            dates: vec![(0.0, 0.0); extent(&Role::Time) as usize],
            chunks: 0,
            tiles: 0,
            tile_bytes: 0,
            header_bytes: 0,
            chunk_bits: None,
        });
        let chunk = archive.grid().chunk().to_vec();
        let whole: Vec<Range<usize>> = chunk.iter().map(|n| 0..*n as usize).collect();
        let role = |role: &Role| axes.position(role);
        let stored = archive.stored()?;
        parallel::for_each(stored.len(), rayon::current_num_threads(), |at| {
            let indices = stored.get(at as usize);
            let Some(planned) = archive.planned(indices, &whole)? else { return Ok(()) };
            let inside = archive.region(indices);
            let span = |d: Option<usize>| d.map_or(0..1, |d| inside[d].clone());
            let (y, x) = (span(role(&Role::Y)), span(role(&Role::X)));
            let bands = span(role(&Role::Band)).end - span(role(&Role::Band)).start;
            let mut rate = rate.lock().unwrap_or_else(PoisonError::into_inner);
            let tile_bytes: u64 = planned.tiles.iter().map(|tile| tile.bytes).sum();
            let is_part = |image| !is_padding(&axes, &chunk, &inside, image);
            for tile in planned.tiles.iter().filter(|tile| is_part(tile.image)) {
                let clip = |part: &Range<usize>, whole: &Range<u64>| {
                    let (start, end) = (whole.start + part.start as u64, whole.start + part.end as u64);
                    start.min(whole.end)..end.min(whole.end)
                };
                let (rows, columns) = (clip(&tile.rows, &y), clip(&tile.columns, &x));
                let samples = ((rows.end - rows.start) * (columns.end - columns.start) * bands) as f64;
                let number = date_of_image(&axes, &chunk, &inside, tile.image).unwrap_or(0);
                rate.tiles += 1;
                let Some(total) = rate.dates.get_mut(number as usize).filter(|_| samples > 0.0) else {
                    continue;
                };
                let bits = tile.bytes as f64 * 8.0;
                (total.0, total.1) = (total.0 + bits, total.1 + samples);
                rate.map.add(rows, columns, bits, samples);
            }
            let samples: Vec<u64> = inside.iter().map(|range| range.end - range.start).collect();
            let bits = planned.length as f64 * 8.0 / (volume(&samples) as f64).max(1.0);
            let (least, most) = rate.chunk_bits.unwrap_or((bits, bits));
            rate.chunk_bits = Some((least.min(bits), most.max(bits)));
            rate.chunks += 1;
            rate.tile_bytes += tile_bytes;
            rate.header_bytes += planned.length.saturating_sub(tile_bytes);
            Ok(())
        })?;
        Ok(rate.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}
