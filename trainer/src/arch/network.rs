//! A whole network: bands to latents, and codes to bands.

use super::branch::Branch;
use super::heads::Heads;
use super::linear::Linear;
use super::ops::{Init, Ops};
use super::resnet::{Resnet, Sizes};
use serde::{Deserialize, Serialize};

/// The transform between normalised channels and latents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Body {
    /// The linear path, with a branch that corrects the picture after decoding, and perhaps one before encoding.
    Conv {
        /// The decoder's branch.
        decoder: Branch,
        /// The encoder's.
        encoder: Option<Branch>,
    },
    /// Residual blocks and self-attention.
    Resnet(Resnet),
}

/// How latents become codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Quantiser {
    /// Scalar codes of all planes, with one step that is chosen on encoding.
    Fsq {
        /// Whether a factor on the step is fitted for each plane.
        fitted_steps: bool,
    },
    /// One codebook, each index naming an entry.
    Vq(Codebooks),
    /// Stages, each of which codes the residual of the stages before it. Each stage has the zero vector as an entry.
    Rvq(Codebooks),
}

/// The size of codebooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codebooks {
    /// Groups of latent planes with codebooks of their own.
    pub groups: usize,
    /// Stages, 1 for `vq`.
    pub stages: usize,
    /// Entries of each codebook.
    pub size: usize,
    /// Latent planes of a group.
    pub width: usize,
}

impl Codebooks {
    /// Planes of codes.
    pub fn planes(&self) -> usize {
        self.groups * self.stages
    }

    /// Planes of latents.
    pub fn latents(&self) -> usize {
        self.groups * self.width
    }
}

/// A network. [`Network::encode`] and [`Network::decode`] are written once for fitting and for export.
#[derive(Clone, Debug)]
pub struct Network {
    /// The kind of each band.
    pub heads: Heads,
    /// The linear path. A `resnet` uses only its normalisation.
    pub linear: Linear,
    /// The transform between channels and latents.
    pub body: Body,
    /// How latents are quantised.
    pub quantiser: Quantiser,
    /// Pixels along the side of a patch.
    pub patch: usize,
    /// Planes of latents of a `resnet` with scalar codes.
    pub resnet_latents: usize,
}

impl Network {
    /// Planes of latents.
    pub fn latents(&self) -> usize {
        match (&self.quantiser, &self.body) {
            (Quantiser::Vq(books) | Quantiser::Rvq(books), _) => books.latents(),
            (Quantiser::Fsq { .. }, Body::Conv { .. }) => self.linear.planes(),
            (Quantiser::Fsq { .. }, Body::Resnet(_)) => self.resnet_latents,
        }
    }

    /// Codebooks, unless codes are scalars.
    pub fn codebooks(&self) -> Option<Codebooks> {
        match self.quantiser {
            Quantiser::Fsq { .. } => None,
            Quantiser::Vq(books) | Quantiser::Rvq(books) => Some(books),
        }
    }

    /// Whether the encoder takes the step as an input.
    pub fn encoder_takes_step(&self) -> bool {
        let branch = matches!(self.body, Body::Conv { encoder: Some(_), .. });
        branch && self.codebooks().is_none()
    }

    /// Whether the encoder is fixed: latents, and the step of each plane, do not depend on the weights that are
    /// fitted.
    pub fn encoder_is_fixed(&self) -> bool {
        matches!(self.body, Body::Conv { encoder: None, .. })
            && matches!(
                self.quantiser,
                Quantiser::Fsq { fitted_steps: false } | Quantiser::Vq(_) | Quantiser::Rvq(_)
            )
    }

    /// Whether the decoder consists of a linear picture and its correction. Archives hold these as two graphs: a
    /// reader may run the linear one natively, and the correction only where it pays.
    pub fn is_split(&self) -> bool {
        matches!(self.body, Body::Conv { .. }) && self.heads.plain()
    }

    /// Whether the picture before the correction, and the latents, are exactly those of the linear model that the fit began
    /// with.
    pub fn keeps_linear_model(&self) -> bool {
        self.is_split() && self.encoder_is_fixed() && self.codebooks().is_none()
    }

    fn sizes(&self) -> Sizes {
        Sizes { channels: self.linear.channels, latents: self.latents(), patch: self.patch }
    }

    /// Data units to normalised ones.
    pub fn normalise<O: Ops>(&self, o: &mut O, channels: &O::Value) -> O::Value {
        let (offset, scale) = self.normalisation(o);
        let centred = o.sub(channels, &offset);
        o.div(&centred, &scale)
    }

    /// Normalised units to those of the data.
    pub fn denormalise<O: Ops>(&self, o: &mut O, channels: &O::Value) -> O::Value {
        let (offset, scale) = self.normalisation(o);
        let scaled = o.mul(channels, &scale);
        o.add(&scaled, &offset)
    }

