//! Losses of spectra: the angle between two, and how sets of them are distributed.

use super::pixel::masked_mean;
use tch::{Kind, Tensor};

/// Mean spectral angle in radians, over pixels with all channels valid. `y` and `x` are in data units, in which the angle means
/// something.
pub fn angle(y: &Tensor, x: &Tensor, weights: &Tensor) -> Tensor {
    let sum = |t: Tensor| t.sum_dim_intlist(Some([1].as_slice()), true, None);
    // The slope of the root is infinite at 0.
    let lengths = (sum(y.square()) * sum(x.square())).clamp_min(1e-12).sqrt();
    let cosine = sum(y * x) / lengths;
    // The slope of the arc cosine is infinite at 1.
    let angle = cosine.clamp(-1.0 + 1e-6, 1.0 - 1e-6).acos();
    masked_mean(&angle, &whole(weights))
}

/// Sliced Wasserstein distance between the pixels' spectra of each image: both are projected onto `directions` random lines,
/// sorted and compared, so that texture and spectrum matter and places do not. Pixels with a masked channel take the true
/// value on both sides.
pub fn sliced_wasserstein(y: &Tensor, x: &Tensor, weights: &Tensor, directions: i64) -> Tensor {
    let channels = x.size()[1];
    let lines = Tensor::randn([channels, directions], (Kind::Float, x.device()));
    let lines = &lines / lines.square().sum_dim_intlist(Some([0].as_slice()), true, None).sqrt();
    let whole = whole(weights);
    let y = y * &whole + x * (1.0 - &whole);
    let project = |t: &Tensor| t.flatten(2, 3).transpose(1, 2).matmul(&lines).sort(1, false).0;
    (project(&y) - project(x)).square().mean(Kind::Float)
}

/// 1 at pixels with all channels valid.
fn whole(weights: &Tensor) -> Tensor {
    weights.amin(&[1i64][..], true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn brightness_leaves_the_angle_and_order_leaves_the_distribution() {
        tch::manual_seed(2);
        let x = Tensor::rand([1, 4, 8, 8], (Kind::Float, Device::Cpu)) + 0.1;
        let weights = x.ones_like();
        assert!(angle(&(&x * 3.0), &x, &weights).double_value(&[]) < 2e-3);
        let other = x.roll([1], [1]);
        assert!(angle(&other, &x, &weights).double_value(&[]) > 0.1);
        let shuffled = x.flip([2, 3]);
        assert!(sliced_wasserstein(&shuffled, &x, &weights, 16).double_value(&[]) < 1e-10);
        assert!(sliced_wasserstein(&(&x + 1.0), &x, &weights, 16).double_value(&[]) > 0.1);
        assert_eq!(sliced_wasserstein(&(&x + 1.0), &x, &weights.zeros_like(), 16).double_value(&[]), 0.0);
    }
}
