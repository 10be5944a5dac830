//! Crops: where they lie in a piece, and how they are copied, flipped and transposed on the way.

use crate::data::fill::fill;
use crate::data::piece::Piece;
use crate::data::random::Random;

/// One of the eight symmetries of a square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Symmetry {
    flip_y: bool,
    flip_x: bool,
    transpose: bool,
}

impl Symmetry {
    /// Number 0 is no change.
    pub(crate) fn new(number: u64) -> Self {
        Self { flip_y: number & 1 != 0, flip_x: number & 2 != 0, transpose: number & 4 != 0 }
    }

    /// Where the first pixel of a square of this size goes, and the steps there of a row and of a column.
    fn strides(self, size: usize) -> (usize, isize, isize) {
        let s = size as isize;
        let (mut row, mut column) = if self.transpose { (1, s) } else { (s, 1) };
        let mut origin = 0;
        if self.flip_y {
            origin += row * (s - 1);
            row = -row;
        }
        if self.flip_x {
            origin += column * (s - 1);
            column = -column;
        }
        (origin as usize, row, column)
    }
}

/// A part of an image of a piece: at most `size` rows and columns, fewer where the image has fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crop {
    pub(crate) image: usize,
    pub(crate) y: usize,
    pub(crate) x: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// The side of the square that it fills, or that is padded around it.
    pub(crate) size: usize,
    /// Whether it holds masked samples or padding.
    pub(crate) masked: bool,
}

/// How many pixels are drawn, at most, to find a valid one.
const PROBES: usize = 64;

impl Crop {
    /// Draws a crop around a valid pixel. Every valid pixel is drawn with about the same probability. So borders are
    /// seen as often as the middle, and so are small areas of data surrounded by nodata.
    ///
    /// `None` if no try gives a crop of which at least the fraction `min_valid` is valid.
    pub(crate) fn draw(
        piece: &Piece,
        image: usize,
        size: usize,
        min_valid: f64,
        tries: usize,
        random: &mut Random,
    ) -> Option<Self> {
        let (height, width) = (size.min(piece.height), size.min(piece.width));
        for _ in 0..tries.max(1) {
            let (at_y, at_x) = anchor(piece, image, random);
            let y = at_y.saturating_sub(random.index(height)).min(piece.height - height);
            let x = at_x.saturating_sub(random.index(width)).min(piece.width - width);
            let crop = Self { image, y, x, height, width, size, masked: false };
            let (valid, all) = (crop.valid_samples(piece), piece.bands * height * width);
            if valid > 0 && valid as f64 >= min_valid * all as f64 {
                return Some(Self { masked: valid < all || height < size || width < size, ..crop });
            }
        }
        None
    }

    /// Valid samples among those that it has of the image.
    fn valid_samples(&self, piece: &Piece) -> usize {
        let Some(valid) = &piece.valid else {
            return piece.bands * self.height * self.width;
        };
        (0..piece.bands)
            .flat_map(|band| (0..self.height).map(move |y| (band, y)))
            .map(|(band, y)| {
                let row = &valid[self.offset(piece, band, y)..][..self.width];
                row.iter().map(|v| usize::from(*v)).sum::<usize>()
            })
            .sum()
    }

    /// The place in the piece of the first sample of a row of its own.
    fn offset(&self, piece: &Piece, band: usize, y: usize) -> usize {
        ((self.image * piece.bands + band) * piece.height + self.y + y) * piece.width + self.x
    }

    /// Copies the samples into `(band, size, size)`. Where there is a mask to write, invalid samples and padding are
    /// marked 0 in it, and get a smooth continuation of the valid ones.
    pub(crate) fn copy(
        &self,
        piece: &Piece,
        symmetry: Symmetry,
        samples: &mut [f32],
        mask: Option<&mut [u8]>,
    ) {
        let plane = self.size * self.size;
        let (origin, row_step, column_step) = symmetry.strides(self.size);
        let row_start = |y: usize| origin.wrapping_add_signed(y as isize * row_step);
        for (band, target) in samples.chunks_exact_mut(plane).enumerate() {
            for y in 0..self.height {
                let row = &piece.samples[self.offset(piece, band, y)..][..self.width];
                scatter(row, target, row_start(y), column_step);
            }
        }
        let Some(mask) = mask else {
            return;
        };
        let ones = vec![1; self.width];
        for (band, target) in mask.chunks_exact_mut(plane).enumerate() {
            target.fill(0);
            for y in 0..self.height {
                match &piece.valid {
                    Some(valid) => {
                        let row = &valid[self.offset(piece, band, y)..][..self.width];
                        scatter(row, target, row_start(y), column_step);
                    }
                    None => scatter(&ones, target, row_start(y), column_step),
                }
            }
            fill(&mut samples[band * plane..][..plane], target, self.size, self.size);
        }
    }
}

