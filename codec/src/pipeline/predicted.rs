//! Predicted tiles: samples are turned into integers and coded by prediction, exactly or within the promised bound, without a
//! model.

use crate::container::bytes::{Reader, put_varint};
use crate::container::header::Bounds;
use crate::error::{Error, Result};
use crate::mask::Classifier;
use crate::predict::lattice::{BitReader, Bits, Float, Lattice};
use crate::predict::{Restored, Shape, classes, predictive};
use crate::sample::{DataType, Sample};

/// The form in which one tile keeps the bound of its chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// With the bound as promised.
    Promised,
    /// With bounds of integers reduced by one. A restored sample that would equal nodata is moved by one, and so still keeps the
    /// promised bound.
    Tighter,
    /// Without any error, bit for bit.
    Lossless,
}

impl Form {
    /// All of them, by the numbers that stand for them in a tile.
    pub(super) const ALL: [Self; 3] = [Self::Promised, Self::Tighter, Self::Lossless];

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let found = reader.u8("the form in which a tile keeps its bound")?;
        Self::ALL.get(usize::from(found)).copied().ok_or_else(|| {
            Error::Corrupt(format!("the form in which a tile keeps its bound is {found}, allowed are 0 to 2"))
        })
    }
}

/// A tile's samples `(band, y, x)`, for coders of integers.
pub(super) struct IntegerTile<'a> {
    pub(super) bands: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// Mask classes; empty when all are valid.
    pub(super) classes: &'a [u8],
    pub(super) bounds: &'a Bounds,
}

