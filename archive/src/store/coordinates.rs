//! Coordinates of a Zarr group: the numbers and texts in the coordinate arrays beside an array.

use crate::error::{Context, Result};
use crate::metadata::document::Metadata;
use crate::store::reader::open_array;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use zarrs::array::{Array, ArrayMetadata, ArraySubset, ElementOwned};
use zarrs::filesystem::FilesystemStore;

/// The longest text that is read, in code points.
const LONGEST: u64 = 4096;

/// More values than this are no coordinates of a raster: a metadata document can declare any number, whatever is stored.
const MOST: u64 = 1 << 26;

/// The attributes of a member of a group; `None` where there is no such array.
pub(crate) fn attributes(group: &Path, name: &str) -> Option<Map<String, Value>> {
    Some(Metadata::read(&group.join(name)).ok().filter(Metadata::is_array)?.attributes())
}

/// The numbers of a one-dimensional member of a group with `count` values; `None` where there is no such array of numbers.
///
/// # Errors
/// When its chunks can't be read.
pub(crate) fn numbers(group: &Path, name: &str, count: u64) -> Result<Option<Vec<f64>>> {
    let Some((array, data_type)) = open(group, name, count)? else { return Ok(None) };
    fn read<T: ElementOwned + Copy>(
        array: &Array<FilesystemStore>,
        number: impl Fn(T) -> f64,
    ) -> Result<Vec<f64>> {
        let subset = ArraySubset::new_with_shape(array.shape().to_vec());
        let values: Vec<T> = array.retrieve_array_subset(&subset)?;
        Ok(values.into_iter().map(number).collect())
    }
    let values = match data_type.as_str() {
        "float64" => read(&array, |v: f64| v),
        "float32" => read(&array, |v: f32| f64::from(v)),
        "int64" => read(&array, |v: i64| v as f64),
        "uint64" => read(&array, |v: u64| v as f64),
        "int32" => read(&array, |v: i32| f64::from(v)),
        "uint32" => read(&array, |v: u32| f64::from(v)),
        "int16" => read(&array, |v: i16| f64::from(v)),
        "uint16" => read(&array, |v: u16| f64::from(v)),
        _ => return Ok(None),
    };
    values.map(Some).with_context(|| format!("reading the coordinates {}", group.join(name).display()))
}

/// The texts of a one-dimensional member of a group with `count` values; `None` where there is no such array of texts.
///
/// # Errors
/// When its chunks can't be read.
pub(crate) fn texts(group: &Path, name: &str, count: u64) -> Result<Option<Vec<String>>> {
    if let Some(texts) = padded_texts(group, name, count)? {
        return Ok(Some(texts));
    }
    let Some((array, data_type)) = open(group, name, count)? else { return Ok(None) };
    if data_type != "string" {
        return Ok(None);
    }
    let subset = ArraySubset::new_with_shape(array.shape().to_vec());
    let texts = array.retrieve_array_subset::<Vec<String>>(&subset);
    texts.map(Some).with_context(|| format!("reading the coordinates {}", group.join(name).display()))
}

/// Reads texts of NumPy's fixed-length type, in which xarray writes most texts: each is a fixed number of code points
/// of 32 bits, padded with zeros. zarrs does not know this type, so the array is opened as one of code points.
fn padded_texts(group: &Path, name: &str, count: u64) -> Result<Option<Vec<String>>> {
    let folder = group.join(name);
    let Some(metadata) = Metadata::read(&folder).ok().filter(Metadata::is_array) else { return Ok(None) };
    let length =
        metadata.json().get("data_type").and_then(|t| t.pointer("/configuration/length_bytes")?.as_u64());
    let (Some(length), "fixed_length_utf32") =
        (length.map(|bytes| bytes / 4), metadata.data_type_name().as_str())
    else {
        return Ok(None);
    };
    let chunk = metadata.chunk_shape()?;
    if metadata.shape()? != [count] || length == 0 || length > LONGEST || count > MOST {
        return Ok(None);
    }
    let mut points = metadata.clone();
    points.json_mut().insert("shape".to_owned(), json!([count * length]));
    points.json_mut().insert("data_type".to_owned(), json!("uint32"));
    points.json_mut().insert("fill_value".to_owned(), json!(0));
    points.json_mut().remove("attributes");
    points.set_chunk_shape(&[chunk[0].saturating_mul(length)]);
    let read = || -> Result<Vec<u32>> {
        let store = Arc::new(FilesystemStore::new(&folder)?);
        let points: ArrayMetadata = serde_json::from_value(points.json().clone().into())?;
        let array = Array::new_with_metadata(store, "/", points)?;
        Ok(array.retrieve_array_subset(&ArraySubset::new_with_shape(vec![count * length]))?)
    };
    let points = read().with_context(|| format!("reading the coordinates {}", folder.display()))?;
    let text = |points: &[u32]| -> String {
        points.iter().take_while(|point| **point != 0).filter_map(|point| char::from_u32(*point)).collect()
    };
    Ok(Some(points.chunks_exact(length as usize).map(text).collect()))
}

fn open(group: &Path, name: &str, count: u64) -> Result<Option<(Array<FilesystemStore>, String)>> {
    let folder = group.join(name);
    if !folder.join("zarr.json").is_file() {
        return Ok(None);
    }
    let metadata = Metadata::read(&folder)?;
    if !metadata.is_array() || metadata.shape()? != [count] || count > MOST {
        return Ok(None);
    }
    let data_type = metadata.data_type_name();
    // Coordinates with extension data types are not known here, so they are skipped.
    Ok(open_array(&folder, None).ok().map(|array| (array, data_type)))
}
