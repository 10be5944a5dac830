//! The VQGAN terms (arXiv 2012.09841): a PatchGAN discriminator with hinge loss, and a perceptual loss.
//!
//! Off by default, because detail that an adversary invents is not a measurement.

use crate::arch::branch::convolution;
use crate::arch::ops::{Conv, Ops};
use crate::arch::torch::{Torch, Weights};
use std::path::Path;
use std::rc::Rc;
use tch::{CModule, Device, Kind, Tensor};

/// Judges overlapping patches of a raster: convolutions that halve the resolution three times.
#[derive(Debug)]
pub struct Discriminator {
    /// Its weights.
    pub weights: Rc<Weights>,
    channels: usize,
    width: usize,
}

impl Discriminator {
    /// A discriminator of rasters of this many channels.
    pub fn new(channels: usize, width: usize, device: Device) -> Self {
        let this = Self { weights: Weights::new(device), channels, width };
        let zeros = Tensor::zeros([1, channels as i64, 16, 16], (Kind::Float, device));
        let _ = tch::no_grad(|| this.scores(&zeros));
        this
    }

    /// A score for each patch: positive if the patch is judged to be real.
    pub fn scores(&self, x: &Tensor) -> Tensor {
        let mut o = Torch::new(&self.weights);
        let mut width = self.width;
        let mut h = convolution(&mut o, "judge/in", x, [self.channels, width], Conv::HALVE);
        for level in 0..2 {
            h = h.leaky_relu();
            h = convolution(&mut o, &format!("judge/level{level}"), &h, [width, 2 * width], Conv::HALVE);
            h = o.group_norm(&h, 4);
            width *= 2;
        }
        h = h.leaky_relu();
        convolution(&mut o, "judge/out", &h, [width, 1], Conv::THREE)
    }

    /// Hinge loss of the discriminator.
    pub fn hinge(&self, y: &Tensor, x: &Tensor) -> Tensor {
        let short = |margin: Tensor| margin.relu().mean(Kind::Float);
        let (real, made) = (self.scores(&x.detach()), self.scores(&y.detach()));
        (short(1.0 - real) + short(1.0 + made)) * 0.5
    }

    /// The loss of patches that should be judged as real.
    pub fn generator_loss(&self, y: &Tensor) -> Tensor {
        -self.scores(y).mean(Kind::Float)
    }
}

/// The weight at which the adversarial loss pulls a picture `y` as hard as the reconstruction does, at most `cap`.
pub fn balance(reconstruction: &Tensor, adversarial: &Tensor, y: &Tensor, cap: f64) -> f64 {
    let pull = |loss: &Tensor| {
        let gradients = Tensor::run_backward(&[loss], &[y], true, false);
        gradients[0].norm().double_value(&[])
    };
    let (wanted, found) = (pull(reconstruction), pull(adversarial));
    (wanted / (found + 1e-8)).clamp(0.0, cap)
}

/// Distance between features of a frozen network that the user gives as a TorchScript file. The network takes rasters
/// of the chosen channels, and returns any tensor of features.
#[derive(Debug)]
pub struct Perceptual {
    module: CModule,
    channels: Vec<i64>,
}

impl Perceptual {
    /// Opens the file.
    ///
    /// # Errors
    /// [`tch::TchError`] for a file that is missing or no TorchScript.
    pub fn open(path: &Path, channels: &[usize], device: Device) -> Result<Self, tch::TchError> {
        let mut module = CModule::load_on_device(path, device)?;
        module.set_eval();
        Ok(Self { module, channels: channels.iter().map(|c| *c as i64).collect() })
    }

    /// Mean square distance of features; masked samples take the true value on both sides.
    ///
    /// # Errors
    /// [`tch::TchError`] when the network does not take such rasters.
    pub fn distance(&self, y: &Tensor, x: &Tensor, weights: &Tensor) -> Result<Tensor, tch::TchError> {
        let y = y * weights + x * (1.0 - weights);
        let chosen = Tensor::from_slice(&self.channels).to_device(x.device());
        let features = |t: &Tensor| self.module.forward_ts(&[t.index_select(1, &chosen)]);
        let wanted = tch::no_grad(|| features(x))?;
        Ok((features(&y)? - wanted).square().mean(Kind::Float))
    }
}
