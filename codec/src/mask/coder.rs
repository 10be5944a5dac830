//! The coder of a mask's classes: adaptive binary decisions, whose contexts are the classes of neighbours.

use crate::entropy::adaptive::{Counter, Tables};
use crate::entropy::rans::{Coder, Decoder, Encoder};
use crate::error::Result;

/// Classes of `planes` planes of `height` × `width`, `(plane, y, x)`.
struct Shape {
    planes: usize,
    height: usize,
    width: usize,
}

struct Model {
    masked: Vec<Counter>,
    same: [Counter; 4],
    tree: Vec<Counter>,
    tables: Tables,
}

impl Model {
    fn new() -> Self {
        Self {
            masked: vec![Counter::new(1 << 15, 0); 256],
            same: [Counter::new(60_000, 0); 4],
            tree: vec![Counter::new(1 << 15, 0); 256],
            tables: Tables::get(),
        }
    }

    fn code<C: Coder>(&mut self, coder: &mut C, shape: &Shape, classes: &mut [u8]) {
        let (w, h) = (shape.width, shape.height);
        for plane in 0..shape.planes {
            for y in 0..h {
                for x in 0..w {
                    let at = (plane * h + y) * w + x;
                    let west = if x > 0 { classes[at - 1] } else { 0 };
                    let west2 = if x > 1 { classes[at - 2] } else { west };
                    let north = if y > 0 { classes[at - w] } else { 0 };
                    let north2 = if y > 1 { classes[at - 2 * w] } else { north };
                    let north_west = if x > 0 && y > 0 { classes[at - w - 1] } else { north };
                    let north_east = if x + 1 < w && y > 0 { classes[at - w + 1] } else { north };
                    let before = if plane > 0 { classes[at - w * h] } else { 0 };
                    let context = [west, north, north_west, north_east, west2, north2, before]
                        .iter()
                        .fold(usize::from(plane > 0), |c, v| c << 1 | usize::from(*v != 0));
                    let class = classes[at];
                    if !self.masked[context].code(coder, class != 0, &self.tables) {
                        classes[at] = 0;
                        continue;
                    }
                    classes[at] = self.class(coder, class, [west, north, before]);
                }
            }
        }
    }

    /// A class that is not 0: usually that of a neighbour.
    fn class<C: Coder>(&mut self, coder: &mut C, class: u8, neighbours: [u8; 3]) -> u8 {
        for (i, neighbour) in neighbours.into_iter().enumerate() {
            let first = neighbour != 0 && !neighbours[..i].contains(&neighbour);
            if first && self.same[i].code(coder, class == neighbour, &self.tables) {
                return neighbour;
            }
        }
        let mut node = 1usize;
        for bit in (0..8).rev() {
            let bit = self.tree[node].code(coder, class >> bit & 1 == 1, &self.tables);
            node = node << 1 | usize::from(bit);
        }
        node as u8
    }
}

pub(crate) fn encode(classes: &[u8], planes: usize, height: usize, width: usize) -> Vec<u8> {
    let mut coder = Encoder::default();
    // The shared walk writes every class back; an encoder writes the class that was there.
    let mut classes = classes.to_vec();
    Model::new().code(&mut coder, &Shape { planes, height, width }, &mut classes);
    coder.finish()
}

pub(crate) fn decode(stream: &[u8], planes: usize, height: usize, width: usize) -> Result<Vec<u8>> {
    let mut coder = Decoder::new(stream)?;
    let mut classes = vec![0; planes * height * width];
    Model::new().code(&mut coder, &Shape { planes, height, width }, &mut classes);
    coder.finish()?;
    Ok(classes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        /// Any classes, of any shape: streaks of random length, as rows of real masks have them.
        #[test]
        fn any_mask_comes_back(
            shape in (1usize..4, 1usize..40, 1usize..40),
            streaks in prop::collection::vec((any::<u8>(), 1usize..200), 1..50),
        ) {
            let (planes, height, width) = shape;
            let streaks = streaks.iter().flat_map(|(class, length)| std::iter::repeat_n(*class, *length));
            let mut classes: Vec<u8> = streaks.take(planes * height * width).collect();
            classes.resize(planes * height * width, 0);
            let stream = super::encode(&classes, planes, height, width);
            prop_assert_eq!(super::decode(&stream, planes, height, width).unwrap(), classes);
        }
    }

    #[test]
    fn masks_come_back_and_contiguous_ones_are_cheap() {
        let (planes, h, w) = (3, 60, 70);
        let mut classes = vec![0u8; planes * h * w];
        for (i, class) in classes.iter_mut().enumerate() {
            let (y, x) = (i / w % h, i % w);
            if (y as i32 - 30).pow(2) + (x as i32 - 20).pow(2) < 300 {
                *class = if x < 20 { 1 } else { 7 };
            }
        }
        let stream = super::encode(&classes, planes, h, w);
        assert!(stream.len() < 220, "{}", stream.len());
        assert_eq!(super::decode(&stream, planes, h, w).unwrap(), classes);
        for (i, class) in classes.iter_mut().enumerate() {
            *class = ((i * 2_654_435_761) >> 7) as u8;
        }
        let stream = super::encode(&classes, planes, h, w);
        assert_eq!(super::decode(&stream, planes, h, w).unwrap(), classes);
        assert!(super::decode(&stream[..stream.len() - 3], planes, h, w).is_err());
    }
}