impl IntegerTile<'_> {
    pub(super) fn valid(&self) -> Vec<bool> {
        match self.classes {
            [] => vec![true; self.bands * self.area()],
            classes => classes.iter().map(|class| *class == 0).collect(),
        }
    }

    fn area(&self) -> usize {
        self.height * self.width
    }

    pub(super) fn shape(&self, planes: usize) -> Shape {
        Shape { planes, height: self.height, width: self.width }
    }

    /// The bound of a band in whole numbers.
    pub(super) fn whole(&self, band: usize, form: Form) -> u32 {
        let bound = self.bounds.each[band].floor().clamp(0.0, f64::from(predictive::MAX_BOUND)) as u32;
        match form {
            Form::Promised => bound,
            Form::Tighter => bound.saturating_sub(1),
            Form::Lossless => 0,
        }
    }

    /// Encodes valid samples. `earlier` are the restored samples of the tile that this one refers to.
    pub(super) fn encode<T: Sample>(
        &self,
        samples: &[T],
        form: Form,
        earlier: Option<&Restored>,
    ) -> Result<Vec<u8>> {
        let mut out = vec![form as u8];
        match T::TYPE {
            DataType::Float32 => {
                self.encode_floats::<f32>(bytemuck::cast_slice(samples), form, earlier, &mut out)?
            }
            DataType::Float64 => {
                self.encode_floats::<f64>(bytemuck::cast_slice(samples), form, earlier, &mut out)?
            }
            _ => {
                let grid = self.grid(form);
                let numbers: Vec<i32> = samples
                    .chunks(self.area())
                    .zip(&grid.spacing)
                    .flat_map(|(band, spacing)| band.iter().map(|v| nearest(v.to_f64() as i64, *spacing)))
                    .collect();
                let shape = self.shape(self.bands);
                out.extend(predictive::encode(&numbers, &self.valid(), &shape, &grid.bounds, earlier)?);
            }
        }
        Ok(out)
    }

    /// Decodes what [`IntegerTile::encode`] gave; masked samples are left alone. Returns the restored samples, to which tiles of later dates may refer.
    pub(super) fn decode<T: Sample>(
        &self,
        bytes: &[u8],
        classifier: &Classifier<T>,
        earlier: Option<&Restored>,
        out: &mut [T],
    ) -> Result<Restored> {
        let mut reader = Reader::new(bytes);
        let form = Form::read(&mut reader)?;
        let restored = match T::TYPE {
            DataType::Float32 => {
                self.decode_floats::<f32>(&mut reader, form, earlier, bytemuck::cast_slice_mut(out))?
            }
            DataType::Float64 => {
                self.decode_floats::<f64>(&mut reader, form, earlier, bytemuck::cast_slice_mut(out))?
            }
            _ => {
                let grid = self.grid(form);
                let mut numbers = vec![0; out.len()];
                let (valid, shape) = (self.valid(), self.shape(self.bands));
                let stream = reader.take(reader.remaining(), "a tile's samples")?;
                let restored =
                    predictive::decode(stream, &valid, &shape, &grid.bounds, earlier, &mut numbers)?;
                let area = self.area();
                for (i, (sample, number)) in out.iter_mut().zip(numbers).enumerate() {
                    *sample = T::from_integer(number.saturating_mul(grid.spacing[i / area]));
                }
                restored
            }
        };
        if classifier.has_nodata() {
            for sample in out {
                *sample = classifier.keep_valid(*sample, sample.to_f64());
            }
        }
        Ok(restored)
    }

    /// Encodes valid samples as classes, where they are integers of few values.
    pub(super) fn encode_classes<T: Sample>(&self, samples: &[T]) -> Option<Vec<u8>> {
        if matches!(T::TYPE, DataType::Float32 | DataType::Float64) {
            return None;
        }
        let numbers: Vec<i32> = samples.iter().map(|v| v.to_f64() as i32).collect();
        let valid = self.valid();
        let mut seen = [0; MAX_DISTINCT];
        let mut count = 0;
        for number in numbers.iter().zip(&valid).filter(|(_, valid)| **valid).map(|(number, _)| *number) {
            // Neighbouring samples are mostly equal, so the search begins with the value seen last.
            if let Some(at) = seen[..count].iter().rposition(|other| *other == number) {
                seen.swap(at, count - 1);
                continue;
            }
            *seen.get_mut(count)? = number;
            count += 1;
        }
        classes::encode(&numbers, Some(&valid), self.shape(self.bands))
    }

    /// Decodes what [`IntegerTile::encode_classes`] gave; masked samples are left alone.
    pub(super) fn decode_classes<T: Sample>(&self, bytes: &[u8], out: &mut [T]) -> Result<()> {
        if matches!(T::TYPE, DataType::Float32 | DataType::Float64) {
            return Err(Error::Corrupt("a tile of floats holds classes; write the chunk again".to_owned()));
        }
        let valid = self.valid();
        let numbers = classes::decode(bytes, Some(&valid), self.shape(self.bands))?;
        for ((sample, number), _) in out.iter_mut().zip(numbers).zip(valid).filter(|(_, valid)| *valid) {
            *sample = T::from_integer(number);
        }
        Ok(())
    }

    /// The lattice of integers, and the bounds on it.
    fn grid(&self, form: Form) -> Grid {
        let whole = (0..self.bands).map(|band| self.whole(band, form));
        match self.bounds.stable {
            // Multiples of 2ε + 1 lie on the same lattice whenever they are written again, and then do not change.
            true => Grid {
                spacing: whole.map(|e| e.saturating_mul(2).saturating_add(1).min(1 << 30) as i32).collect(),
                bounds: vec![0; self.bands],
            },
            false => Grid { spacing: vec![1; self.bands], bounds: whole.collect() },
        }
    }

    /// The lattice of one band, and the bound in steps of it.
    fn lattice<F: Float>(&self, samples: &[F], valid: &[bool], bound: f64) -> (Lattice, u32) {
        let bounded = match self.bounds.stable && bound > 0.0 {
            // This lattice depends on the bound alone, so samples that lie on it do not change when they are written again.
            true => Some((Lattice::Packed { scale: bound * STABLE, offset: 0.0, single: false }, 0)),
            false => Lattice::bounded(samples, valid, bound, &[]),
        };
        bounded.unwrap_or_else(|| (Lattice::exact(samples, valid, &[]), 0))
    }

    /// Encodes floats: the lattices and bounds, the low bits that are cut off, and the numbers on the lattices. Where samples lie on
    /// no lattice, either all their bits are predicted or the low ones are cut off, whichever is shorter.
    fn encode_floats<F: Float>(
        &self,
        samples: &[F],
        form: Form,
        earlier: Option<&Restored>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let plain = self.floats(samples, form, Noise::Kept)?;
        let mut bytes = plain.encode(self, earlier)?;
        if plain.lattices.iter().any(|(lattice, _)| *lattice == Lattice::Ordered) {
            let cut = self.floats(samples, form, Noise::Cut)?.encode(self, earlier)?;
            if cut.len() < bytes.len() {
                bytes = cut;
            }
        }
        out.extend(bytes);
        Ok(())
    }

    fn floats<F: Float>(&self, samples: &[F], form: Form, noise: Noise) -> Result<Floats> {
        let valid = self.valid();
        let mut floats = Floats::default();
        let bands = samples.chunks(self.area()).zip(valid.chunks(self.area()));
        for ((samples, valid), bound) in bands.zip(&self.bounds.each) {
            let bound = if form == Form::Promised { *bound } else { 0.0 };
            let (lattice, steps) = self.lattice(samples, valid, bound);
            // Where numbers on the lattice do not keep the bound, bit patterns do.
            let (mut lattice, steps, mut band) = match lattice.numbers(samples, valid, bound) {
                Some(band) => (lattice, steps, band),
                None => {
                    (Lattice::Ordered, 0, Lattice::Ordered.numbers(samples, valid, 0.0).unwrap_or_default())
                }
            };
            if noise == Noise::Cut
                && lattice == Lattice::Ordered
                && let Some(cutting) = Lattice::cutting(samples, valid)
            {
                let mut bits = floats.bits.clone();
                if let Some(numbers) = cutting.cut(samples, valid, &mut bits) {
                    (lattice, band, floats.bits) = (cutting, numbers, bits);
                }
            }
            for _ in 0..lattice.planes::<F>() {
                floats.valid.extend_from_slice(valid);
                floats.bounds.push(steps);
            }
            floats.lattices.push((lattice, steps));
            floats.numbers.extend(band);
        }
        Ok(floats)
    }

    fn decode_floats<F: Float>(
        &self,
        reader: &mut Reader<'_>,
        form: Form,
        earlier: Option<&Restored>,
        out: &mut [F],
    ) -> Result<Restored> {
        if form == Form::Tighter {
            return Err(Error::Corrupt(
                "a tile of floats keeps bounds of integers; write the chunk again".to_owned(),
            ));
        }
        let valid = self.valid();
        let mut lattices = Vec::with_capacity(self.bands);
        let (mut flags, mut bounds) = (Vec::new(), Vec::new());
        for (valid, bound) in valid.chunks(self.area()).zip(&self.bounds.each) {
            let lattice = Lattice::read(reader)?;
            let steps = reader.varint(u64::from(predictive::MAX_BOUND), "a bound on a lattice")? as u32;
            let exact = form == Form::Lossless || *bound == 0.0 || matches!(lattice, Lattice::Cut { .. });
            if exact && steps > 0 {
                return Err(Error::Corrupt(
                    "numbers have a bound where samples come back bit for bit; write the chunk again"
                        .to_owned(),
                ));
            }
            for _ in 0..lattice.planes::<F>() {
                flags.extend_from_slice(valid);
                bounds.push(steps);
            }
            lattices.push(lattice);
        }
        let cuts = lattices.iter().any(|lattice| matches!(lattice, Lattice::Cut { .. }));
        let length = if cuts { reader.varint(u64::from(u32::MAX), "the length of low bits")? } else { 0 };
        let mut bits = BitReader::new(reader.take(length as usize, "low bits")?);
        let mut numbers = vec![0; flags.len()];
        let stream = reader.take(reader.remaining(), "a tile's samples")?;
        let shape = self.shape(bounds.len());
        let restored = predictive::decode(stream, &flags, &shape, &bounds, earlier, &mut numbers)?;
        let mut rest = &numbers[..];
        let bands = out.chunks_mut(self.area()).zip(valid.chunks(self.area()));
        for ((out, valid), lattice) in bands.zip(lattices) {
            let (these, others) = rest.split_at(self.area() * lattice.planes::<F>());
            match lattice {
                Lattice::Cut { .. } => lattice.join(these, valid, &mut bits, out)?,
                _ => lattice.restore(these, valid, out),
            }
            if out.iter().zip(valid).any(|(sample, valid)| *valid && !sample.wide().is_finite()) {
                return Err(Error::Corrupt("a valid sample is not finite; write the chunk again".to_owned()));
            }
            rest = others;
        }
        bits.finish()?;
        Ok(restored)
    }
}