    fn normalisation<O: Ops>(&self, o: &mut O) -> (O::Value, O::Value) {
        let shape = [1, self.linear.channels, 1, 1];
        let offset = o.constant("normalise/offset", &shape, &self.linear.offset);
        (offset, o.constant("normalise/scale", &shape, &self.linear.scale))
    }

    /// Latents, not divided by the step, of normalised channels. `step` `(1)` is used by encoders that take it.
    pub fn encode<O: Ops>(&self, o: &mut O, x: &O::Value, step: &O::Value) -> O::Value {
        let latents = match &self.body {
            Body::Resnet(resnet) => resnet.encode(o, x, self.sizes()),
            Body::Conv { encoder, .. } => {
                let x = match encoder {
                    None => o.same(x),
                    Some(branch) => {
                        let unit = self.unit(o, step);
                        let scaled = o.div(x, &unit);
                        let correction =
                            branch.correction(o, "encoder", self.linear.channels, &scaled, &unit);
                        let correction = o.mul(&correction, &unit);
                        o.add(x, &correction)
                    }
                };
                let all = self.linear.analyse(o, &x);
                match self.codebooks() {
                    None => all,
                    Some(_) => {
                        let kept = o.indices("linear/kept", &self.linear.order[..self.latents()]);
                        o.pick_channels(&all, &kept)
                    }
                }
            }
        };
        match self.gain(o) {
            Some(gain) => o.mul(&latents, &gain),
            None => latents,
        }
    }

    /// Normalised channels of quantised latents that were divided by the unit, which is the step for scalar codes.
    pub fn decode<O: Ops>(&self, o: &mut O, values: &O::Value, step: &O::Value) -> O::Value {
        let unit = self.unit(o, step);
        let values = self.without_gain(o, values);
        match &self.body {
            Body::Resnet(resnet) => {
                let latents = o.mul(&values, &unit);
                resnet.decode(o, &latents, self.sizes())
            }
            Body::Conv { .. } => {
                let picture = self.picture(o, &values);
                let sum = self.corrected(o, &picture, &unit);
                o.mul(&sum, &unit)
            }
        }
    }

    /// A picture, in units of the step, and its correction by the branch of `conv`.
    fn corrected<O: Ops>(&self, o: &mut O, picture: &O::Value, unit: &O::Value) -> O::Value {
        let Body::Conv { decoder, .. } = &self.body else { return o.same(picture) };
        let correction = decoder.correction(o, "decoder", self.linear.channels, picture, unit);
        o.add(picture, &correction)
    }

    /// Corrects normalised channels that [`Network::decode_linearly`] gave.
    pub fn correct<O: Ops>(&self, o: &mut O, normal: &O::Value, step: &O::Value) -> O::Value {
        let unit = self.unit(o, step);
        let picture = o.div(normal, &unit);
        let sum = self.corrected(o, &picture, &unit);
        o.mul(&sum, &unit)
    }

    /// As [`Network::decode`], but with the linear path alone. [`Network::correct`] improves the result.
    pub fn decode_linearly<O: Ops>(&self, o: &mut O, values: &O::Value, step: &O::Value) -> O::Value {
        let unit = self.unit(o, step);
        let values = self.without_gain(o, values);
        let picture = self.picture(o, &values);
        o.mul(&picture, &unit)
    }

    fn without_gain<O: Ops>(&self, o: &mut O, values: &O::Value) -> O::Value {
        match self.gain(o) {
            Some(gain) => o.div(values, &gain),
            None => o.same(values),
        }
    }

    fn picture<O: Ops>(&self, o: &mut O, values: &O::Value) -> O::Value {
        match self.codebooks() {
            None => self.linear.synthesise(o, values),
            Some(_) => {
                let all = self.restore(o, values);
                self.linear.synthesise(o, &all)
            }
        }
    }

    /// Puts the strongest planes back to their positions among all planes.
    fn restore<O: Ops>(&self, o: &mut O, kept: &O::Value) -> O::Value {
        let mut place = vec![0; self.linear.planes()];
        for (rank, plane) in self.linear.order.iter().enumerate() {
            place[*plane] = rank;
        }
        let padded = o.pad_channels(kept, self.linear.planes() - self.latents());
        let place = o.indices("linear/place", &place);
        o.pick_channels(&padded, &place)
    }

    /// The unit of the branches: the step, or 1 where codes are indices.
    fn unit<O: Ops>(&self, o: &mut O, step: &O::Value) -> O::Value {
        match self.quantiser {
            Quantiser::Fsq { .. } => o.same(step),
            _ => o.constant("unit", &[1], &[1.0]),
        }
    }

    /// Each plane's fitted gain.
    fn gain<O: Ops>(&self, o: &mut O) -> Option<O::Value> {
        matches!(self.quantiser, Quantiser::Fsq { fitted_steps: true })
            .then(|| o.weight("quantiser/gain", &[1, self.latents(), 1, 1], Init::One))
    }
}
