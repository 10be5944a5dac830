//! Losses of single samples. All take the network's channels, the true ones, and weights that are 0 where a sample is masked,
//! `(image, channel, y, x)`, in normalised units.

use tch::{Kind, Tensor};

/// The weighted mean of `values`; 0 where all weights are.
pub fn masked_mean(values: &Tensor, weights: &Tensor) -> Tensor {
    (values * weights).sum(Kind::Float) / weights.sum(Kind::Float).clamp_min(1.0)
}

/// Mean square error.
pub fn mse(y: &Tensor, x: &Tensor, weights: &Tensor) -> Tensor {
    masked_mean(&(y - x).square(), weights)
}

/// Huber's loss: quadratic below `delta`, linear above.
pub fn huber(y: &Tensor, x: &Tensor, weights: &Tensor, delta: f64) -> Tensor {
    let error = (y - x).abs();
    let inner = error.clamp_max(delta);
    masked_mean(&(&inner * (&error - &inner * 0.5)), weights)
}

/// Cross-entropy of the true class, with channels of a categorical band as scores. `x` is 1 at the class.
pub fn cross_entropy(scores: &Tensor, x: &Tensor, weights: &Tensor) -> Tensor {
    let log = scores.log_softmax(1, Kind::Float);
    let loss = -(log * x).sum_dim_intlist(Some([1].as_slice()), true, None);
    masked_mean(&loss, &weights.narrow(1, 0, 1))
}

/// Binary cross-entropy of a flag, with scores that are positive where it is set.
pub fn flag(scores: &Tensor, x: &Tensor, weights: &Tensor) -> Tensor {
    let loss = scores.clamp_min(0.0) - scores * x + (-scores.abs()).exp().log1p();
    masked_mean(&loss, weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(t: &Tensor) -> f64 {
        t.double_value(&[])
    }

    #[test]
    fn masked_samples_count_for_nothing() {
        let y = Tensor::from_slice(&[1.0f32, 2.0, 100.0]).reshape([1, 1, 1, 3]);
        let x = y.zeros_like();
        let weights = Tensor::from_slice(&[1.0f32, 1.0, 0.0]).reshape([1, 1, 1, 3]);
        assert_eq!(value(&mse(&y, &x, &weights)), 2.5);
        // 1/2 for an error of 1, 1 × 2 - 1/2 for one of 2.
        assert_eq!(value(&huber(&y, &x, &weights, 1.0)), 1.0);
        assert_eq!(value(&mse(&y, &x, &weights.zeros_like())), 0.0);
    }

    #[test]
    fn certain_classes_cost_nothing_and_even_odds_one_bit() {
        let x = Tensor::from_slice(&[1.0f32, 0.0]).reshape([1, 2, 1, 1]);
        let weights = Tensor::ones([1, 2, 1, 1], (Kind::Float, tch::Device::Cpu));
        assert!(value(&cross_entropy(&(&x * 100.0), &x, &weights)) < 1e-6);
        let even = value(&cross_entropy(&x.zeros_like(), &x, &weights));
        assert!((even - std::f64::consts::LN_2).abs() < 1e-6);
        let one = weights.narrow(1, 0, 1);
        assert!((value(&flag(&one.zeros_like(), &one, &one)) - std::f64::consts::LN_2).abs() < 1e-6);
        assert!(value(&flag(&(&one * -50.0), &one, &one)) > 49.0);
    }
}
