//! Latents of windows. Codebooks and rates are initialised from them, and priors are fitted to them.

use super::prepare::channels;
use super::tensors::present;
use crate::arch::{Network, Torch, Weights};
use crate::data::Window;
use crate::data::fill::fill;
use std::rc::Rc;
use tch::{Kind, Tensor};

/// A window's latents.
#[derive(Debug)]
pub(super) struct Latents {
    /// `(1, plane, gy, gx)`, not divided by a step.
    pub(super) values: Tensor,
    /// 1 for patches that hold data, `(1, 1, gy, gx)`.
    pub(super) present: Tensor,
}

/// The latents of a window's whole patches, at least one. `step` is passed to encoders that take it.
pub(super) fn latents(network: &Network, weights: &Rc<Weights>, window: &Window, step: f64) -> Latents {
    let patch = network.patch;
    let whole = |extent: usize| ((extent / patch).max(1) * patch) as i64;
    let (height, width) = (whole(window.height), whole(window.width));
    tch::no_grad(|| {
        let mut torch = Torch::new(weights);
        let device = weights.device();
        let (_, marked) = channels(&network.heads, window, device);
        // Under the mask, the same values as the codec's encoder uses.
        let (raw, _) = channels(&network.heads, &continued(window), device);
        let pad = [0, (width - window.width as i64).max(0), 0, (height - window.height as i64).max(0)];
        let cut = |t: &Tensor| t.constant_pad_nd(pad).narrow(2, 0, height).narrow(3, 0, width);
        let gaps = Tensor::from_slice(&marked).reshape(raw.size()).to_device(device).isnan();
        let x = cut(&network.normalise(&mut torch, &raw));
        let unit = Tensor::from_slice(&[step as f32]).to_device(device);
        let values = network.encode(&mut torch, &x, &unit);
        let data: Tensor = 1.0 - gaps.to_kind(Kind::Float);
        Latents { values, present: present(&cut(&data), patch) }
    })
}

/// A window whose masked samples are continued from those around them.
fn continued(window: &Window) -> Window {
    let mut out = window.clone();
    for band in out.samples.chunks_exact_mut(window.height * window.width) {
        let valid: Vec<u8> = band.iter().map(|v| u8::from(!v.is_nan())).collect();
        fill(band, &valid, window.height, window.width);
    }
    out
}
