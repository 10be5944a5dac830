//! The check of constant tensors: their elements are in the file, in one field, and their number matches the shape.

use super::limits::{Limits, invalid, over};
use crate::error::Result;
use crate::model::onnx::pb;
use crate::model::onnx::pb::data_type;

/// Accepts a tensor and gives its number of elements.
pub(super) fn check(tensor: &pb::TensorProto, name: &str, limits: &Limits) -> Result<u64> {
    if tensor.data_location.unwrap_or(0) != 0 || !tensor.external_data.is_empty() {
        return Err(invalid(format!(
            "tensor `{name}` keeps its data in another file; store all data inside of the model \
             (save_as_external_data=False)"
        )));
    }
    if tensor.segment.is_some() {
        return Err(invalid(format!("tensor `{name}` is a segment of a larger one; export whole tensors")));
    }
    let found = tensor.data_type.unwrap_or(0);
    let Some(size) = element_size(found) else {
        return Err(invalid(format!(
            "tensor `{name}` has element type {found}; float32 (1), uint8 (2), int8 (3), int32 (6), int64 (7), bool (9) \
             and float16 (10) are allowed"
        )));
    };
    if tensor.dims.len() > limits.rank {
        return Err(over(&format!("tensor `{name}`"), tensor.dims.len(), "axes", limits.rank));
    }
    let mut elements = 1_u64;
    for &dim in &tensor.dims {
        let dim = u64::try_from(dim)
            .map_err(|_| invalid(format!("tensor `{name}` has a negative axis of {dim}")))?;
        elements = elements.saturating_mul(dim);
    }
    if elements > limits.weights {
        return Err(over(&format!("tensor `{name}`"), elements, "elements", limits.weights));
    }
    let fields = [
        (tensor.raw_data.as_ref().map_or(0, Vec::len) as u64, true),
        (tensor.float_data.len() as u64, found == data_type::FLOAT),
        (tensor.int64_data.len() as u64, found == data_type::INT64),
        (tensor.int32_data.len() as u64, found != data_type::FLOAT && found != data_type::INT64),
        ((tensor.double_data.len() + tensor.uint64_data.len() + tensor.string_data.len()) as u64, false),
    ];
    if fields.iter().filter(|(length, _)| *length > 0).count() > 1
        || fields.iter().any(|&(n, fits)| n > 0 && !fits)
    {
        return Err(invalid(format!(
            "tensor `{name}` holds data of two kinds, or of another type; export it again"
        )));
    }
    let raw = fields[0].0;
    let held = if raw > 0 { raw } else { fields[1..].iter().map(|(length, _)| length).sum() };
    let expected = if raw > 0 { elements.saturating_mul(size) } else { elements };
    if held != expected {
        let unit = if raw > 0 { "bytes" } else { "elements" };
        return Err(invalid(format!(
            "tensor `{name}` holds {held} {unit}, its shape {:?} takes {expected}; export the model again",
            tensor.dims
        )));
    }
    Ok(elements)
}

/// Adds up weights.
pub(super) fn add(weights: u64, more: u64, limits: &Limits) -> Result<u64> {
    let sum = weights.saturating_add(more);
    if sum > limits.weights {
        return Err(over("the graph", sum, "weights or more", limits.weights));
    }
    Ok(sum)
}

/// The elements of a short tensor of int64, int32 or float32 as numbers, for parameters such as shapes.
pub(super) fn numbers(tensor: &pb::TensorProto) -> Option<Vec<f64>> {
    const MAX_NUMBERS: usize = 64;
    let raw = tensor.raw_data.as_deref().unwrap_or_default();
    let numbers: Vec<f64> = match tensor.data_type? {
        data_type::INT64 if raw.is_empty() => {
            tensor.int64_data.iter().take(MAX_NUMBERS + 1).map(|&x| x as f64).collect()
        }
        data_type::INT64 => {
            raw.as_chunks().0.iter().take(MAX_NUMBERS + 1).map(|&b| i64::from_le_bytes(b) as f64).collect()
        }
        data_type::INT32 if raw.is_empty() => {
            tensor.int32_data.iter().take(MAX_NUMBERS + 1).map(|&x| x.into()).collect()
        }
        data_type::INT32 => {
            raw.as_chunks().0.iter().take(MAX_NUMBERS + 1).map(|&b| i32::from_le_bytes(b).into()).collect()
        }
        data_type::FLOAT if raw.is_empty() => {
            tensor.float_data.iter().take(MAX_NUMBERS + 1).map(|&x| x.into()).collect()
        }
        data_type::FLOAT => {
            raw.as_chunks().0.iter().take(MAX_NUMBERS + 1).map(|&b| f32::from_le_bytes(b).into()).collect()
        }
        _ => return None,
    };
    (numbers.len() <= MAX_NUMBERS).then_some(numbers)
}

fn element_size(code: i32) -> Option<u64> {
    match code {
        data_type::UINT8 | data_type::INT8 | data_type::BOOL => Some(1),
        data_type::FLOAT16 => Some(2),
        data_type::FLOAT | data_type::INT32 => Some(4),
        data_type::INT64 => Some(8),
        _ => None,
    }
}
