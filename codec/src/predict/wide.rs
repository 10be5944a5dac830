//! The wide rANS stream: a 64-bit state, 16-bit probabilities, renormalised by 32-bit words. Besides binary decisions
//! it codes one of 16 symbols, or up to 16 plain bits, in one step, which is what makes samples of many bits fast.

use crate::entropy::rans::{Coder, ONE};
use crate::error::{Error, Result};

/// Lower end of the state's interval; a stream starts from it and must end at it.
const LOW: u64 = 1 << 32;

/// A direction of coding that also takes one of 16 symbols in one step.
pub(crate) trait Wide: Coder {
    /// Whether symbols are read: then what callers pass as the symbol is ignored.
    const READS: bool;

    /// Codes one of 16 symbols. `starts` holds the lower end of each symbol's interval, in 65536ths: the first is 0, and each is
    /// above the one before. The 17th is 0 too, and stands for 65536.
    fn pick(&mut self, symbol: usize, starts: &[u16; 32]) -> usize;

    /// Codes the `count` (at most 16) low bits of `value`, all equally likely.
    fn plain(&mut self, value: u32, count: u32) -> u32;

    /// Runs a rare operation that is not inlined. It works on a copy of the coder, so that the state stays in registers
    /// elsewhere.
    fn out_of_line<T>(&mut self, rare: impl FnOnce(&mut Self) -> T) -> T;
}

/// Records decisions.
#[derive(Debug, Default)]
pub(crate) struct WideEncoder {
    /// Start << 16 | frequency.
    decisions: Vec<u32>,
}

impl Coder for WideEncoder {
    #[inline(always)]
    fn bit(&mut self, bit: bool, p1: u32) -> bool {
        debug_assert!(p1 > 0 && p1 < ONE);
        self.decisions.push(if bit { p1 } else { p1 << 16 | (ONE - p1) });
        bit
    }
}

impl Wide for WideEncoder {
    const READS: bool = false;

    #[inline(always)]
    fn pick(&mut self, symbol: usize, starts: &[u16; 32]) -> usize {
        let start = starts[symbol & 15];
        let frequency = starts[(symbol & 15) + 1].wrapping_sub(start);
        self.decisions.push(u32::from(start) << 16 | u32::from(frequency));
        symbol
    }

    #[inline(always)]
    fn plain(&mut self, value: u32, count: u32) -> u32 {
        debug_assert!(count <= 16 && u64::from(value) < 1 << count);
        if count > 0 {
            self.decisions.push(value << (32 - count) | 1 << (16 - count));
        }
        value
    }

    #[inline(always)]
    fn out_of_line<T>(&mut self, rare: impl FnOnce(&mut Self) -> T) -> T {
        rare(self)
    }
}

impl WideEncoder {
    /// The stream: the final state, 8 bytes little-endian, then the words in reading order.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut state = LOW;
        let mut words = Vec::with_capacity(self.decisions.len() / 8 + 2);
        for decision in self.decisions.into_iter().rev() {
            let (start, frequency) = (u64::from(decision >> 16), u64::from(decision & 0xffff));
            if state >> 48 >= frequency {
                words.push(state as u32);
                state >>= 32;
            }
            state = ((state / frequency) << 16) + state % frequency + start;
        }
        let mut bytes = Vec::with_capacity(words.len() * 4 + 8);
        bytes.extend_from_slice(&state.to_le_bytes());
        for word in words.into_iter().rev() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// Reads decisions back. Past the end of the stream it reads zeros, which [`WideDecoder::finish`] reports.
#[derive(Debug)]
pub(crate) struct WideDecoder<'a> {
    words: std::slice::Iter<'a, [u8; 4]>,
    overrun: bool,
    state: u64,
}

impl<'a> WideDecoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self> {
        let Some((first, rest)) = bytes.split_first_chunk::<8>() else {
            return Err(Error::Truncated(format!(
                "a sample stream has {} bytes, at least 8 are needed; write the chunk again",
                bytes.len()
            )));
        };
        let state = u64::from_le_bytes(*first);
        let (words, tail) = rest.as_chunks::<4>();
        if state < LOW || !tail.is_empty() {
            return Err(Error::Corrupt(format!(
                "a sample stream of {} bytes begins with state {state:#x}; write the chunk again",
                bytes.len()
            )));
        }
        Ok(Self { words: words.iter(), overrun: false, state })
    }

    /// Refuses a stream that was not used up exactly.
    pub(crate) fn finish(self) -> Result<()> {
        if self.words.as_slice().is_empty() && !self.overrun && self.state == LOW {
            return Ok(());
        }
        Err(Error::Corrupt("a sample stream does not end where its samples do; write the chunk again".into()))
    }

    /// Whether it has run past the end of its bytes, so that what it returns is noise.
    pub(crate) fn exhausted(&self) -> bool {
        self.overrun
    }

    #[inline(always)]
    fn renormalise(&mut self) {
        if self.state < LOW {
            let word = match self.words.next() {
                Some(word) => u32::from_le_bytes(*word),
                None => {
                    self.overrun = true;
                    0
                }
            };
            self.state = self.state << 32 | u64::from(word);
        }
    }
}

