//! The latents of one tile-sized piece of a training image.

/// The patches of one tile-sized piece of an image.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// `(patch, plane)`: coefficients by frequency and band, later latents in scan order.
    pub(super) values: Vec<f32>,
    /// Whether a patch is free of missing data.
    pub(super) valid: Vec<bool>,
    /// The only step at which these latents are what an encoder gives, where it works in units of the step.
    pub(super) step: Option<i16>,
}

impl Grid {
    /// The part of it from the first row to this one.
    pub(super) fn first_rows(&self, rows: usize) -> Self {
        let rows = rows.min(self.rows);
        let planes = self.values.len() / (self.rows * self.columns).max(1);
        Self {
            rows,
            columns: self.columns,
            values: self.values[..rows * self.columns * planes].to_vec(),
            valid: self.valid[..rows * self.columns].to_vec(),
            step: self.step,
        }
    }
}

/// How many patches of all grids hold data.
pub(super) fn valid_patches(grids: &[Grid]) -> usize {
    grids.iter().map(|g| g.valid.iter().filter(|v| **v).count()).sum()
}
