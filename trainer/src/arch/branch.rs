//! The convolutional branch: a correction of a picture, in units of the quantiser's step.
//!
//! It sees the picture's deviations from its surroundings, compressed, so that its input has the same range at all steps
//! and places; it starts at zero. All its layers lie on a grid of blocks, so it costs little: about
//! `2 c w + 18 b w² / s²` multiplications a pixel, for `c` channels, width `w`, `b` blocks and sides of `s` pixels.

use super::ops::{Conv, Init, Ops};
use serde::{Deserialize, Serialize};

/// A branch's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The side of a block of the branch's grid, in pixels; divides the patch.
    pub unshuffle: usize,
    /// Channels of its inner layers.
    pub width: usize,
    /// Residual blocks of two 3×3 convolutions.
    pub blocks: usize,
}

/// Deviations of this many steps are compressed to half their size.
const KNEE: f32 = 8.0;
/// The logarithm of the step is divided by this, so that it is at most about 1.
const LOG_UNIT: f32 = 4.0;

impl Branch {
    /// Multiplications per pixel.
    pub fn multiplications(&self, channels: usize) -> usize {
        let area = self.unshuffle * self.unshuffle;
        (2 * channels * area * self.width + 18 * self.blocks * self.width * self.width) / area
    }

    /// The correction to `p`, `(n, channels, y, x)` in units of the step; `step` `(1)`.
    pub fn correction<O: Ops>(
        &self,
        o: &mut O,
        name: &str,
        channels: usize,
        p: &O::Value,
        step: &O::Value,
    ) -> O::Value {
        let (c, area) = (channels as i64, (self.unshuffle * self.unshuffle) as i64);
        let inputs = channels * self.unshuffle * self.unshuffle;
        let blocks = o.space_to_depth(p, self.unshuffle);
        let means = o.mean_blocks(p, self.unshuffle);
        let surroundings = o.mean3(&means);
        let surroundings = o.reshape(&surroundings, &[0, 1, c, -1]);
        let pixels = o.reshape(&blocks, &[0, area, c, -1]);
        let deviation = o.sub(&pixels, &surroundings);
        let magnitude = o.abs(&deviation);
        let knee = o.constant("branch/knee", &[1], &[KNEE]);
        let divisor = o.add(&magnitude, &knee);
        let compressed = o.div(&deviation, &divisor);
        let compressed = o.reshape_like(&compressed, &blocks);

        let mut hidden =
            convolution(o, &format!("{name}/in"), &compressed, [inputs, self.width], Conv::POINT);
        let gain = self.gain(o, name, step);
        hidden = o.mul(&hidden, &gain);
        for block in 0..self.blocks {
            let name = format!("{name}/block{block}");
            let width = [self.width, self.width];
            let inner = o.silu(&hidden);
            let inner = convolution(o, &format!("{name}/conv1"), &inner, width, Conv::THREE);
            let inner = o.silu(&inner);
            let inner = convolution(o, &format!("{name}/conv2"), &inner, width, Conv::THREE);
            hidden = o.add(&hidden, &inner);
        }
        let hidden = o.silu(&hidden);
        let weight = o.weight(&format!("{name}/out/weight"), &[inputs, self.width, 1, 1], Init::Zero);
        let bias = o.weight(&format!("{name}/out/bias"), &[inputs], Init::Zero);
        let out = o.conv(&hidden, &weight, &bias, Conv::POINT);
        o.depth_to_space(&out, self.unshuffle)
    }

    /// A gain for each inner channel that depends on the step: one branch for all qualities.
    fn gain<O: Ops>(&self, o: &mut O, name: &str, step: &O::Value) -> O::Value {
        let log = o.ln(step);
        let unit = o.constant("branch/log_unit", &[1], &[LOG_UNIT]);
        let log = o.div(&log, &unit);
        let square = o.mul(&log, &log);
        let shape = [1, self.width, 1, 1];
        let constant = o.weight(&format!("{name}/gain0"), &shape, Init::One);
        let slope = o.weight(&format!("{name}/gain1"), &shape, Init::Zero);
        let curve = o.weight(&format!("{name}/gain2"), &shape, Init::Zero);
        let slope = o.mul(&slope, &log);
        let curve = o.mul(&curve, &square);
        let gain = o.add(&constant, &slope);
        o.add(&gain, &curve)
    }
}

/// A convolution with its own weights, initialised so that it preserves the variance.
pub(crate) fn convolution<O: Ops>(
    o: &mut O,
    name: &str,
    x: &O::Value,
    [inputs, outputs]: [usize; 2],
    how: Conv,
) -> O::Value {
    let fan = (inputs * how.kernel * how.kernel) as f64;
    let shape = [outputs, inputs, how.kernel, how.kernel];
    let weight = o.weight(&format!("{name}/weight"), &shape, Init::Normal(fan.sqrt().recip()));
    let bias = o.weight(&format!("{name}/bias"), &[outputs], Init::Zero);
    o.conv(x, &weight, &bias, how)
}
