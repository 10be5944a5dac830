//! Collects pictures from the blocks of an array: one date, chosen bands, at a size that fits on a page. If the array
//! is larger, each pixel shows the mean of a square of samples, and the largest error in it.

use vqz_archive::RasterInfo;
use vqz_archive::metrics::Block;
use vqz_codec::axes::Role;
use vqz_report::Planes;

/// The content of a picture.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// The date, by number.
    pub(super) date: u64,
    /// Bands, by number.
    pub(super) bands: Vec<usize>,
    /// The greatest length of the longer side, in pixels.
    pub(super) side: u64,
}

/// The pictures of one date.
pub(super) struct Canvas {
    pub(super) date: u64,
    /// Samples along each side of the square that a pixel stands for.
    pub(super) factor: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    bands: Vec<(usize, Layer)>,
}

/// The samples of one band.
struct Layer {
    /// Sums and numbers of samples.
    source: Vec<(f64, u32)>,
    decoded: Vec<(f64, u32)>,
    /// The largest error.
    worst: Vec<f64>,
    /// The sample in the middle of the square, because a mean of classes has no meaning.
    middle: [Vec<f64>; 2],
}

/// Which of two rasters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Decoded,
}

impl Canvas {
    pub(super) fn new(info: &RasterInfo, shown: &Shown) -> Self {
        let (height, width) = (info.extent(&Role::Y), info.extent(&Role::X));
        let factor = height.max(width).div_ceil(shown.side).max(1);
        let (height, width) = (height.div_ceil(factor) as usize, width.div_ceil(factor) as usize);
        let pixels = height * width;
        let nothing = || vec![f64::NAN; pixels];
        let layer = || Layer {
            source: vec![(0.0, 0); pixels],
            decoded: vec![(0.0, 0); pixels],
            worst: nothing(),
            middle: [nothing(), nothing()],
        };
        let bands = shown.bands.iter().map(|band| (*band, layer())).collect();
        Self { date: shown.date, factor: factor as usize, width, height, bands }
    }

    pub(super) fn take(&mut self, block: &Block) {
        let (y0, x0, columns) = (block.y.start as usize, block.x.start as usize, block.width());
        let (factor, width) = (self.factor, self.width);
        for (band, layer) in &mut self.bands {
            let source = block.a.get(*band);
            for (i, b) in block.b[*band].iter().enumerate() {
                let (y, x) = (y0 + i / columns, x0 + i % columns);
                let at = y / factor * width + x / factor;
                let a = source.map_or(f64::NAN, |source| source[i]);
                let middle = y % factor == factor / 2 && x % factor == factor / 2;
                for (value, sums, kept) in [(a, &mut layer.source, 0), (*b, &mut layer.decoded, 1)] {
                    if value.is_finite() {
                        sums[at].0 += value;
                        sums[at].1 += 1;
                        // If a square reaches over the edge, its middle may lie beyond the edge.
                        if middle || layer.middle[kept][at].is_nan() {
                            layer.middle[kept][at] = value;
                        }
                    }
                }
                if a.is_finite() && b.is_finite() {
                    // `max` of a number and NaN is the number.
                    layer.worst[at] = layer.worst[at].max((a - b).abs());
                }
            }
        }
    }

    fn layer(&self, band: usize) -> Option<&Layer> {
        self.bands.iter().find(|(number, _)| *number == band).map(|(_, layer)| layer)
    }

    /// The means of one band, NaN where there are no data.
    pub(super) fn mean(&self, band: usize, side: Side) -> Vec<f64> {
        let Some(layer) = self.layer(band) else { return vec![f64::NAN; self.width * self.height] };
        let sums = if side == Side::Source { &layer.source } else { &layer.decoded };
        sums.iter().map(|(sum, count)| if *count > 0 { sum / f64::from(*count) } else { f64::NAN }).collect()
    }

    /// Single samples of one band, one for each square.
    pub(super) fn nearest(&self, band: usize, side: Side) -> Vec<f64> {
        let at = usize::from(side == Side::Decoded);
        self.layer(band).map_or_else(|| vec![f64::NAN; self.width * self.height], |l| l.middle[at].clone())
    }

    /// Three bands as red, green and blue.
    pub(super) fn planes(&self, bands: [usize; 3], side: Side) -> Planes {
        Planes { width: self.width, height: self.height, rgb: bands.map(|band| self.mean(band, side)) }
    }

    /// The largest error of some bands at each pixel, NaN where there are no data.
    pub(super) fn worst(&self, bands: &[usize]) -> Vec<f64> {
        let mut out = vec![f64::NAN; self.width * self.height];
        for layer in bands.iter().filter_map(|band| self.layer(*band)) {
            out.iter_mut().zip(&layer.worst).for_each(|(out, worst)| *out = out.max(*worst));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vqz_archive::metadata::Metadata;
    use vqz_codec::axes::Axes;
    use vqz_codec::sample::DataType;

    #[test]
    fn squares_become_pixels() {
        let shape = [5, 6];
        let info = RasterInfo {
            label: String::new(),
            shape: shape.to_vec(),
            axes: Axes::from_names(&["y", "x"]).unwrap(),
            data_type: DataType::Float64,
            chunk: shape.to_vec(),
            nodata: Vec::new(),
            metadata: Metadata::new_array(&shape, DataType::Float64, 0.into()),
            band_coordinate: None,
            stored: (0, 0),
        };
        let mut canvas = Canvas::new(&info, &Shown { date: 0, bands: vec![0], side: 3 });
        assert_eq!((canvas.factor, canvas.width, canvas.height), (2, 3, 3));
        let a: Vec<f64> = (0..30).map(f64::from).collect();
        let mut b = a.clone();
        (b[0], b[7], b[29]) = (f64::NAN, 9.0, 30.5);
        for (rows, from) in [(0..4, 0), (4..5, 24)] {
            let to = from + (rows.end - rows.start) as usize * 6;
            let part = |v: &[f64]| vec![v[from..to].to_vec()];
            canvas.take(&Block { y: rows, x: 0..6, a: part(&a), b: part(&b) });
        }
        assert_eq!(canvas.mean(0, Side::Source)[0], 3.5);
        assert_eq!(canvas.mean(0, Side::Decoded)[0], (1.0 + 6.0 + 9.0) / 3.0);
        assert_eq!(canvas.nearest(0, Side::Source)[0], 7.0);
        assert_eq!((canvas.worst(&[0])[0], canvas.worst(&[0])[8]), (2.0, 1.5));
        assert!(canvas.worst(&[3]).iter().all(|worst| worst.is_nan()));
    }
}
