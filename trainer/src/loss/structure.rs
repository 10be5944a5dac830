//! Structural similarity (SSIM, Wang et al. 2004) as a loss.

use super::pixel::masked_mean;
use tch::{Kind, Tensor};

/// Side of the window, in pixels, and the width of its Gaussian.
const SIDE: i64 = 11;
const SIGMA: f64 = 1.5;

/// `1 - SSIM` over windows without a masked sample; `range` is the peak, in the units of both.
pub fn ssim(y: &Tensor, x: &Tensor, weights: &Tensor, range: f64) -> Tensor {
    let size = x.size();
    let side = SIDE.min(size[2]).min(size[3]);
    let at = Tensor::arange(side, (Kind::Float, x.device())) - (side - 1) as f64 / 2.0;
    let line = (at.square() * (-0.5 / (SIGMA * SIGMA))).exp();
    let line = &line / line.sum(Kind::Float);
    let window = (line.unsqueeze(1) * line.unsqueeze(0)).reshape([1, 1, side, side]);
    let flat = |t: &Tensor| t.reshape([-1, 1, size[2], size[3]]);
    let blur = |t: &Tensor| flat(t).conv2d::<Tensor>(&window, None, [1, 1], [0, 0], [1, 1], 1);
    let (my, mx) = (blur(y), blur(x));
    let vy = blur(&y.square()) - my.square();
    let vx = blur(&x.square()) - mx.square();
    let cov = blur(&(y * x)) - &my * &mx;
    let (c1, c2) = ((0.01 * range).powi(2), (0.03 * range).powi(2));
    let map = (&my * &mx * 2.0 + c1) * (cov * 2.0 + c2) / ((my.square() + mx.square() + c1) * (vy + vx + c2));
    // The least weight in each window. A weighted sum would hardly notice a masked sample in a window's faint corner.
    let gaps: Tensor = 1.0 - flat(weights);
    let whole: Tensor = 1.0 - gaps.max_pool2d([side, side], [1, 1], [0, 0], [1, 1], false);
    masked_mean(&(1.0 - map), &whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn the_same_picture_has_no_loss_and_masked_pixels_do_not_matter() {
        tch::manual_seed(1);
        let x = Tensor::randn([2, 3, 24, 24], (Kind::Float, Device::Cpu));
        let weights = x.ones_like();
        assert!(ssim(&x, &x, &weights, 4.0).double_value(&[]).abs() < 1e-5);
        let noisy = &x + Tensor::randn_like(&x) * 0.5;
        assert!(ssim(&noisy, &x, &weights, 4.0).double_value(&[]) > 0.05);
        // A spoilt corner that is masked changes nothing.
        let spoilt = x.copy();
        let _ = spoilt.narrow(2, 0, 4).narrow(3, 0, 4).fill_(50.0);
        let masked = weights.copy();
        let _ = masked.narrow(2, 0, 4).narrow(3, 0, 4).fill_(0.0);
        assert!(ssim(&spoilt, &x, &masked, 4.0).double_value(&[]).abs() < 1e-5);
    }
}
