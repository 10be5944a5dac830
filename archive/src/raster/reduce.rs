//! A view at a lower resolution: each of its pixels covers a whole number of rows and columns. It is computed window
//! by window.

use crate::error::Result;
use crate::raster::region::{Grid, Region, Side, copy, extents, volume};
use crate::raster::resampling::Resampling;
use crate::raster::samples::{Mask, bytes_of, to_f64};
use crate::raster::source::{Raster, RasterInfo};
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_codec::sample::DataType;

/// The greatest number of samples of the source that are in memory at a time.
const SAMPLES: u64 = 16 << 20;

/// A raster whose samples stand for cells of several rows and columns of another. A cell without a valid sample takes
/// the value of its first sample. Cells at the lower and right edge cover the samples that remain.
pub(crate) struct Reduced {
    info: RasterInfo,
    inner: Arc<dyn Raster>,
    /// Extents of a cell, in each dimension.
    cell: Vec<u64>,
    resampling: Resampling,
    mask: Mask,
}

impl Reduced {
    /// A view of a raster in cells of `rows` and `columns`, each at least 1.
    ///
    /// # Errors
    /// When its nodata values do not fit its data type.
    pub(crate) fn new(
        inner: Arc<dyn Raster>,
        rows: u64,
        columns: u64,
        resampling: Resampling,
    ) -> Result<Self> {
        let mut info = inner.info().clone();
        let side = |role: &Role| match role {
            Role::Y => rows,
            Role::X => columns,
            Role::Band | Role::Time | Role::Other(_) => 1,
        };
        let cell: Vec<u64> = info.axes.roles().iter().map(side).collect();
        for ((extent, chunk), cell) in info.shape.iter_mut().zip(&mut info.chunk).zip(&cell) {
            *extent = extent.div_ceil(*cell);
            *chunk = (*chunk).min(*extent).max(1);
        }
        info.metadata.json_mut().insert("shape".to_owned(), Value::from(info.shape.clone()));
        let mask = Mask::new(&info.nodata, info.data_type)?;
        Ok(Self { info, inner, cell, resampling, mask })
    }

    /// Windows of the output whose sources are not too large, as a grid over a region's extents.
    fn pieces(&self, shape: &[u64]) -> Grid {
        let mut piece = shape.to_vec();
        while volume(&piece).saturating_mul(volume(&self.cell)) > SAMPLES {
            let Some(longest) = (0..piece.len()).max_by_key(|d| piece[*d]).filter(|d| piece[*d] > 1) else {
                break;
            };
            piece[longest] = piece[longest].div_ceil(2);
        }
        Grid::new(shape, &piece)
    }

    fn read_piece(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let source: Region = region
            .iter()
            .zip(&self.cell)
            .zip(&self.inner.info().shape)
            .map(|((range, cell), extent)| range.start * cell..(range.end * cell).min(*extent))
            .collect();
        let bytes = self.inner.read(&source)?;
        let values = to_f64(self.info.data_type, &bytes);
        let source_shape = extents(&source);
        let strides = strides(&source_shape);
        let (y, x) = self.image_dimensions();
        let size = self.info.data_type.size();
        let mut out = Vec::with_capacity(volume(&extents(region)) as usize * size);
        let grid = Grid::new(&source_shape, &self.cell);
        for number in 0..grid.len() {
            let cell = grid.region(&grid.indices(number));
            let start = cell.iter().zip(&strides).map(|(range, stride)| range.start as usize * stride).sum();
            let extent = |d: usize| (cell[d].end - cell[d].start) as usize;
            let cell = Cell { start, rows: (extent(y), strides[y]), columns: (extent(x), strides[x]) };
            self.sample(cell, &values, &bytes, &mut out);
        }
        Ok(out)
    }

    fn image_dimensions(&self) -> (usize, usize) {
        let dimension = |role| self.info.axes.position(&role).unwrap_or_default();
        (dimension(Role::Y), dimension(Role::X))
    }