impl Coder for WideDecoder<'_> {
    #[inline(always)]
    fn bit(&mut self, _: bool, p1: u32) -> bool {
        let low = (self.state & 0xffff) as u32;
        let bit = low < p1;
        let (frequency, start) = if bit { (p1, 0) } else { (ONE - p1, p1) };
        self.state = u64::from(frequency) * (self.state >> 16) + u64::from(low - start);
        self.renormalise();
        bit
    }
}

impl Wide for WideDecoder<'_> {
    const READS: bool = true;

    #[inline(always)]
    fn pick(&mut self, _: usize, starts: &[u16; 32]) -> usize {
        let low = self.state as u16;
        let begun =
            starts.first_chunk::<16>().map_or(0, |s| s.iter().map(|s| u16::from(*s <= low)).sum::<u16>());
        let symbol = usize::from(begun.wrapping_sub(1)) & 15;
        let start = starts[symbol];
        let frequency = starts[symbol + 1].wrapping_sub(start);
        self.state = u64::from(frequency) * (self.state >> 16) + u64::from(low.wrapping_sub(start));
        self.renormalise();
        symbol
    }

    #[inline(always)]
    fn plain(&mut self, _: u32, count: u32) -> u32 {
        let value = (self.state & 0xffff) >> (16 - count.min(16));
        let low = self.state & ((1 << (16 - count.min(16))) - 1);
        self.state = ((self.state >> 16) << (16 - count.min(16))) + low;
        self.renormalise();
        value as u32
    }

    #[inline(always)]
    fn out_of_line<T>(&mut self, rare: impl FnOnce(&mut Self) -> T) -> T {
        let mut copy = Self { words: self.words.clone(), overrun: self.overrun, state: self.state };
        let out = rare(&mut copy);
        *self = copy;
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: &mut u64) -> u32 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as u32
    }

    fn starts(seed: &mut u64) -> [u16; 32] {
        let mut starts = [0; 32];
        for (i, start) in starts.iter_mut().enumerate().take(16).skip(1) {
            *start = i as u16 * 16 + (noise(seed) % 8) as u16;
        }
        starts
    }

    #[test]
    fn decisions_come_back_at_the_cost_of_their_information() {
        let mut encoder = WideEncoder::default();
        let mut information = 0.0;
        let kinds = |seed: &mut u64| (noise(seed) % 3, noise(seed) as usize % 16, noise(seed) % 65_535 + 1);
        let mut seed = 3;
        for _ in 0..100_000 {
            let (kind, symbol, value) = kinds(&mut seed);
            let starts = starts(&mut seed);
            match kind {
                0 => {
                    let frequency = starts[symbol + 1].wrapping_sub(starts[symbol]);
                    information -= (f64::from(frequency) / 65_536.0).log2();
                    encoder.pick(symbol, &starts);
                }
                1 => {
                    let p = f64::from(value) / 65_536.0;
                    information -= if symbol & 1 == 1 { p.log2() } else { (1.0 - p).log2() };
                    encoder.bit(symbol & 1 == 1, value);
                }
                _ => {
                    information += symbol as f64;
                    encoder.plain(value & ((1 << symbol) - 1), symbol as u32);
                }
            }
        }
        let bytes = encoder.finish();
        assert!((bytes.len() as f64) < information / 8.0 * 1.001 + 16.0, "{} {information}", bytes.len());
        let mut decoder = WideDecoder::new(&bytes).unwrap();
        let mut seed = 3;
        for _ in 0..100_000 {
            let (kind, symbol, value) = kinds(&mut seed);
            let starts = starts(&mut seed);
            match kind {
                0 => assert_eq!(decoder.pick(0, &starts), symbol),
                1 => assert_eq!(decoder.bit(false, value), symbol & 1 == 1),
                _ => assert_eq!(decoder.plain(0, symbol as u32), value & ((1 << symbol) - 1)),
            }
        }
        decoder.finish().unwrap();
    }

    #[test]
    fn a_cut_stream_is_refused_and_never_hangs() {
        let mut encoder = WideEncoder::default();
        for i in 0..1000 {
            encoder.bit(i % 3 == 0, 20_000);
        }
        let bytes = encoder.finish();
        for length in 0..bytes.len() {
            let Ok(mut decoder) = WideDecoder::new(&bytes[..length]) else { continue };
            for _ in 0..1000 {
                decoder.bit(false, 20_000);
            }
            assert!(decoder.finish().is_err());
        }
    }
}
