//! The header of a `.npy` file: a magic word, a version, a length, and a Python dictionary of three keys.

use crate::sample::DataType;

/// The greatest number of bytes that are read to find a header.
pub(super) const MAX_BYTES: u64 = 65_536;

/// A type of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NpyType {
    /// `|b1`
    Bool,
    /// `|i1`
    Int8,
    /// `|u1`
    UInt8,
    /// `i2`
    Int16,
    /// `u2`
    UInt16,
    /// `i4`
    Int32,
    /// `u4`
    UInt32,
    /// `i8`
    Int64,
    /// `f4`
    Float32,
    /// `f8`
    Float64,
}

/// All of them, with NumPy's names for them.
const TYPES: [(&str, NpyType); 10] = [
    ("b1", NpyType::Bool),
    ("i1", NpyType::Int8),
    ("u1", NpyType::UInt8),
    ("i2", NpyType::Int16),
    ("u2", NpyType::UInt16),
    ("i4", NpyType::Int32),
    ("u4", NpyType::UInt32),
    ("i8", NpyType::Int64),
    ("f4", NpyType::Float32),
    ("f8", NpyType::Float64),
];

impl NpyType {
    /// NumPy's name for it, without the byte order.
    #[must_use]
    pub fn name(self) -> &'static str {
        TYPES.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// Bytes of a sample.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::Int8 | Self::UInt8 => 1,
            Self::Int16 | Self::UInt16 => 2,
            Self::Int32 | Self::UInt32 | Self::Float32 => 4,
            Self::Int64 | Self::Float64 => 8,
        }
    }

    pub(super) fn sample_type(self) -> DataType {
        match self {
            Self::Bool | Self::UInt8 => DataType::UInt8,
            Self::Int8 | Self::Int16 => DataType::Int16,
            Self::UInt16 => DataType::UInt16,
            Self::Int32 | Self::UInt32 | Self::Int64 => DataType::Int32,
            Self::Float32 => DataType::Float32,
            Self::Float64 => DataType::Float64,
        }
    }

    /// Native bytes as floats; the first whole number that a float does not hold exactly, where there is one.
    pub(super) fn to_f64(self, bytes: &[u8]) -> Result<Vec<f64>, i64> {
        fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f64) -> Vec<f64> {
            bytes.as_chunks::<N>().0.iter().map(|sample| value(*sample)).collect()
        }
        Ok(match self {
            Self::Bool | Self::UInt8 => bytes.iter().map(|value| f64::from(*value)).collect(),
            Self::Int8 => each(bytes, |b| f64::from(i8::from_ne_bytes(b))),
            Self::Int16 => each(bytes, |b| f64::from(i16::from_ne_bytes(b))),
            Self::UInt16 => each(bytes, |b| f64::from(u16::from_ne_bytes(b))),
            Self::Int32 => each(bytes, |b| f64::from(i32::from_ne_bytes(b))),
            Self::UInt32 => each(bytes, |b| f64::from(u32::from_ne_bytes(b))),
            Self::Float32 => each(bytes, |b| f64::from(f32::from_ne_bytes(b))),
            Self::Float64 => each(bytes, f64::from_ne_bytes),
            Self::Int64 => {
                let samples = bytes.as_chunks::<8>().0.iter().map(|b| i64::from_ne_bytes(*b));
                let exact =
                    |value: i64| if value.unsigned_abs() <= 1 << 53 { Ok(value as f64) } else { Err(value) };
                samples.map(exact).collect::<Result<_, _>>()?
            }
        })
    }
}

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) npy_type: NpyType,
    /// Whether samples are of the other byte order than this machine's.
    pub(super) swapped: bool,
    /// Whether the first axis is the fastest in the file.
    pub(super) fortran: bool,
    pub(super) shape: Vec<usize>,
    /// Where the samples begin.
    pub(super) offset: u64,
}