    /// Appends the sample of a cell, given the samples around it.
    fn sample(&self, cell: Cell, values: &[f64], bytes: &[u8], out: &mut Vec<u8>) {
        let data_type = self.info.data_type;
        let size = data_type.size();
        let own = |at: usize, out: &mut Vec<u8>| out.extend(&bytes[at * size..(at + 1) * size]);
        let (rows, columns) = (cell.rows, cell.columns);
        if self.resampling == Resampling::Nearest {
            return own(cell.start + rows.0 / 2 * rows.1 + columns.0 / 2 * columns.1, out);
        }
        let (mut sum, mut count, mut first) = (0.0, 0u64, None);
        for row in 0..rows.0 {
            for column in 0..columns.0 {
                let at = cell.start + row * rows.1 + column * columns.1;
                if self.mask.is_valid(values[at]) {
                    sum += values[at];
                    count += 1;
                    first.get_or_insert(at);
                }
            }
        }
        let Some(first) = first else {
            return own(cell.start, out);
        };
        let mean = rounded(data_type, sum / count as f64);
        // A mean of valid samples must not equal a nodata value.
        if self.mask.is_valid(mean) { out.extend(bytes_of(data_type, mean)) } else { own(first, out) }
    }
}

/// The samples of a cell in a block: where the first stands, and how many rows and columns there are, how far apart.
#[derive(Clone, Copy)]
struct Cell {
    start: usize,
    rows: (usize, usize),
    columns: (usize, usize),
}

/// How far apart samples stand along each dimension of a block in C order.
fn strides(shape: &[u64]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for d in (1..shape.len()).rev() {
        strides[d - 1] = strides[d] * shape[d] as usize;
    }
    strides
}

/// The value as its data type represents it.
fn rounded(data_type: DataType, value: f64) -> f64 {
    match data_type {
        DataType::Float64 => value,
        DataType::Float32 => f64::from(value as f32),
        DataType::UInt8 | DataType::Int16 | DataType::UInt16 | DataType::Int32 => value.round(),
    }
}

