//! Batches as tensors.

use super::prepare::Prepared;
use crate::arch::{Network, Torch};
use crate::data::Batch;
use tch::{Device, Kind, Tensor};

/// A batch on the device.
#[derive(Debug)]
pub(super) struct Tensors {
    /// The network's channels, normalised, 0 where masked: `(image, channel, y, x)`.
    pub(super) target: Tensor,
    /// What the encoder is shown: the same, but for noise and hidden patches.
    pub(super) shown: Tensor,
    /// 1 where there is data, else 0.
    pub(super) weights: Tensor,
    /// 1 for patches that hold data, `(image, 1, gy, gx)`.
    pub(super) present: Tensor,
}

/// Moves batches to a device; from pinned memory, without waiting, where that is a GPU.
#[derive(Debug)]
pub(super) struct Mover {
    device: Device,
    bands: Tensor,
}

impl Mover {
    /// For the batches of a fit.
    pub(super) fn new(prepared: &Prepared, device: Device) -> Self {
        Self { device, bands: Tensor::from_slice(&prepared.band_of_channel()).to_device(device) }
    }

    fn there(&self, tensor: Tensor) -> Tensor {
        match self.device {
            Device::Cuda(_) => {
                tensor.pin_memory(self.device).to_device_(self.device, Kind::Float, true, false)
            }
            _ => tensor,
        }
    }

    /// A batch's tensors.
    pub(super) fn tensors(&self, network: &Network, torch: &mut Torch, batch: &Batch) -> Tensors {
        let (n, h, w) = (batch.images as i64, batch.height as i64, batch.width as i64);
        let size = [n, batch.bands as i64, h, w];
        tch::no_grad(|| {
            let load = |samples: &[f32]| self.there(Tensor::from_slice(samples).reshape(size));
            let mut expand = |samples: &Tensor| {
                let channels = network.heads.expand(torch, samples);
                network.normalise(torch, &channels)
            };
            let target = expand(&load(&batch.samples));
            let weights = match &batch.valid {
                None => target.ones_like(),
                Some(valid) => {
                    let valid = Tensor::from_slice(valid).reshape(size).to_kind(Kind::Float);
                    self.there(valid).index_select(1, &self.bands)
                }
            };
            let shown = match &batch.input {
                None => target.shallow_clone(),
                Some(input) => expand(&load(input)),
            };
            let shown = match &batch.hidden {
                None => shown,
                Some(hidden) => {
                    let hidden = Tensor::from_slice(hidden).reshape([n, 1, h, w]).to_kind(Kind::Float);
                    // Normalised 0 is the band's mean. A new tensor: the target is not to be hidden.
                    shown * (1.0 - self.there(hidden))
                }
            };
            let present = present(&weights, network.patch);
            Tensors { target, shown, weights, present }
        })
    }
}

/// 1 for patches in which any channel has data.
pub(super) fn present(weights: &Tensor, patch: usize) -> Tensor {
    let side = [patch as i64; 2];
    weights.amax(&[1i64][..], true).max_pool2d(side, side, [0, 0], [1, 1], false)
}