/// A random pixel; a valid one, if one is soon found.
fn anchor(piece: &Piece, image: usize, random: &mut Random) -> (usize, usize) {
    let mut pixel = (0, 0);
    for _ in 0..PROBES {
        pixel = (random.index(piece.height), random.index(piece.width));
        let Some(valid) = &piece.valid else {
            break;
        };
        // Bands may have masks of their own.
        let band = random.index(piece.bands);
        if valid[((image * piece.bands + band) * piece.height + pixel.0) * piece.width + pixel.1] != 0 {
            break;
        }
    }
    pixel
}

fn scatter<T: Copy>(row: &[T], target: &mut [T], start: usize, step: isize) {
    if step == 1 {
        target[start..start + row.len()].copy_from_slice(row);
        return;
    }
    let mut at = start;
    for v in row {
        target[at] = *v;
        at = at.wrapping_add_signed(step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::block::Block;
    use crate::data::random::Purpose;
    use std::collections::HashSet;

    fn piece(bands: usize, height: usize, width: usize, valid: Option<Vec<u8>>) -> Piece {
        let samples: Vec<f32> = (0..bands * height * width).map(|i| i as f32).collect();
        let count = valid.as_ref().map_or(samples.len() as u64, |v| v.iter().map(|v| u64::from(*v)).sum());
        let block = Block { raster: 0, chunk: 0, rows: 0..height as u64 };
        Piece { block, top: 0, left: 0, images: 1, bands, height, width, samples, valid, counts: vec![count] }
    }

    #[test]
    fn the_eight_symmetries_are_eight() {
        let piece = piece(1, 3, 3, None);
        let crop = Crop { image: 0, y: 0, x: 0, height: 3, width: 3, size: 3, masked: false };
        let turned: Vec<Vec<f32>> = (0..8)
            .map(|number| {
                let mut out = vec![-1.0; 9];
                crop.copy(&piece, Symmetry::new(number), &mut out, None);
                out
            })
            .collect();
        assert_eq!(turned[0], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(turned[1], [6.0, 7.0, 8.0, 3.0, 4.0, 5.0, 0.0, 1.0, 2.0]);
        assert_eq!(turned[2], [2.0, 1.0, 0.0, 5.0, 4.0, 3.0, 8.0, 7.0, 6.0]);
        assert_eq!(turned[4], [0.0, 3.0, 6.0, 1.0, 4.0, 7.0, 2.0, 5.0, 8.0]);
        let distinct: HashSet<String> = turned.iter().map(|t| format!("{t:?}")).collect();
        assert_eq!(distinct.len(), 8);
    }

    #[test]
    fn a_small_image_is_padded_with_invalid_samples() {
        let piece = piece(2, 3, 5, None);
        let mut random = Random::new(0, Purpose::Crops, &[]);
        let crop = Crop::draw(&piece, 0, 8, 0.9, 4, &mut random).unwrap();
        assert_eq!((crop.height, crop.width), (3, 5));
        assert!(crop.masked);
        for number in 0..8 {
            let (mut samples, mut mask) = (vec![f32::NAN; 128], vec![9; 128]);
            crop.copy(&piece, Symmetry::new(number), &mut samples, Some(&mut mask));
            assert_eq!(mask.iter().map(|v| u32::from(*v)).sum::<u32>(), 30);
            assert!(samples.iter().all(|v| v.is_finite()));
            let kept: HashSet<u32> =
                samples.iter().zip(&mask).filter(|(_, m)| **m == 1).map(|(v, _)| *v as u32).collect();
            assert_eq!(kept, (0..30).collect());
        }
    }

    #[test]
    fn crops_are_drawn_where_data_are() {
        // One valid corner of 8×8 in 64×64.
        let valid = (0..64 * 64).map(|i| u8::from(i / 64 < 8 && i % 64 < 8)).collect();
        let corner = piece(1, 64, 64, Some(valid));
        let mut random = Random::new(0, Purpose::Crops, &[]);
        for _ in 0..50 {
            let crop = Crop::draw(&corner, 0, 16, 0.1, 64, &mut random).unwrap();
            assert!(crop.valid_samples(&corner) >= 26, "{crop:?}");
        }
        assert!(Crop::draw(&corner, 0, 16, 0.5, 64, &mut random).is_none());
        let nothing = piece(1, 64, 64, Some(vec![0; 64 * 64]));
        assert!(Crop::draw(&nothing, 0, 16, 0.0, 64, &mut random).is_none());
    }
}