impl Raster for Reduced {
    fn info(&self) -> &RasterInfo {
        &self.info
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let shape = extents(region);
        let size = self.info.data_type.size();
        let grid = self.pieces(&shape);
        if grid.len() == 1 {
            return self.read_piece(region);
        }
        let mut out = vec![0; volume(&shape) as usize * size];
        for number in 0..grid.len() {
            let piece = grid.region(&grid.indices(number));
            let source: Region =
                piece.iter().zip(region).map(|(p, r)| p.start + r.start..p.end + r.start).collect();
            let bytes = self.read_piece(&source)?;
            let extent = extents(&piece);
            let (zero, start): (Vec<u64>, Vec<u64>) = piece.iter().map(|range| (0, range.start)).unzip();
            copy(
                &bytes,
                Side { shape: &extent, start: &zero },
                &mut out,
                Side { shape: &shape, start: &start },
                &extent,
                size,
            );
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::document::Metadata;
    use crate::raster::crop::Cropped;
    use crate::raster::picks::{Gaps, PickedSteps};
    use crate::raster::source::whole;
    use vqz_codec::axes::Axes;
    use vqz_codec::config::NoData;

    struct Memory(RasterInfo, Vec<i16>);

    impl Raster for Memory {
        fn info(&self) -> &RasterInfo {
            &self.0
        }

        fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
            let from: Vec<u8> = self.1.iter().flat_map(|v| v.to_ne_bytes()).collect();
            let (extent, start) = (extents(region), region.iter().map(|r| r.start).collect::<Vec<_>>());
            let mut out = vec![0; volume(&extent) as usize * 2];
            let from_side = Side { shape: &self.0.shape, start: &start };
            copy(
                &from,
                from_side,
                &mut out,
                Side { shape: &extent, start: &vec![0; extent.len()] },
                &extent,
                2,
            );
            Ok(out)
        }
    }

    fn memory(axes: &[&str], shape: &[u64], samples: Vec<i16>) -> Arc<dyn Raster> {
        let info = RasterInfo {
            label: "memory".to_owned(),
            shape: shape.to_vec(),
            axes: Axes::from_names(axes).unwrap(),
            data_type: DataType::Int16,
            chunk: shape.to_vec(),
            nodata: vec![NoData::Integer(0)],
            metadata: Metadata::new_array(shape, DataType::Int16, 0.into()),
            band_coordinate: None,
            stored: (0, 0),
        };
        Arc::new(Memory(info, samples))
    }

    fn read(raster: &dyn Raster) -> Vec<i16> {
        let bytes = raster.read(&whole(raster.info())).unwrap();
        bytes.as_chunks::<2>().0.iter().map(|b| i16::from_ne_bytes(*b)).collect()
    }

    #[test]
    fn cells_are_means_of_valid_samples() {
        let samples = vec![
            1, 3, 0, 8, 5, //
            5, 6, 0, 9, 0, //
            0, 0, -1, 1, 7,
        ];
        let source = memory(&["y", "x"], &[3, 5], samples);
        let reduced = Reduced::new(Arc::clone(&source), 2, 2, Resampling::Average).unwrap();
        assert_eq!(reduced.info().shape, [2, 3]);
        // 15 / 4 is rounded, 0 means nothing, a mean of 0 would mean nothing and is the first sample instead.
        assert_eq!(read(&reduced), [4, 9, 5, 0, -1, 7]);
        let nearest = Reduced::new(Arc::clone(&source), 2, 2, Resampling::Nearest).unwrap();
        assert_eq!(read(&nearest), [6, 9, 0, 0, 1, 7]);
        let same = Reduced::new(Arc::clone(&source), 1, 1, Resampling::Average).unwrap();
        assert_eq!(read(&same), read(source.as_ref()));
    }

    #[test]
    fn dimensions_come_in_any_order() {
        // Two bands, interleaved by pixel.
        let samples: Vec<i16> = (1..=4 * 4 * 2).collect();
        let source = memory(&["y", "x", "band"], &[4, 4, 2], samples);
        let reduced = Reduced::new(source, 4, 2, Resampling::Average).unwrap();
        assert_eq!(reduced.info().shape, [1, 2, 2]);
        assert_eq!(read(&reduced), [14, 15, 18, 19]);
    }

    #[test]
    fn windows_agree_with_the_whole() {
        let samples: Vec<i16> = (0..3 * 37 * 29).map(|i| (i * 7919 % 1000) as i16).collect();
        let source = memory(&["band", "y", "x"], &[3, 37, 29], samples);
        let reduced = Reduced::new(source, 3, 5, Resampling::Average).unwrap();
        let all = read(&reduced);
        assert_eq!(reduced.info().shape, [3, 13, 6]);
        let window = Cropped::new(Arc::new(reduced), 4..9, 2..6);
        let expected: Vec<i16> = (0..3)
            .flat_map(|b| (4..9).flat_map(move |y| (2..6).map(move |x| (b * 13 + y) * 6 + x)))
            .map(|at: usize| all[at])
            .collect();
        assert_eq!(read(&window), expected);
    }

    #[test]
    fn steps_are_picked_in_any_order() {
        let source = memory(&["time", "y", "x"], &[5, 1, 2], (0..10).collect());
        for gaps in [Gaps::Read, Gaps::Skip] {
            let picked = PickedSteps::new(Arc::clone(&source), 0, vec![1, 2, 4, 0], gaps);
            assert_eq!(read(&picked), [2, 3, 4, 5, 8, 9, 0, 1], "{gaps:?}");
            assert_eq!(picked.read(&[2..4, 0..1, 1..2]).unwrap(), [9i16, 1].map(i16::to_ne_bytes).concat());
        }
    }
}
