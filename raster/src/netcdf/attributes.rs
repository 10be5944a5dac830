//! Attributes of a variable.

use super::content::Content;
use super::handle::{Handle, c_text, failed};
use crate::Result;
use crate::sample::DataType;
use serde_json::Value;

/// The variable that an attribute is written to.
pub(super) struct Owner<'a> {
    pub(super) handle: &'a Handle<gdal_sys::GDALMDArrayHS>,
    pub(super) name: &'a str,
    pub(super) content: Content,
}

/// Writes an attribute.
pub(super) fn write(variable: &Owner<'_>, name: &str, value: &Value) -> Result<()> {
    match value {
        Value::String(text) => write_text(variable, name, text),
        Value::Number(number) => match number.as_f64() {
            Some(number) => write_doubles(variable, name, &[number], &[]),
            None => write_text(variable, name, &number.to_string()),
        },
        Value::Array(list) if !list.is_empty() => {
            let doubles: Option<Vec<f64>> = list.iter().map(Value::as_f64).collect();
            match (doubles, variable.content) {
                (Some(values), Content::Samples(kind)) if list.iter().all(Value::is_i64) => {
                    write_samples(variable, name, &values, kind)
                }
                (Some(values), _) => write_doubles(variable, name, &values, &[values.len() as u64]),
                (None, _) => write_text(variable, name, &value.to_string()),
            }
        }
        other => write_text(variable, name, &other.to_string()),
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

fn write_doubles(variable: &Owner<'_>, name: &str, values: &[f64], shape: &[u64]) -> Result<()> {
    let attribute = create(variable, name, Content::Samples(DataType::Float64), shape)?;
    // SAFETY: the number of values is passed with them.
    let done = unsafe {
        gdal_sys::GDALAttributeWriteDoubleArray(attribute.pointer(), values.as_ptr(), values.len())
    };
    check(done, variable, name)
}

/// CF wants flags to be of the type of the samples; GDAL converts.
fn write_samples(variable: &Owner<'_>, name: &str, values: &[f64], kind: DataType) -> Result<()> {
    let attribute = create(variable, name, Content::Samples(kind), &[values.len() as u64])?;
    // SAFETY: the number of values is passed with them.
    let done = unsafe {
        gdal_sys::GDALAttributeWriteDoubleArray(attribute.pointer(), values.as_ptr(), values.len())
    };
    check(done, variable, name)
}
