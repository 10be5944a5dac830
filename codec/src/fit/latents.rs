//! Training images as grids of patches, first of DCT coefficients, then of latents.

use super::basis::Basis;
use super::grid::{Grid, valid_patches};
use super::image::Image;
use crate::error::{Error, Result};
use crate::model::Band;
use crate::parallel;
use crate::tiles::MAX_TILE;
use crate::transform::{Linear, LinearWeights, Scratch};

/// The fewest whole patches from which a basis is fitted.
const FEWEST_PATCHES: usize = 16;

/// DCT coefficients of every image, cut into tiles. Patches that extend beyond an image are left out.
pub(super) fn coefficients(images: &[Image], bands: &[Band], patch: usize) -> Result<Vec<Grid>> {
    let planes = patch * patch * bands.len();
    let identity: Vec<f32> = (0..patch * patch)
        .flat_map(|_| {
            (0..bands.len() * bands.len()).map(|i| f32::from(u8::from(i / bands.len() == i % bands.len())))
        })
        .collect();
    let weights = LinearWeights {
        patch,
        bands: bands.len(),
        mix: identity.clone(),
        unmix: Some(identity),
        shrink: 0.0,
    };
    let linear = Linear::new(&weights, &(0..planes as u32).collect::<Vec<_>>());
    let side = MAX_TILE / patch;
    let pieces: Vec<(&Image, usize, usize)> = images
        .iter()
        .flat_map(|image| {
            let (rows, columns) = (image.height / patch, image.width / patch);
            (0..rows)
                .step_by(side)
                .flat_map(move |row| (0..columns).step_by(side).map(move |column| (image, row, column)))
        })
        .collect();
    let grids: Vec<Grid> = parallel::map(&pieces, true, |(image, row, column)| {
        let rows = side.min(image.height / patch - row);
        let columns = side.min(image.width / patch - column);
        grid(image, bands, &linear, [*row, *column], [rows, columns])
    });
    let found = valid_patches(&grids);
    if found < FEWEST_PATCHES {
        return Err(Error::TooFewPatches { found, patch, least: FEWEST_PATCHES });
    }
    Ok(grids)
}

fn grid(image: &Image, bands: &[Band], linear: &Linear, start: [usize; 2], size: [usize; 2]) -> Grid {
    let patch = linear.patch;
    let planes = patch * patch * bands.len();
    let mut grid = Grid {
        rows: size[0],
        columns: size[1],
        values: vec![0.0; size[0] * size[1] * planes],
        valid: vec![true; size[0] * size[1]],
        step: None,
    };
    let mut scratch = Scratch::default();
    let mut latents = Vec::new();
    for at in 0..size[0] * size[1] {
        linear.clear(&mut scratch);
        let (y0, x0) = ((start[0] + at / size[1]) * patch, (start[1] + at % size[1]) * patch);
        for (band, normalisation) in bands.iter().enumerate() {
            for i in 0..patch {
                let from = (band * image.height + y0 + i) * image.width + x0;
                for (x, value) in image.samples[from..from + patch].iter().enumerate() {
                    grid.valid[at] &= value.is_finite();
                    scratch.data[(i * patch + x) * linear.lanes() + linear.lane(0, band)] =
                        (value - normalisation.offset) / normalisation.scale;
                }
            }
        }
        if grid.valid[at] {
            linear.encode(&mut scratch, 1, &mut latents);
            grid.values[at * planes..(at + 1) * planes].copy_from_slice(&latents);
        }
    }
    grid
}

/// Turns coefficients into latents, in scan order.
pub(super) fn project(grids: &mut [Grid], basis: &Basis, unmix: &[f32], bands: usize) {
    let planes = basis.order.len();
    parallel::for_each_mut(grids, |grid| {
        let mut out = vec![0.0; planes];
        for values in grid.values.chunks_exact_mut(planes) {
            for (out, plane) in out.iter_mut().zip(&basis.order) {
                let frequency = *plane as usize / bands;
                let row = &unmix[*plane as usize * bands..][..bands];
                let coefficients = &values[frequency * bands..][..bands];
                *out = row.iter().zip(coefficients).map(|(w, c)| w * c).sum();
            }
            values.copy_from_slice(&out);
        }
    });
}
