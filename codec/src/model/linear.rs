//! The linear map of a `klt` model, read from its decoder's graph, and its inverse.

use crate::error::{Error, Result};
use crate::model::Manifest;
use crate::model::onnx::klt;
use crate::transform::LinearWeights;

/// The linear map of a `klt` model. Its encoder is the exact inverse of the stored, rounded decoder.
pub(super) fn linear(manifest: &Manifest, decoder: &[u8]) -> Result<LinearWeights> {
    let parameters = klt::read_decoder(decoder)?;
    let bands = parameters.bands;
    let planes = parameters.patch * parameters.patch * bands;
    let same_bands = manifest.bands.len() == bands
        && manifest.bands.iter().zip(&parameters.offset).all(|(b, o)| b.offset == *o)
        && manifest.bands.iter().zip(&parameters.scale).all(|(b, s)| b.scale == *s);
    if manifest.patch != parameters.patch || manifest.planes != planes || !same_bands {
        return Err(Error::InvalidModel(
            "model.json and decoder.onnx disagree on patch, planes or normalisation; get the package again"
                .to_owned(),
        ));
    }
    let mix: Vec<f32> = parameters.mix.iter().map(|w| w.to_f32()).collect();
    let unmix = unmix(&mix, bands)?;
    Ok(LinearWeights { patch: parameters.patch, bands, mix, unmix: Some(unmix), shrink: parameters.shrink })
}

/// Whether an encoder's graph is the inverse of this linear decoder.
pub(super) fn is_inverse(encoder: &[u8], decoder: &[u8], linear: &LinearWeights) -> bool {
    let written = klt::read_decoder(decoder).ok().zip(linear.unmix.as_ref());
    written
        .and_then(|(parameters, unmix)| klt::encoder(&parameters, unmix).ok())
        .is_some_and(|own| own == encoder)
}

/// The inverse of each frequency's `(component, band)` matrix, as `(component, band)`: latent = Σ unmix × coefficient.
pub(crate) fn unmix(mix: &[f32], bands: usize) -> Result<Vec<f32>> {
    let mut out = Vec::with_capacity(mix.len());
    for matrix in mix.chunks_exact(bands * bands) {
        // coefficient[band] = Σ latent[component] × mix[component][band], so latent = coefficient × inverse(mix).
        let inverse = invert(matrix, bands).ok_or_else(|| {
            Error::InvalidModel(
                "decoder.onnx holds a matrix that can't be inverted; fit the model again".to_owned(),
            )
        })?;
        for component in 0..bands {
            for band in 0..bands {
                out.push(inverse[band * bands + component] as f32);
            }
        }
    }
    Ok(out)
}

/// Gauss–Jordan elimination with partial pivoting.
fn invert(matrix: &[f32], n: usize) -> Option<Vec<f64>> {
    let mut a: Vec<f64> = matrix.iter().map(|v| f64::from(*v)).collect();
    let mut inverse: Vec<f64> = (0..n * n).map(|i| f64::from(u8::from(i / n == i % n))).collect();
    for column in 0..n {
        let pivot = (column..n).max_by(|i, j| a[i * n + column].abs().total_cmp(&a[j * n + column].abs()))?;
        let value = a[pivot * n + column];
        if !value.is_finite() || value.abs() < 1e-6 {
            return None;
        }
        for k in 0..n {
            a.swap(pivot * n + k, column * n + k);
            inverse.swap(pivot * n + k, column * n + k);
        }
        for k in 0..n {
            a[column * n + k] /= value;
            inverse[column * n + k] /= value;
        }
        for row in (0..n).filter(|r| *r != column) {
            let factor = a[row * n + column];
            for k in 0..n {
                a[row * n + k] -= factor * a[column * n + k];
                inverse[row * n + k] -= factor * inverse[column * n + k];
            }
        }
    }
    inverse.iter().all(|v| v.is_finite()).then_some(inverse)
}
