//! The linear path: a DCT of each channel's patches, then, for each spatial frequency, a matrix across channels.
//!
//! It is the transform of the `klt` architecture, taken over from a model that was fitted so, and never changed
//! afterwards: it is orthonormal except for the rounding of its weights, so it has no error floor at any step.

use super::ops::Ops;
use vqz_codec::authoring::klt::{dct_matrix, read_decoder, read_encoder};
use vqz_codec::model::Model;

/// A fitted linear transform between normalised channels and latents.
#[derive(Clone, Debug)]
pub struct Linear {
    /// The side of a patch, in pixels.
    pub patch: usize,
    /// Channels of the raster.
    pub channels: usize,
    /// `[frequency][channel][component]`: latents to coefficients.
    across: Vec<f32>,
    /// `[frequency][component][channel]`: coefficients to latents.
    unmix: Vec<f32>,
    /// Each channel's data value at normalised 0.
    pub offset: Vec<f32>,
    /// Each channel's data units for one normalised unit.
    pub scale: Vec<f32>,
    /// Latent planes, strongest first.
    pub order: Vec<usize>,
}

impl Linear {
    /// Takes the transform out of a `klt` model with its encoder.
    ///
    /// # Errors
    /// [`vqz_codec::Error::InvalidModel`] for any other model.
    pub fn from_model(model: &Model) -> Result<Self, vqz_codec::Error> {
        let parameters = read_decoder(model.decoder())?;
        let encoder = model.encoder().ok_or_else(|| {
            vqz_codec::Error::MissingModel("the linear model lacks its encoder; fit it again".to_owned())
        })?;
        let unmix = read_encoder(encoder, &parameters)?;
        let (patch, channels) = (parameters.patch, parameters.bands);
        let mut across = vec![0.0; parameters.mix.len()];
        for frequency in 0..patch * patch {
            let at = frequency * channels * channels;
            for component in 0..channels {
                for channel in 0..channels {
                    across[at + channel * channels + component] =
                        parameters.mix[at + component * channels + channel].to_f32();
                }
            }
        }
        let order = model.priors().order().unwrap_or_default().iter().map(|plane| *plane as usize).collect();
        let (offset, scale) = (parameters.offset, parameters.scale);
        Ok(Self { patch, channels, across, unmix, offset, scale, order })
    }

    /// Latent planes.
    pub fn planes(&self) -> usize {
        self.patch * self.patch * self.channels
    }

    /// Latents `(n, planes, gy, gx)` of normalised channels `(n, channels, y, x)` of whole patches.
    pub fn analyse<O: Ops>(&self, o: &mut O, x: &O::Value) -> O::Value {
        let (f, c) = (self.patch as i64, self.channels as i64);
        let dct = o.constant("linear/dct", &[self.patch; 2], &dct_matrix(self.patch));
        let unmix =
            o.constant("linear/unmix", &[self.patch * self.patch, self.channels, self.channels], &self.unmix);
        let transposed = o.transpose(&dct, &[1, 0]);
        let columns = o.reshape(x, &[0, c, -1, f]);
        let columns = o.matmul(&columns, &transposed);
        let columns = o.reshape_like(&columns, x);
        let planes = o.space_to_depth(&columns, self.patch);
        let rows = o.reshape(&planes, &[0, f, -1]);
        let coefficients = o.matmul(&dct, &rows);
        let coefficients = o.reshape(&coefficients, &[0, f * f, c, -1]);
        let latents = o.matmul(&unmix, &coefficients);
        o.reshape_like(&latents, &planes)
    }

    /// Normalised channels of latents: the inverse of [`Linear::analyse`].
    pub fn synthesise<O: Ops>(&self, o: &mut O, latents: &O::Value) -> O::Value {
        let (f, c) = (self.patch as i64, self.channels as i64);
        let dct = o.constant("linear/dct", &[self.patch; 2], &dct_matrix(self.patch));
        let across = o.constant_f16(
            "linear/across",
            &[self.patch * self.patch, self.channels, self.channels],
            &self.across,
        );
        let values = o.reshape(latents, &[0, f * f, c, -1]);
        let coefficients = o.matmul(&across, &values);
        let inverse = o.transpose(&dct, &[1, 0]);
        let rows = o.reshape(&coefficients, &[0, f, -1]);
        let rows = o.matmul(&inverse, &rows);
        let planes = o.reshape_like(&rows, latents);
        let placed = o.depth_to_space(&planes, self.patch);
        let columns = o.reshape(&placed, &[0, c, -1, f]);
        let columns = o.matmul(&columns, &dct);
        o.reshape_like(&columns, &placed)
    }
}
