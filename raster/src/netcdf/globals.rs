//! Global attributes of a file.

use super::content::Content;
use super::handle::{Handle, c_text, failed};
use crate::Result;
use crate::conventions::json;
use crate::sample::DataType;
use serde_json::Value;
use std::ptr;

/// Writes a global attribute: whole numbers as such of 64 bits, other numbers as doubles, everything else as text.
pub(super) fn write(root: &Handle<gdal_sys::GDALGroupHS>, name: &str, value: &Value) -> Result<()> {
    let list = match value {
        Value::Array(list) if !list.is_empty() => &list[..],
        one => std::slice::from_ref(one),
    };
    let numbers: Option<Vec<f64>> = list.iter().map(json::number).collect();
    let numbers = numbers.filter(|_| !value.is_string() || json::token(value).is_some());
    let content = match numbers {
        // Doubles, by which they are written, hold such whole numbers exactly.
        Some(_) if list.iter().all(|value| value.as_i64().is_some_and(|whole| whole.abs() < 1 << 53)) => {
            Content::Integers
        }
        Some(_) => Content::Samples(DataType::Float64),
        None => Content::Texts,
    };
    let shape: Vec<u64> =
        if value.is_array() && numbers.is_some() { vec![list.len() as u64] } else { Vec::new() };
    let (name_text, kind) = (c_text(name)?, content.handle()?);
    // SAFETY: the length of the shape is passed with it; the text and the type live through the call.
    let made = unsafe {
        gdal_sys::GDALGroupCreateAttribute(
            root.pointer(),
            name_text.as_ptr(),
            shape.len(),
            shape.as_ptr(),
            kind.pointer(),
            ptr::null_mut(),
        )
    };
    let attribute = Handle::new(made, gdal_sys::GDALAttributeRelease, || format!("the attribute {name}"))?;
    let done = match (&numbers, value) {
        // SAFETY: the number of values is passed with them.
        (Some(numbers), _) => unsafe {
            gdal_sys::GDALAttributeWriteDoubleArray(attribute.pointer(), numbers.as_ptr(), numbers.len())
        },
        (None, value) => {
            let text = c_text(&value.as_str().map_or_else(|| json::text_of(value), str::to_owned))?;
            // SAFETY: the text lives through the call, and is copied.
            unsafe { gdal_sys::GDALAttributeWriteString(attribute.pointer(), text.as_ptr()) }
        }
    };
    if done == 0 { Err(failed(&format!("the attribute {name}"))) } else { Ok(()) }
}