impl Header {
    /// Reads the header from the beginning of a file. Errors say what is wrong; the caller adds the path.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let Some(rest) = bytes.strip_prefix(b"\x93NUMPY") else {
            return Err(
                "this is no .npy file: its magic word is missing; unpack compressed ones first".to_owned()
            );
        };
        let truncated = || format!("the header of this .npy file is cut off after {} bytes", bytes.len());
        let (length, start) = match *rest {
            [1, 0, a, b, ..] => (usize::from(u16::from_le_bytes([a, b])), 10),
            [2, 0, a, b, c, d, ..] => (u32::from_le_bytes([a, b, c, d]) as usize, 12),
            [1 | 2, 0, ..] | [] | [_] => return Err(truncated()),
            [major, minor, ..] => {
                return Err(format!(
                    "this .npy file has version {major}.{minor}; 1.0 and 2.0 are known, and NumPy writes those for \
                     plain numbers"
                ));
            }
        };
        let end = start + length;
        if end as u64 > MAX_BYTES {
            return Err(format!(
                "the header of this .npy file has {length} bytes, far more than that of an array"
            ));
        }
        let text = bytes.get(start..end).ok_or_else(truncated)?;
        let text =
            std::str::from_utf8(text).map_err(|_| "the header of this .npy file is no text".to_owned())?;
        Self::from_dictionary(text, end as u64)
    }

    fn from_dictionary(text: &str, offset: u64) -> Result<Self, String> {
        let wrong = |what: &str| format!("the header of this .npy file is {:?}: {what}", text.trim());
        let inner = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let mut rest = inner.ok_or_else(|| wrong("it is no dictionary"))?.trim();
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        while !rest.is_empty() {
            let (key, after) = quoted(rest).ok_or_else(|| wrong("a quoted key was expected"))?;
            let value =
                after.trim_start().strip_prefix(':').ok_or_else(|| wrong("a key has no value"))?.trim_start();
            rest = match key {
                "descr" if descr.is_none() => {
                    let (value, after) = quoted(value).ok_or_else(|| {
                        wrong("its samples are records; store each field in an array of its own")
                    })?;
                    descr = Some(value);
                    after
                }
                "fortran_order" if fortran.is_none() => {
                    let known = [("True", true), ("False", false)];
                    let found = known.iter().find_map(|(word, is)| Some((*is, value.strip_prefix(word)?)));
                    let (is, after) =
                        found.ok_or_else(|| wrong("fortran_order is neither True nor False"))?;
                    fortran = Some(is);
                    after
                }
                "shape" if shape.is_none() => {
                    let (extents, after) =
                        tuple(value).ok_or_else(|| wrong("its shape is no tuple of extents"))?;
                    shape = Some(extents);
                    after
                }
                _ => return Err(wrong("its keys must be descr, fortran_order and shape, each once")),
            }
            .trim_start();
            rest = match rest.strip_prefix(',') {
                Some(after) => after.trim_start(),
                None if rest.is_empty() => rest,
                None => return Err(wrong("a comma was expected between its keys")),
            };
        }
        let (Some(descr), Some(fortran), Some(shape)) = (descr, fortran, shape) else {
            return Err(wrong("its keys must be descr, fortran_order and shape, each once"));
        };
        let unknown = || {
            format!(
                "samples of this .npy file are {descr:?}; known are b1, i1, u1, i2, u2, i4, u4, i8, f4 and f8 in \
                 either byte order: convert the array with astype first"
            )
        };
        let (order, name) = descr.split_at_checked(1).ok_or_else(unknown)?;
        let (_, npy_type) = TYPES.iter().find(|(known, _)| *known == name).ok_or_else(unknown)?;
        let swapped = match order {
            "<" => cfg!(target_endian = "big"),
            ">" => cfg!(target_endian = "little"),
            "|" if npy_type.size() == 1 => false,
            "=" => false,
            _ => return Err(unknown()),
        };
        Ok(Self { npy_type: *npy_type, swapped: swapped && npy_type.size() > 1, fortran, shape, offset })
    }

    /// Refuses a file of another length than the header says.
    pub(super) fn check_length(&self, found: u64) -> Result<(), String> {
        let bytes = self
            .shape
            .iter()
            .try_fold(self.npy_type.size() as u64, |n, extent| n.checked_mul(*extent as u64));
        let expected = bytes.and_then(|bytes| bytes.checked_add(self.offset));
        let expected = expected.filter(|expected| usize::try_from(*expected).is_ok()).ok_or_else(|| {
            format!("the shape {:?} of this .npy file is more than any file holds", self.shape)
        })?;
        if found < expected {
            return Err(format!(
                "this .npy file has {found} bytes, its header asks for {expected}; it is truncated"
            ));
        }
        if found > expected {
            return Err(format!(
                "this .npy file has {found} bytes, its header asks for {expected}; one array to a file is allowed"
            ));
        }
        Ok(())
    }
}

/// A string in either kind of quotes, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// A tuple of extents, and what follows it.
fn tuple(text: &str) -> Option<(Vec<usize>, &str)> {
    let (inner, after) = text.strip_prefix('(')?.split_once(')')?;
    let mut extents = Vec::new();
    let mut parts = inner.split(',').map(str::trim).peekable();
    while let Some(part) = parts.next() {
        // A comma may end the tuple, and must where it has one extent; () is empty.
        if part.is_empty() && parts.peek().is_none() {
            break;
        }
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        extents.push(part.parse().ok()?);
    }
    // NumPy allows 64 axes.
    (extents.len() <= 64).then_some((extents, after))
}
