//! AdamW (arXiv 1711.05101) with a cosine schedule, gradient clipping and averaged weights.
//!
//! It is written here because its state must be saved and restored bit for bit.

use tch::{Kind, Tensor};

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.99;
const EPSILON: f64 = 1e-8;

/// The state for a list of weights in fixed order.
#[derive(Debug)]
pub struct Adam {
    names: Vec<String>,
    weights: Vec<Tensor>,
    means: Vec<Tensor>,
    squares: Vec<Tensor>,
    averages: Vec<Tensor>,
    steps: i32,
}

/// How one step is taken.
#[derive(Clone, Copy, Debug)]
pub struct DescentOptions {
    /// Learning rate.
    pub rate: f64,
    /// Weight decay.
    pub decay: f64,
    /// The greatest norm of the gradient.
    pub clip: f64,
    /// The fraction of the averaged weights that is kept at each step.
    pub average: f64,
}

impl Adam {
    /// For these weights.
    pub fn new(weights: Vec<(String, Tensor)>) -> Self {
        let (names, weights): (Vec<_>, Vec<_>) = weights.into_iter().unzip();
        let like = |f: fn(&Tensor) -> Tensor| weights.iter().map(|w| f(&w.detach())).collect::<Vec<_>>();
        let (means, squares) = (like(Tensor::zeros_like), like(Tensor::zeros_like));
        let averages = like(|w| w.copy());
        Self { names, weights, means, squares, averages, steps: 0 }
    }

    /// Forgets gradients.
    pub fn clear(&mut self) {
        self.weights.iter_mut().for_each(Tensor::zero_grad);
    }

    /// The norm of the whole gradient.
    pub fn norm(&self) -> f64 {
        let squares: Vec<Tensor> = self.gradients().map(|(_, g)| g.square().sum(Kind::Float)).collect();
        if squares.is_empty() {
            0.0
        } else {
            Tensor::stack(&squares, 0).sum(Kind::Float).sqrt().double_value(&[])
        }
    }

    fn gradients(&self) -> impl Iterator<Item = (usize, Tensor)> {
        self.weights.iter().map(Tensor::grad).enumerate().filter(|(_, g)| g.defined())
    }

    /// One step down the gradients, which are `scale` times too large; their norm is given without that.
    pub fn step(&mut self, options: DescentOptions, norm: f64, scale: f64) {
        self.steps += 1;
        let shrink = if norm > options.clip { options.clip / norm } else { 1.0 } / scale;
        let first = 1.0 - BETA1.powi(self.steps);
        let second = 1.0 - BETA2.powi(self.steps);
        let gradients: Vec<(usize, Tensor)> = self.gradients().collect();
        tch::no_grad(|| {
            for (i, gradient) in gradients {
                let gradient = if shrink != 1.0 { gradient * shrink } else { gradient };
                let (mean, square, weight) = (&mut self.means[i], &mut self.squares[i], &mut self.weights[i]);
                let _ = mean.lerp_(&gradient, 1.0 - BETA1);
                let _ = square.lerp_(&gradient.square(), 1.0 - BETA2);
                let divisor = (&*square / second).sqrt() + EPSILON;
                if options.decay > 0.0 {
                    *weight *= 1.0 - options.rate * options.decay;
                }
                *weight -= &*mean / divisor * (options.rate / first);
            }
            // Young averages follow faster, so that the start is soon forgotten.
            let steps = f64::from(self.steps);
            let keep = options.average.min((1.0 + steps) / (10.0 + steps));
            for (average, weight) in self.averages.iter_mut().zip(&self.weights) {
                let _ = average.lerp_(weight, 1.0 - keep);
            }
        });
    }

    /// Restarts the average of a weight that was set from outside.
    pub fn restart_average(&mut self, name: &str) {
        if let Some(i) = self.names.iter().position(|n| n == name) {
            tch::no_grad(|| self.averages[i].copy_(&self.weights[i]));
        }
    }

    /// The averaged weight of a name.
    pub fn average(&self, name: &str) -> Option<&Tensor> {
        self.names.iter().position(|n| n == name).map(|i| &self.averages[i])
    }