/// How samples that lie on no lattice are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Noise {
    /// All their bits are predicted.
    Kept,
    /// Their low bits are cut off and stored as they are.
    Cut,
}

/// Floats as integers.
#[derive(Default)]
struct Floats {
    /// The lattice of each band, with the bound in steps of it.
    lattices: Vec<(Lattice, u32)>,
    bits: Bits,
    numbers: Vec<i32>,
    valid: Vec<bool>,
    bounds: Vec<u32>,
}

impl Floats {
    fn encode(&self, samples: &IntegerTile<'_>, earlier: Option<&Restored>) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for (lattice, steps) in &self.lattices {
            lattice.write(&mut out);
            put_varint(&mut out, u64::from(*steps));
        }
        if self.lattices.iter().any(|(lattice, _)| matches!(lattice, Lattice::Cut { .. })) {
            let bits = self.bits.clone().into_bytes();
            put_varint(&mut out, bits.len() as u64);
            out.extend(bits);
        }
        let shape = samples.shape(self.bounds.len());
        out.extend(predictive::encode(&self.numbers, &self.valid, &shape, &self.bounds, earlier)?);
        Ok(out)
    }
}

/// Lattices of integers, a spacing for each band: a sample is a number on the lattice times the spacing.
struct Grid {
    spacing: Vec<i32>,
    bounds: Vec<u32>,
}

/// The number on a lattice nearest to a value.
fn nearest(value: i64, spacing: i32) -> i32 {
    let spacing = i64::from(spacing);
    (value + spacing / 2).div_euclid(spacing) as i32
}

/// A tile is tried as classes where it holds at most this number of distinct values.
const MAX_DISTINCT: usize = 64;

/// The spacing of a lattice of floats as a multiple of its bound: 2, less an allowance for rounding when samples are restored.
const STABLE: f64 = 2.0 * (1.0 - 1.0 / 1024.0);
