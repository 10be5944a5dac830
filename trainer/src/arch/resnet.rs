//! `resnet`: residual blocks and self-attention on both sides, as in VQGAN (arXiv 2012.09841), without a linear path.
//!
//! It is meant for codes that serve as tokens for other models. Unlike the linear path, it has an error floor, and it
//! is slower. For archives, use `conv`.

use super::branch::convolution;
use super::ops::{Conv, Init, Ops};
use serde::{Deserialize, Serialize};

/// A resnet's size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resnet {
    /// Channels at full resolution; they double with each halving, up to `widest`.
    pub width: usize,
    /// The greatest number of channels of a layer.
    pub widest: usize,
    /// Residual blocks at each resolution.
    pub blocks: usize,
    /// Self-attention at the coarsest resolution.
    pub attention: bool,
}

/// Groups of channels that are normalised together.
const GROUPS: usize = 8;

impl Resnet {
    fn width_at(&self, level: usize) -> usize {
        (self.width << level).min(self.widest)
    }

    /// Latents of normalised channels.
    pub fn encode<O: Ops>(&self, o: &mut O, x: &O::Value, sizes: Sizes) -> O::Value {
        let mut h = convolution(o, "encoder/in", x, [sizes.channels, self.width], Conv::THREE);
        for level in 0..sizes.levels() {
            let (width, next) = (self.width_at(level), self.width_at(level + 1));
            for block in 0..self.blocks {
                h = residual(o, &format!("encoder/level{level}/block{block}"), &h, width);
            }
            h = convolution(o, &format!("encoder/level{level}/halve"), &h, [width, next], Conv::HALVE);
        }
        let width = self.width_at(sizes.levels());
        h = self.middle(o, "encoder", &h, width);
        h = normalise(o, "encoder/norm", &h, width);
        h = o.silu(&h);
        convolution(o, "encoder/out", &h, [width, sizes.latents], Conv::THREE)
    }

    /// Normalised channels of latents.
    pub fn decode<O: Ops>(&self, o: &mut O, latents: &O::Value, sizes: Sizes) -> O::Value {
        let width = self.width_at(sizes.levels());
        let mut h = convolution(o, "decoder/in", latents, [sizes.latents, width], Conv::THREE);
        h = self.middle(o, "decoder", &h, width);
        for level in (0..sizes.levels()).rev() {
            let (width, next) = (self.width_at(level + 1), self.width_at(level));
            for block in 0..self.blocks {
                h = residual(o, &format!("decoder/level{level}/block{block}"), &h, width);
            }
            h = convolution(o, &format!("decoder/level{level}/double"), &h, [width, 4 * next], Conv::THREE);
            h = o.depth_to_space(&h, 2);
        }
        h = normalise(o, "decoder/norm", &h, self.width);
        h = o.silu(&h);
        convolution(o, "decoder/out", &h, [self.width, sizes.channels], Conv::THREE)
    }

    fn middle<O: Ops>(&self, o: &mut O, side: &str, x: &O::Value, width: usize) -> O::Value {
        let h = residual(o, &format!("{side}/middle0"), x, width);
        let h = if self.attention { attention(o, &format!("{side}/attention"), &h, width) } else { h };
        residual(o, &format!("{side}/middle1"), &h, width)
    }
}

/// The sizes of a network's input and output.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Channels of the raster.
    pub channels: usize,
    /// Channels of the latents.
    pub latents: usize,
    /// Pixels along the side of a patch, a power of two.
    pub patch: usize,
}

impl Sizes {
    fn levels(self) -> usize {
        self.patch.ilog2() as usize
    }
}

fn groups(width: usize) -> usize {
    (1..=GROUPS).rev().find(|g| width.is_multiple_of(*g)).unwrap_or(1)
}

fn normalise<O: Ops>(o: &mut O, name: &str, x: &O::Value, width: usize) -> O::Value {
    let normal = o.group_norm(x, groups(width));
    let gain = o.weight(&format!("{name}/gain"), &[1, width, 1, 1], Init::One);
    let bias = o.weight(&format!("{name}/bias"), &[1, width, 1, 1], Init::Zero);
    let scaled = o.mul(&normal, &gain);
    o.add(&scaled, &bias)
}

fn residual<O: Ops>(o: &mut O, name: &str, x: &O::Value, width: usize) -> O::Value {
    let h = normalise(o, &format!("{name}/norm1"), x, width);
    let h = o.silu(&h);
    let h = convolution(o, &format!("{name}/conv1"), &h, [width, width], Conv::THREE);
    let h = normalise(o, &format!("{name}/norm2"), &h, width);
    let h = o.silu(&h);
    let h = convolution(o, &format!("{name}/conv2"), &h, [width, width], Conv::THREE);
    o.add(x, &h)
}

/// Self-attention of one head over all positions.
fn attention<O: Ops>(o: &mut O, name: &str, x: &O::Value, width: usize) -> O::Value {
    let h = normalise(o, &format!("{name}/norm"), x, width);
    let mut rows = |part: &str| {
        let projected = convolution(o, &format!("{name}/{part}"), &h, [width, width], Conv::POINT);
        o.reshape(&projected, &[0, width as i64, -1])
    };
    let (query, key, value) = (rows("query"), rows("key"), rows("value"));
    let query = o.transpose(&query, &[0, 2, 1]);
    let scores = o.matmul(&query, &key);
    let scale = o.constant(&format!("{name}/scale"), &[1], &[(width as f32).sqrt().recip()]);
    let scores = o.mul(&scores, &scale);
    let weights = o.softmax(&scores);
    let weights = o.transpose(&weights, &[0, 2, 1]);
    let mixed = o.matmul(&value, &weights);
    let mixed = o.reshape_like(&mixed, x);
    let out = convolution(o, &format!("{name}/out"), &mixed, [width, width], Conv::POINT);
    o.add(x, &out)
}
