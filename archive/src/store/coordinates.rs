//! Coordinates of a Zarr group: the numbers and texts in the coordinate arrays beside an array.

use crate::error::{Context, Result, bail};
use crate::metadata::document::Metadata;
use crate::raster::region::volume;
use crate::store::opened::open_as;
use serde_json::{Map, Value, json};
use std::path::Path;
use vqz_raster::conventions::{json as tokens, nodata};
use vqz_raster::georeference::{CoordinateArray, CoordinateData};
use zarrs::array::{Array, ArraySubset, ElementOwned};
use zarrs::filesystem::FilesystemStore;

/// The longest text that is read, in code points.
const LONGEST: u64 = 4096;

/// The most values that are read of one array.
const MOST: u64 = 1 << 27;

/// NumPy's units of dates, with the units that CF has for them.
const UNITS: [(&str, &str); 8] = [
    ("W", "weeks"),
    ("D", "days"),
    ("h", "hours"),
    ("m", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
];

/// The attributes of a member of a group; `None` where there is no such array.
pub(crate) fn attributes(group: &Path, name: &str) -> Option<Map<String, Value>> {
    Some(Metadata::read(&group.join(name)).ok().filter(Metadata::is_array)?.attributes())
}

/// The numbers of a one-dimensional member of a group with `count` values, unpacked; `None` where there is no such array of
/// numbers. A missing value is NaN.
///
/// # Errors
/// When its chunks can't be read.
pub(crate) fn numbers(group: &Path, name: &str, count: u64) -> Result<Option<Vec<f64>>> {
    let Some(array) = read_if(group, name, |shape| shape == [count])? else { return Ok(None) };
    let missing = missing_values(&array.attributes);
    let factor = |key: &str, plain| array.attributes.get(key).and_then(tokens::number).unwrap_or(plain);
    let (scale, offset) = (factor("scale_factor", 1.0), factor("add_offset", 0.0));
    let unpacked = |value: f64| if missing.contains(&value) { f64::NAN } else { value * scale + offset };
    Ok(array.data.numbers().map(|values| values.into_iter().map(unpacked).collect()))
}

/// The values that the attributes of a coordinate declare as missing.
pub(crate) fn missing_values(attributes: &Map<String, Value>) -> Vec<f64> {
    let data_type = vqz_codec::sample::DataType::Float64;
    let declared = nodata::declared(attributes, data_type).values;
    declared.iter().filter_map(|value| value.to_f64(data_type).ok()?).collect()
}

/// The texts of a one-dimensional member of a group with `count` values; `None` where there is no such array of texts.
///
/// # Errors
/// When its chunks can't be read.
pub(crate) fn texts(group: &Path, name: &str, count: u64) -> Result<Option<Vec<String>>> {
    Ok(match read_if(group, name, |shape| shape == [count])? {
        Some(CoordinateArray { data: CoordinateData::Text(texts), .. }) => Some(texts),
        _ => None,
    })
}

/// A member of a group of any number of dimensions, with values as they are stored; `None` where there is no such array, and
/// where its values are of a type that is not known here. A dimension without a name has none.
///
/// # Errors
/// When its chunks can't be read, or there are too many.
pub(crate) fn read(group: &Path, name: &str) -> Result<Option<CoordinateArray>> {
    read_if(group, name, |_| true)
}

/// The same where the shape is one that is wanted; otherwise nothing is read.
fn read_if(group: &Path, name: &str, wanted: impl FnOnce(&[u64]) -> bool) -> Result<Option<CoordinateArray>> {
    let folder = group.join(name);
    if !folder.join("zarr.json").is_file() {
        return Ok(None);
    }
    let metadata = Metadata::read(&folder)?;
    if !metadata.is_array() {
        return Ok(None);
    }
    let shape = metadata.shape()?;
    if !wanted(&shape) {
        return Ok(None);
    }
    refuse_large(&folder, &metadata, &shape)?;
    let mut attributes = metadata.attributes();
    let data = values(&folder, &metadata, &mut attributes)
        .with_context(|| format!("reading the coordinates {}", folder.display()))?;
    let names = metadata.json().get("dimension_names").and_then(Value::as_array);
    let name_of = |d: usize| names.and_then(|names| names.get(d)?.as_str()).unwrap_or_default().to_owned();
    let dimensions = (0..shape.len()).map(name_of).collect();
    Ok(data.map(|data| CoordinateArray { name: name.to_owned(), dimensions, shape, data, attributes }))
}

/// Refuses arrays that would take more memory than coordinates have any use for, before any of it is taken.
fn refuse_large(folder: &Path, metadata: &Metadata, shape: &[u64]) -> Result<()> {
    // Where nothing is stored, each text is the fill value.
    let length = match metadata.json().get("fill_value") {
        Some(Value::String(fill)) if metadata.data_type_name() == "string" => fill.len() as u64,
        _ => 1,
    };
    let extents =
        [("values", shape.to_vec()), ("values in a chunk", metadata.chunk_shape().unwrap_or_default())];
    for (what, extents) in extents {
        let count = volume(&extents);
        if count.saturating_mul(length.max(1)) > MOST {
            bail!(
                Unsupported,
                "the coordinates {} have {count} {what}; up to {MOST} are read, fewer of long texts",
                folder.display()
            );
        }
    }
    Ok(())
}

/// The values of an array; `None` where their type is not known here.
fn values(
    folder: &Path,
    metadata: &Metadata,
    attributes: &mut Map<String, Value>,
) -> Result<Option<CoordinateData>> {
    let data_type = metadata.data_type_name();
    if data_type == "fixed_length_utf32" {
        return Ok(padded_texts(folder, metadata)?.map(CoordinateData::Text));
    }
    if data_type == "numpy.datetime64" {
        return dates(folder, metadata, attributes);
    }
    // Coordinates with other extension data types, or codecs, are not known here.
    let Ok(array) = open_as(folder, metadata) else { return Ok(None) };
    let integers = |values: Vec<i64>| CoordinateData::Integer(values);
    Ok(Some(match data_type.as_str() {
        "float64" => CoordinateData::Float(all(&array)?),
        "float32" => CoordinateData::Single(all(&array)?),
        "int64" => integers(all(&array)?),
        "uint64" => {
            let values: Vec<u64> = all(&array)?;
            match values.iter().map(|value| i64::try_from(*value)).collect::<Result<Vec<i64>, _>>() {
                Ok(values) => integers(values),
                Err(_) => CoordinateData::Float(values.into_iter().map(|value| value as f64).collect()),
            }
        }
        "int32" => integers(widened::<i32>(&array)?),
        "uint32" => integers(widened::<u32>(&array)?),
        "int16" => integers(widened::<i16>(&array)?),
        "uint16" => integers(widened::<u16>(&array)?),
        "int8" => integers(widened::<i8>(&array)?),
        "uint8" => integers(widened::<u8>(&array)?),
        "bool" => integers(all::<bool>(&array)?.into_iter().map(i64::from).collect()),
        "string" => CoordinateData::Text(all(&array)?),
        _ => return Ok(None),
    }))
}

fn all<T: ElementOwned>(array: &Array<FilesystemStore>) -> Result<Vec<T>> {
    Ok(array.retrieve_array_subset(&ArraySubset::new_with_shape(array.shape().to_vec()))?)
}

fn widened<T: ElementOwned + Into<i64>>(array: &Array<FilesystemStore>) -> Result<Vec<i64>> {
    Ok(all::<T>(array)?.into_iter().map(Into::into).collect())
}

/// Reads NumPy's dates: whole numbers of a unit since 1970, which is added to the attributes.
fn dates(
    folder: &Path,
    metadata: &Metadata,
    attributes: &mut Map<String, Value>,
) -> Result<Option<CoordinateData>> {
    let configuration = |key: &str| metadata.json().get("data_type")?.get("configuration")?.get(key).cloned();
    let unit = configuration("unit");
    let name = unit.as_ref().and_then(Value::as_str).unwrap_or_default();
    let factor = configuration("scale_factor").and_then(|factor| factor.as_i64()).unwrap_or(1);
    let Some((_, unit)) = UNITS.iter().find(|(short, _)| *short == name) else { return Ok(None) };
    let mut whole = metadata.clone();
    whole.json_mut().insert("data_type".to_owned(), json!("int64"));
    if metadata.json().get("fill_value").is_none_or(|fill| !fill.is_i64()) {
        whole.json_mut().insert("fill_value".to_owned(), json!(i64::MIN));
    }
    let Ok(array) = open_as(folder, &whole) else { return Ok(None) };
    attributes.insert(
        "units".to_owned(),
        json!(format!("{factor} {unit} since 1970-01-01").trim_start_matches("1 ")),
    );
    attributes.insert("calendar".to_owned(), json!("proleptic_gregorian"));
    Ok(Some(CoordinateData::Integer(all(&array)?)))
}

/// Reads texts of NumPy's fixed-length type, in which xarray writes most texts: each is a fixed number of code points
/// of 32 bits, padded with zeros. zarrs does not know this type, so the array is opened as one of code points.
fn padded_texts(folder: &Path, metadata: &Metadata) -> Result<Option<Vec<String>>> {
    let bytes =
        metadata.json().get("data_type").and_then(|t| t.pointer("/configuration/length_bytes")?.as_u64());
    let (Some(length), [count], [chunk]) =
        (bytes.map(|bytes| bytes / 4), &metadata.shape()?[..], &metadata.chunk_shape()?[..])
    else {
        return Ok(None);
    };
    if length == 0 || length > LONGEST {
        return Ok(None);
    }
    let (all_points, chunk_points) = (count.saturating_mul(length), chunk.saturating_mul(length));
    if all_points.max(chunk_points) > MOST {
        bail!(
            Unsupported,
            "they have {count} texts of up to {length} characters, in chunks of {chunk}; up to {MOST} characters are read"
        );
    }
    let mut points = metadata.clone();
    points.json_mut().insert("shape".to_owned(), json!([all_points]));
    points.json_mut().insert("data_type".to_owned(), json!("uint32"));
    points.json_mut().insert("fill_value".to_owned(), json!(0));
    points.json_mut().remove("dimension_names");
    points.set_chunk_shape(&[chunk_points]);
    let points: Vec<u32> = all(&open_as(folder, &points)?)?;
    let text = |points: &[u32]| -> String {
        points.iter().take_while(|point| **point != 0).filter_map(|point| char::from_u32(*point)).collect()
    };
    Ok(Some(points.chunks_exact(length as usize).map(text).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vqz_codec::sample::DataType;

    #[test]
    fn nothing_is_read_of_what_is_too_large_or_not_wanted() {
        let group = std::env::temp_dir().join(format!("vqz-coordinates-large-{}", std::process::id()));
        let array = |shape: u64, chunk: u64, data_type: Value, fill: Value| {
            let mut metadata = Metadata::new_array(&[shape], DataType::Float64, fill);
            metadata.set_chunk_shape(&[chunk]);
            metadata.json_mut().insert("data_type".to_owned(), data_type);
            std::fs::create_dir_all(group.join("band")).unwrap();
            std::fs::write(group.join("band/zarr.json"), metadata.to_bytes().unwrap()).unwrap();
        };
        let error = || read(&group, "band").unwrap_err().to_string();
        let padded = json!({"name": "fixed_length_utf32", "configuration": {"length_bytes": 16384}});
        array(1 << 26, 1, padded.clone(), json!(""));
        let message = read(&group, "band").unwrap_err().one_line();
        assert!(message.contains("67108864 texts of up to 4096 characters"), "{message}");
        // Another number is wanted, so that nothing is looked at.
        assert_eq!(texts(&group, "band", 3).unwrap(), None);
        array(2, 1 << 26, padded, json!(""));
        let message = read(&group, "band").unwrap_err().one_line();
        assert!(message.contains("in chunks of 67108864; up to"), "{message}");
        array(3, u64::MAX, json!("float64"), json!(0.0));
        assert!(
            error().contains("have 18446744073709551615 values in a chunk; up to 134217728"),
            "{}",
            error()
        );
        array(1 << 60, 1, json!("float64"), json!(0.0));
        assert_eq!(numbers(&group, "band", 3).unwrap(), None);
        assert!(error().contains("values; up to 134217728 are read, fewer"), "{}", error());
        array(1 << 20, 1, json!("string"), json!("x".repeat(1000)));
        assert!(error().contains("have 1048576 values; up to 134217728"), "{}", error());
        std::fs::remove_dir_all(&group).unwrap();
    }
}
