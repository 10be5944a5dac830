//! Binary range asymmetric numeral systems (rANS), after J. Duda, arXiv:1311.2540: a 32-bit state, 16-bit
//! probabilities, bytewise renormalisation.
//!
//! One model drives both directions through [`Coder`]: the encoder records decisions and codes them backwards at the
//! end, the decoder returns them in order.

use crate::error::{Error, Result};

/// Lower end of the state's interval; a stream starts from it and must end at it.
const LOW: u32 = 1 << 23;

/// One over the probability unit: probabilities are in 1..=65535 of 65536.
pub(crate) const ONE: u32 = 1 << 16;

/// A direction of coding.
pub(crate) trait Coder {
    /// Codes a decision whose probability of being 1 is `p1` / 65536, and returns it. Decoders ignore `bit`.
    fn bit(&mut self, bit: bool, p1: u32) -> bool;

    /// Codes the `count` low bits of `value`, each at one half, highest first.
    fn raw(&mut self, value: u32, count: u32) -> u32 {
        let mut out = 0;
        for i in (0..count).rev() {
            out = out << 1 | u32::from(self.bit(value >> i & 1 == 1, ONE / 2));
        }
        out
    }
}

/// Records decisions.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    decisions: Vec<u32>,
}

impl Coder for Encoder {
    #[inline(always)]
    fn bit(&mut self, bit: bool, p1: u32) -> bool {
        debug_assert!(p1 > 0 && p1 < ONE);
        self.decisions.push(p1 << 1 | u32::from(bit));
        bit
    }
}

impl Encoder {
    /// The stream: the final state, 4 bytes little-endian, then the renormalisation bytes in reading order.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut state = LOW;
        let mut bytes = Vec::with_capacity(self.decisions.len() / 16 + 4);
        for decision in self.decisions.into_iter().rev() {
            let p1 = decision >> 1;
            let (frequency, start) = if decision & 1 == 1 { (p1, 0) } else { (ONE - p1, p1) };
            // Largest state that stays below 2^31 after this decision.
            let ceiling = frequency << 15;
            while state >= ceiling {
                bytes.push(state as u8);
                state >>= 8;
            }
            state = ((state / frequency) << 16) + state % frequency + start;
        }
        bytes.extend_from_slice(&state.to_be_bytes());
        bytes.reverse();
        bytes
    }
}

/// Reads decisions back. Past the end of the stream it reads zeros, which [`Decoder::finish`] reports.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    state: u32,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self> {
        let Some((first, rest)) = bytes.split_first_chunk::<4>() else {
            return Err(Error::Truncated(format!(
                "an entropy-coded stream has {} bytes, at least 4 are needed; write the chunk again",
                bytes.len()
            )));
        };
        let state = u32::from_le_bytes(*first);
        if !(LOW..1 << 31).contains(&state) {
            return Err(Error::Corrupt(format!(
                "an entropy-coded stream begins with state {state:#x}; write the chunk again"
            )));
        }
        Ok(Self { bytes: rest, at: 0, state })
    }

    /// Refuses a stream that was not used up exactly.
    pub(crate) fn finish(self) -> Result<()> {
        if self.at == self.bytes.len() && self.state == LOW {
            return Ok(());
        }
        Err(Error::Corrupt(
            "an entropy-coded stream does not end where its codes do; write the chunk again".into(),
        ))
    }

    /// Whether it has run past the end of its bytes, so that what it returns is noise.
    #[inline]
    pub(crate) fn exhausted(&self) -> bool {
        self.at > self.bytes.len()
    }
}

impl Coder for Decoder<'_> {
    #[inline(always)]
    fn bit(&mut self, _: bool, p1: u32) -> bool {
        let low = self.state & (ONE - 1);
        let bit = low < p1;
        let (frequency, start) = if bit { (p1, 0) } else { (ONE - p1, p1) };
        self.state = frequency * (self.state >> 16) + low - start;
        while self.state < LOW {
            self.state = self.state << 8 | u32::from(self.bytes.get(self.at).copied().unwrap_or(0));
            self.at += 1;
            // A hostile stream may keep the state at 0 for ever, so renormalisation stops there.
            if self.at > self.bytes.len() + 4 {
                self.at = self.bytes.len() + 4;
                self.state |= LOW;
            }
        }
        bit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: &mut u64) -> u32 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 40) as u32
    }

    #[test]
    fn decisions_come_back_at_the_cost_of_their_information() {
        let mut seed = 7;
        let decisions: Vec<(bool, u32)> = (0..200_000)
            .map(|i| {
                let p1 = match i % 3 {
                    0 => 1,
                    1 => 65_535,
                    _ => 1 + noise(&mut seed) % 65_535,
                };
                (noise(&mut seed) % ONE < p1, p1)
            })
            .collect();
        let mut encoder = Encoder::default();
        let mut information = 0.0;
        for (bit, p1) in &decisions {
            encoder.bit(*bit, *p1);
            let p = f64::from(*p1) / 65_536.0;
            information -= if *bit { p.log2() } else { (1.0 - p).log2() };
        }
        let bytes = encoder.finish();
        assert!((bytes.len() as f64) < information / 8.0 * 1.001 + 8.0, "{} {information}", bytes.len());
        let mut decoder = Decoder::new(&bytes).unwrap();
        for (bit, p1) in &decisions {
            assert_eq!(decoder.bit(false, *p1), *bit);
        }
        decoder.finish().unwrap();
    }

    #[test]
    fn a_cut_stream_is_refused_and_never_hangs() {
        let mut encoder = Encoder::default();
        for i in 0..1000 {
            encoder.bit(i % 3 == 0, 20_000);
        }
        let bytes = encoder.finish();
        for length in 0..bytes.len() {
            let Ok(mut decoder) = Decoder::new(&bytes[..length]) else { continue };
            for _ in 0..1000 {
                decoder.bit(false, 20_000);
            }
            assert!(decoder.finish().is_err());
        }
    }
}
