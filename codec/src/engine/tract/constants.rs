//! The constants of a graph, from ONNX's encoding to tract's.

use half::f16;
use tract_core::internal::{DatumType, Tensor, TractResult, bail, ensure};

use crate::model::onnx::pb::{TensorProto, data_type};

/// Converts a dense constant. The check of models has allowed its type already.
pub(super) fn constant(proto: &TensorProto) -> TractResult<Tensor> {
    let shape = proto.dims.iter().map(|&dim| usize::try_from(dim)).collect::<Result<Vec<_>, _>>()?;
    let raw = proto.raw_data.as_deref().unwrap_or_default();
    let small = &proto.int32_data;
    match proto.data_type.unwrap_or(0) {
        data_type::FLOAT => dense(&shape, raw, f32::from_le_bytes, || proto.float_data.clone()),
        data_type::INT64 => dense(&shape, raw, i64::from_le_bytes, || proto.int64_data.clone()),
        data_type::INT32 => dense(&shape, raw, i32::from_le_bytes, || small.clone()),
        data_type::FLOAT16 => dense(&shape, raw, f16::from_le_bytes, || {
            small.iter().map(|&bits| f16::from_bits(bits as u16)).collect()
        }),
        data_type::UINT8 => {
            dense(&shape, raw, u8::from_le_bytes, || small.iter().map(|&x| x as u8).collect())
        }
        data_type::INT8 => dense(&shape, raw, i8::from_le_bytes, || small.iter().map(|&x| x as i8).collect()),
        data_type::BOOL => dense(&shape, raw, |[x]| x != 0, || small.iter().map(|&x| x != 0).collect()),
        other => bail!("constants of the ONNX element type {other} are not supported"),
    }
}

/// Elements from `raw` bytes in little-endian order where there are any, else from a typed field.
fn dense<T: tract_core::internal::Datum + Copy, const N: usize>(
    shape: &[usize],
    raw: &[u8],
    element: impl Fn([u8; N]) -> T,
    typed: impl Fn() -> Vec<T>,
) -> TractResult<Tensor> {
    let data = match raw {
        [] => typed(),
        raw => raw.as_chunks().0.iter().map(|&bytes| element(bytes)).collect(),
    };
    let expected: usize = shape.iter().product();
    ensure!(data.len() == expected, "a constant of shape {shape:?} holds {} elements", data.len());
    Tensor::from_shape(shape, &data)
}

/// The tract type for an ONNX element type, as `Cast` names it.
pub(super) fn datum(code: i64) -> TractResult<DatumType> {
    Ok(match code {
        1 => DatumType::F32,
        2 => DatumType::U8,
        3 => DatumType::I8,
        4 => DatumType::U16,
        5 => DatumType::I16,
        6 => DatumType::I32,
        7 => DatumType::I64,
        9 => DatumType::Bool,
        10 => DatumType::F16,
        11 => DatumType::F64,
        12 => DatumType::U32,
        13 => DatumType::U64,
        other => bail!("the ONNX element type {other} is not supported"),
    })
}
