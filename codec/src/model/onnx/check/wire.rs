//! Counting the fields of an ONNX file before it is decoded: an empty message takes two bytes in the file and
//! hundreds in memory, so a small file could otherwise fill a large memory.

use super::limits::{invalid, over};
use crate::error::Result;

/// The most bytes of packed integers, which grow eightfold when decoded. Weights lie in raw data.
const MAX_PACKED: usize = 16 << 20;

/// The messages whose fields are counted.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    /// A message of scalars and strings.
    Leaf,
}

impl Kind {
    /// The kind of message that a field holds, by the field numbers of `onnx.proto`.
    fn field(self, tag: u64) -> Option<Self> {
        match (self, tag) {
            (Self::Model, 7) => Some(Self::Graph),
            (Self::Graph, 1) => Some(Self::Node),
            (Self::Graph, 5) | (Self::Attribute, 5) => Some(Self::Tensor),
            (Self::Graph, 11..=13) => Some(Self::ValueInfo),
            (Self::Node, 5) => Some(Self::Attribute),
            (Self::ValueInfo, 2) => Some(Self::Type),
            (Self::Type, 1) => Some(Self::TensorType),
            (Self::TensorType, 2) => Some(Self::Shape),
            (Self::Model, 8 | 14)
            | (Self::Graph, 16)
            | (Self::Node, 9)
            | (Self::Tensor, 13 | 16)
            | (Self::ValueInfo, 4)
            | (Self::Shape, 1) => Some(Self::Leaf),
            _ => None,
        }
    }
}

/// Refuses a file with more than `limit` fields, or one that is no protobuf message.
pub(super) fn scan(onnx: &[u8], limit: usize) -> Result<()> {
    let mut fields = 0_usize;
    let mut packed = 0_usize;
    let mut open = vec![(Kind::Model, onnx)];
    while let Some((kind, mut rest)) = open.pop() {
        while !rest.is_empty() {
            fields += 1;
            if fields > limit {
                return Err(over("the ONNX file", fields, "fields or more", limit));
            }
            let key = varint(&mut rest)?;
            let tag = key >> 3;
            match key & 7 {
                0 => drop(varint(&mut rest)?),
                1 => drop(take(&mut rest, 8)?),
                2 => {
                    let length = usize::try_from(varint(&mut rest)?).unwrap_or(usize::MAX);
                    let content = take(&mut rest, length)?;
                    if let Some(inner) = kind.field(tag) {
                        open.push((inner, content));
                    }
                    if matches!((kind, tag), (Kind::Tensor, 5 | 7 | 11)) {
                        packed += length;
                        if packed > MAX_PACKED {
                            return Err(over(
                                "the ONNX file",
                                packed,
                                "bytes of packed integers",
                                MAX_PACKED,
                            ));
                        }
                    }
                }
                5 => drop(take(&mut rest, 4)?),
                wire_type => {
                    return Err(invalid(format!(
                        "not an ONNX file: field {tag} has the wire type {wire_type}; fetch or export the model again"
                    )));
                }
            }
        }
    }
    Ok(())
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    rest.split_off(..length).ok_or_else(|| {
        invalid("not an ONNX file: it ends inside of a field; fetch or export the model again")
    })
}

fn varint(rest: &mut &[u8]) -> Result<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(invalid("not an ONNX file: a number is longer than 64 bits; fetch or export the model again"))
}
