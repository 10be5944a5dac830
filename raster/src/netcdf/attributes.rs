//! Attributes of a variable.

use super::content::Content;
use super::handle::{Handle, c_text, failed};
use crate::Result;
use crate::conventions::json;
use crate::sample::{DataType, ValueRange as _};
use serde_json::Value;

/// Attributes whose values CF holds against samples, and that therefore have the type of the samples.
const OF_SAMPLES: [&str; 4] = ["missing_value", "valid_min", "valid_max", "valid_range"];

/// The whole numbers up to which every one is a float64.
const EXACT: i64 = 1 << 53;

/// The variable that an attribute is written to.
pub(super) struct Owner<'a> {
    pub(super) handle: &'a Handle<gdal_sys::GDALMDArrayHS>,
    pub(super) name: &'a str,
    pub(super) content: Content,
}

/// Writes an attribute.
pub(super) fn write(variable: &Owner<'_>, name: &str, value: &Value) -> Result<()> {
    let (list, shape): (&[Value], Vec<u64>) = match value {
        Value::String(text) if json::token(value).is_none() => return write_text(variable, name, text),
        Value::Array(list) if !list.is_empty() => (list, vec![list.len() as u64]),
        one => (std::slice::from_ref(one), Vec::new()),
    };
    let Some(numbers) = list.iter().map(json::number).collect::<Option<Vec<f64>>>() else {
        return write_text(variable, name, &json::text_of(value));
    };
    let whole: Option<Vec<i64>> = list.iter().map(Value::as_i64).collect();
    let is_list = value.is_array();
    // A valid range in floats is one of unpacked samples, by its type.
    let of_unpacked = name.starts_with("valid_") && list.iter().any(Value::is_f64);
    match (variable.content, whole) {
        (Content::Samples(kind), whole)
            if numbers.iter().all(|number| kind.is_float() || (kind.holds(*number) && !of_unpacked))
                && (OF_SAMPLES.contains(&name) || (is_list && whole.is_some())) =>
        {
            write_doubles(variable, name, Content::Samples(kind), &numbers, &shape)
        }
        (Content::Integers, Some(whole)) if OF_SAMPLES.contains(&name) => {
            write_integers(variable, name, &whole, &shape)
        }
        (_, Some(whole)) if whole.iter().any(|number| number.unsigned_abs() > EXACT.unsigned_abs()) => {
            write_integers(variable, name, &whole, &shape)
        }
        // A whole number that has no type is a text of its digits: a float would be another number.
        (_, None) if list.iter().any(is_beyond) => write_text(variable, name, &json::text_of(value)),
        _ => write_doubles(variable, name, Content::Samples(DataType::Float64), &numbers, &shape),
    }
}

/// Whether a value is a whole number, or a decimal, that is no float64.
fn is_beyond(value: &Value) -> bool {
    match json::token(value) {
        Some(token) => !matches!(token, "NaN" | "Infinity" | "-Infinity"),
        None => value.as_u64().is_some_and(|number| number > EXACT.unsigned_abs()),
    }
}

/// An attribute of a type, scalar or a list.
fn create(
    variable: &Owner<'_>,
    name: &str,
    content: Content,
    shape: &[u64],
) -> Result<Handle<gdal_sys::GDALAttributeHS>> {
    let text = c_text(name)?;
    let kind = content.handle()?;
    // SAFETY: the length of the shape is passed with it; the text and the type live through the call.
    let made = unsafe {
        gdal_sys::GDALMDArrayCreateAttribute(
            variable.handle.pointer(),
            text.as_ptr(),
            shape.len(),
            shape.as_ptr(),
            kind.pointer(),
            std::ptr::null_mut(),
        )
    };
    Handle::new(made, gdal_sys::GDALAttributeRelease, || format!("attribute {name} of {}", variable.name))
}

fn check(done: i32, variable: &Owner<'_>, name: &str) -> Result<()> {
    if done == 0 { Err(failed(&format!("attribute {name} of {}", variable.name))) } else { Ok(()) }
}

fn write_text(variable: &Owner<'_>, name: &str, text: &str) -> Result<()> {
    let attribute = create(variable, name, Content::Texts, &[])?;
    let text = c_text(text)?;
    // SAFETY: the text lives through the call, and is copied.
    let done = unsafe { gdal_sys::GDALAttributeWriteString(attribute.pointer(), text.as_ptr()) };
    check(done, variable, name)
}

/// Writes numbers in a type that holds them; GDAL converts.
fn write_doubles(
    variable: &Owner<'_>,
    name: &str,
    content: Content,
    values: &[f64],
    shape: &[u64],
) -> Result<()> {
    let attribute = create(variable, name, content, shape)?;
    // SAFETY: the number of values is passed with them.
    let done = unsafe {
        gdal_sys::GDALAttributeWriteDoubleArray(attribute.pointer(), values.as_ptr(), values.len())
    };
    check(done, variable, name)
}

fn write_integers(variable: &Owner<'_>, name: &str, values: &[i64], shape: &[u64]) -> Result<()> {
    let attribute = create(variable, name, Content::Integers, shape)?;
    // SAFETY: the values are of the attribute's type, and their length in bytes is passed with them.
    let done = unsafe {
        gdal_sys::GDALAttributeWriteRaw(attribute.pointer(), values.as_ptr().cast(), size_of_val(values))
    };
    check(done, variable, name)
}
