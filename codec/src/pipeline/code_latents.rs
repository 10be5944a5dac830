//! From the latents of a tile to coded bytes: codes are chosen by rate and distortion, then entropy-coded.

use super::runner::ModelRunner;
use crate::config::EntropyCoder;
use crate::entropy::indices::IndexCoder;
use crate::entropy::lz4;
use crate::entropy::rans::Encoder;
use crate::entropy::tile::{HistoryLinks, TileCoder, TileHistory};
use crate::error::{Error, Result};
use crate::model::priors::Kind;
use crate::quantise::{self, Search};

/// A tile's coded bytes, their history for later dates, and their cost: the squared error plus the price of the bits. Of several
/// ways to code a tile, the one with the least cost is taken.
pub(super) struct CodedLatents {
    pub(super) stream: Vec<u8>,
    pub(super) history: Option<TileHistory>,
    pub(super) cost: f64,
}

impl ModelRunner {
    /// The stream of a tile's codes, chosen for its latents.
    pub(super) fn code(
        &self,
        mut latents: Vec<f32>,
        step: i16,
        entropy: EntropyCoder,
        columns: usize,
        empty: &[bool],
        links: HistoryLinks<'_>,
    ) -> Result<CodedLatents> {
        let alone = |stream| CodedLatents { stream, history: None, cost: 0.0 };
        let priors = self.model.priors();
        let count = priors.planes();
        let is_empty = |at: usize| empty.get(at).copied().unwrap_or(false);
        match priors.kind() {
            Kind::Scalar(priors) => {
                let inverse = 1.0 / quantise::step(step);
                latents.iter_mut().for_each(|v| *v *= inverse);
                if entropy == EntropyCoder::Lz4 {
                    let codes: Vec<i32> = latents.iter().map(|v| quantise::quantise(*v)).collect();
                    return Ok(alone(lz4::encode(&codes, count)));
                }
                let planes = self.planes(priors, step);
                let mut coder: TileCoder<'_, Encoder> = TileCoder::encoder(&planes, columns, links);
                let mut codes = vec![0; count];
                let mut nonzero = Vec::new();
                let mut squares = 0.0;
                for (at, scaled) in latents.chunks_exact(count).enumerate() {
                    if !is_empty(at) {
                        coder.choose(scaled, quantise::BIT, &mut codes);
                    }
                    coder.patch(&mut codes, is_empty(at), &mut nonzero, &mut ())?;
                    if !is_empty(at) {
                        let errors = scaled.iter().zip(&codes).map(|(v, c)| (v - *c as f32).powi(2));
                        squares += f64::from(errors.sum::<f32>());
                    }
                }
                let history = coder.history();
                let stream = coder.finish();
                let cost = squares + f64::from(quantise::BIT) * 8.0 * stream.len() as f64;
                Ok(CodedLatents { stream, history, cost })
            }
            Kind::Index(priors) => {
                let (Some(codebooks), Some(rates)) = (self.model.codebooks(), &self.rates) else {
                    return Err(Error::MissingModel("codes of indices need codebooks".to_owned()));
                };
                let lambda = quantise::lagrangian(step);
                let mut codes = codebooks.assign(&latents, lambda, rates, &Search::default());
                let patches = codes.chunks_exact_mut(count).enumerate();
                patches.filter(|(at, _)| is_empty(*at)).for_each(|(_, codes)| codes.fill(0));
                if entropy == EntropyCoder::Lz4 {
                    return Ok(alone(lz4::encode(&codes, count)));
                }
                let mut coder = IndexCoder::encoder(priors.shape, &priors.statistics, columns);
                let patches = codes.chunks_exact_mut(count).enumerate();
                patches.for_each(|(at, codes)| coder.patch(codes, is_empty(at), &mut ()));
                Ok(alone(coder.finish()))
            }
        }
    }
}
