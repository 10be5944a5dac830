//! Batches as tensors.

use super::prepare::Prepared;
use crate::arch::{Network, Torch};
use crate::data::Batch;
use crate::error::Result;
use crate::stream::SideStream;
use tch::{Device, Kind, Tensor};

/// A batch on the device.
#[derive(Debug)]
pub(super) struct Tensors {
    /// The network's channels, normalised, 0 where masked: `(image, channel, y, x)`.
    pub(super) target: Tensor,
    /// The input of the encoder: the same channels, with noise and hidden patches.
    pub(super) shown: Tensor,
    /// 1 where there is data, else 0.
    pub(super) weights: Tensor,
    /// 1 for patches that hold data, `(image, 1, gy, gx)`.
    pub(super) present: Tensor,
}

/// Moves batches to a device. Where that is a GPU, from pinned memory, without waiting, and ahead of time: the next batch
/// while the current one is computed.
#[derive(Debug)]
pub(super) struct Mover {
    device: Device,
    bands: Tensor,
    side: Option<SideStream>,
    /// A batch that is on its way, by its number.
    ahead: Option<(u64, Tensors)>,
}

impl Mover {
    /// For the batches of a fit.
    pub(super) fn new(prepared: &Prepared, device: Device) -> Self {
        let side = match device {
            Device::Cuda(index) => SideStream::open(index),
            _ => None,
        };
        let bands = Tensor::from_slice(&prepared.band_of_channel()).to_device(device);
        Self { device, bands, side, ahead: None }
    }

    fn to_device(&self, tensor: Tensor) -> Tensor {
        match self.device {
            Device::Cuda(_) => {
                tensor.pin_memory(self.device).to_device_(self.device, Kind::Float, true, false)
            }
            _ => tensor,
        }
    }

    /// Sends a batch off to a GPU, beside what it computes; [`Mover::take`] finds it there. Nothing where there is no GPU.
    pub(super) fn send(&mut self, network: &Network, torch: &mut Torch, batch: &Batch) -> Result<()> {
        if let Some(side) = &self.side {
            let tensors = side.run(|| self.tensors(network, torch, batch))?;
            self.ahead = Some((batch.index, tensors));
        }
        Ok(())
    }

    /// A batch's tensors: those that were sent, or made here.
    pub(super) fn take(&mut self, network: &Network, torch: &mut Torch, batch: &Batch) -> Result<Tensors> {
        match (self.ahead.take(), &self.side) {
            (Some((index, tensors)), Some(side)) if index == batch.index => {
                side.join(&[&tensors.target, &tensors.shown, &tensors.weights, &tensors.present])?;
                Ok(tensors)
            }
            _ => Ok(self.tensors(network, torch, batch)),
        }
    }

    fn tensors(&self, network: &Network, torch: &mut Torch, batch: &Batch) -> Tensors {
        let (n, h, w) = (batch.images as i64, batch.height as i64, batch.width as i64);
        let size = [n, batch.bands as i64, h, w];
        tch::no_grad(|| {
            let load = |samples: &[f32]| self.to_device(Tensor::from_slice(samples).reshape(size));
            let mut expand = |samples: &Tensor| {
                let channels = network.heads.expand(torch, samples);
                network.normalise(torch, &channels)
            };
            let target = expand(&load(&batch.samples));
            let weights = match &batch.valid {
                None => target.ones_like(),
                Some(valid) => {
                    let valid = Tensor::from_slice(valid).reshape(size).to_kind(Kind::Float);
                    self.to_device(valid).index_select(1, &self.bands)
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
                    // Normalised 0 is the band's mean. A new tensor is made, because the target itself must not be hidden.
                    shown * (1.0 - self.to_device(hidden))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Weights;
    use crate::config::Config;
    use crate::data::{Loader, LoaderOptions};
    use crate::fit::prepare::prepare;
    use std::path::Path;

    #[test]
    fn hidden_patches_are_hidden_from_the_network_and_stay_in_the_target() {
        let folder = tempfile::tempdir().unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample/sentinel2-l2a.zarr");
        let settings = ["model.peak=10000", "data.crops=[64]", "augment.hidden=0.5"].map(str::to_owned);
        let config = Config::load(None, &settings).unwrap();
        let prepared = prepare(&config, &[sample], &folder.path().join("linear.vqm")).unwrap();
        let sampler = prepared.sampler(&config).unwrap();
        let mut batch = Loader::start(sampler, LoaderOptions::default()).unwrap().next().unwrap().unwrap();
        let hidden = batch.hidden.clone().expect("half of the patches are hidden");
        let weights = Weights::new(Device::Cpu);
        let (mut torch, network) = (Torch::new(&weights), &prepared.network);
        let mut mover = Mover::new(&prepared, Device::Cpu);
        let found = mover.take(network, &mut torch, &batch).unwrap();
        batch.hidden = None;
        let plain = mover.take(network, &mut torch, &batch).unwrap();
        assert!(found.target.equal(&plain.target));
        assert!(plain.shown.equal(&plain.target));
        let size = [batch.images as i64, 1, batch.height as i64, batch.width as i64];
        let seen: Tensor = 1.0 - Tensor::from_slice(&hidden).reshape(size).to_kind(Kind::Float);
        let share = seen.mean(Kind::Float).double_value(&[]);
        assert!((0.1..0.9).contains(&share), "{share}");
        assert!(found.shown.equal(&(&plain.target * &seen)));
    }
}