    /// The tensors for a checkpoint, under names that start with `prefix`.
    pub fn saved(&self, prefix: &str) -> Vec<(String, Tensor)> {
        let mut out = Vec::new();
        for (i, name) in self.names.iter().enumerate() {
            let tensors = [
                ("weight", &self.weights),
                ("mean", &self.means),
                ("square", &self.squares),
                ("average", &self.averages),
            ];
            for (kind, tensors) in tensors {
                out.push((format!("{prefix}{kind}/{name}"), tensors[i].detach()));
            }
        }
        let steps = Tensor::from_slice(&[i64::from(self.steps)]);
        out.push((format!("{prefix}steps"), steps));
        out
    }

    /// Restores the state from a checkpoint. The error is the name of the first tensor that is missing or has another
    /// shape.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn load(&mut self, prefix: &str, find: &dyn Fn(&str) -> Option<Tensor>) -> Result<(), String> {
        for (i, name) in self.names.iter().enumerate() {
            let tensors = [
                ("weight", &mut self.weights),
                ("mean", &mut self.means),
                ("square", &mut self.squares),
                ("average", &mut self.averages),
            ];
            for (kind, tensors) in tensors {
                let kept =
                    find(&format!("{prefix}{kind}/{name}")).ok_or_else(|| format!("it lacks {name}"))?;
                if kept.size() != tensors[i].size() {
                    return Err(format!(
                        "{name} has shape {:?} in it, {:?} here",
                        kept.size(),
                        tensors[i].size()
                    ));
                }
                tch::no_grad(|| tensors[i].copy_(&kept));
            }
        }
        let steps = find(&format!("{prefix}steps")).ok_or("it lacks the number of steps")?;
        self.steps = steps.int64_value(&[0]) as i32;
        Ok(())
    }
}

/// The fraction of the learning rate at a step: it rises linearly, then falls along a cosine.
pub fn schedule(step: u64, steps: u64, warmup: u64, last: f64) -> f64 {
    if step < warmup {
        return (step + 1) as f64 / warmup as f64;
    }
    let done = (step - warmup) as f64 / (steps.saturating_sub(warmup)).max(1) as f64;
    last + (1.0 - last) * 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn the_schedule_rises_and_falls() {
        assert!((schedule(0, 100, 10, 0.1) - 0.1).abs() < 1e-12);
        assert!((schedule(10, 100, 10, 0.1) - 1.0).abs() < 1e-12);
        assert!((schedule(100, 100, 10, 0.1) - 0.1).abs() < 1e-12);
        assert!(schedule(50, 100, 10, 0.1) < schedule(40, 100, 10, 0.1));
    }

    #[test]
    fn a_bowl_is_descended_and_a_saved_state_goes_on_the_same() {
        let weight = Tensor::from_slice(&[3.0f32, -2.0]).set_requires_grad(true);
        let mut adam = Adam::new(vec![("w".to_owned(), weight.shallow_clone())]);
        let options = DescentOptions { rate: 0.05, decay: 0.0, clip: 1.0, average: 0.9 };
        let walk = |adam: &mut Adam, weight: &Tensor, steps: usize| {
            for _ in 0..steps {
                adam.clear();
                weight.square().sum(Kind::Float).backward();
                let norm = adam.norm();
                adam.step(options, norm, 1.0);
            }
        };
        walk(&mut adam, &weight, 100);
        let saved: Vec<(String, Tensor)> = adam.saved("a/").into_iter().map(|(n, t)| (n, t.copy())).collect();
        walk(&mut adam, &weight, 100);
        let other = Tensor::zeros([2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let mut again = Adam::new(vec![("w".to_owned(), other.shallow_clone())]);
        let find = |name: &str| saved.iter().find(|(n, _)| n == name).map(|(_, t)| t.shallow_clone());
        again.load("a/", &find).unwrap();
        walk(&mut again, &other, 100);
        assert_eq!(crate::arch::graph::numbers(&weight), crate::arch::graph::numbers(&other));
        assert!(crate::arch::graph::numbers(&weight).iter().all(|w| w.abs() < 0.05));
        assert!(again.load("b/", &find).unwrap_err().contains("it lacks w"));
    }
}
