//! Coordinate arrays of a Zarr group: written for plain exports, read where an array says nothing of its place or dates.

use crate::error::{Context, Result};
use crate::metadata::document::Metadata;
use crate::store::files;
use crate::store::reader::open_array;
use crate::store::writer::ArrayWriter;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use vqz_codec::sample::DataType;
use vqz_raster::georeference::{CoordinateArray, CoordinateData};
use zarrs::array::{Array, ArrayMetadata, ArraySubset, Element, ElementOwned};
use zarrs::filesystem::FilesystemStore;

/// The longest text that is read, in code points.
const LONGEST: u64 = 4096;

/// Writes a coordinate array into a folder of its own name below a group's folder: metadata first, then its one chunk.
///
/// # Errors
/// Whatever zarrs and the file system say.
pub fn write(group: &Path, array: &CoordinateArray) -> Result<()> {
    let folder = group.join(&array.name);
    let metadata = metadata(array)?;
    match &array.data {
        CoordinateData::Float(values) => write_numbers(&folder, &metadata, values),
        CoordinateData::Integer(values) => write_numbers(&folder, &metadata, values),
        CoordinateData::Text(texts) => {
            files::write_atomically(&folder.join("zarr.json"), &metadata.to_bytes()?)?;
            files::write_atomically(&folder.join("c").join("0"), &texts_as_bytes(texts)?)
        }
    }
    .with_context(|| format!("writing the coordinates {}", folder.display()))
}

fn metadata(array: &CoordinateArray) -> Result<Metadata> {
    let (count, data_type, fill) = match &array.data {
        CoordinateData::Float(values) => (values.len(), "float64", json!("NaN")),
        CoordinateData::Integer(values) => (values.len(), "int64", json!(0)),
        CoordinateData::Text(texts) => (texts.len(), "string", json!("")),
    };
    let shape = vec![count as u64; array.dimensions.len()];
    // The shape of a chunk has no 0.
    let chunk: Vec<u64> = shape.iter().map(|n| (*n).max(1)).collect();
    let mut metadata = Metadata::new_array(&shape, DataType::Float64, fill);
    metadata.json_mut().insert("data_type".to_owned(), json!(data_type));
    metadata.set_chunk_shape(&chunk);
    metadata.set_codecs(match &array.data {
        CoordinateData::Text(_) => json!([{"name": "vlen-utf8"}]),
        _ => json!([
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "zstd", "configuration": {"level": 1, "checksum": false}},
        ]),
    });
    metadata.set_dimension_names(json!(array.dimensions));
    for (name, value) in &array.attributes {
        metadata.set_attribute(name, value.clone());
    }
    Ok(metadata)
}

fn write_numbers<T: Element>(folder: &Path, metadata: &Metadata, values: &[T]) -> Result<()> {
    let writer = ArrayWriter::create(folder, metadata, None)?;
    let array = open_array(folder, None)?;
    let bytes = T::to_array_bytes(array.data_type(), values)?.into_fixed()?.into_owned();
    writer.write(&vec![0; metadata.shape()?.len()], bytes)
}

/// Texts as the codec `vlen-utf8` has them: their number, then each with its length, all of 32 bits.
fn texts_as_bytes(texts: &[String]) -> Result<Vec<u8>> {
    let mut bytes = u32::try_from(texts.len())?.to_le_bytes().to_vec();
    for text in texts {
        bytes.extend(u32::try_from(text.len())?.to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    Ok(bytes)
}

/// The attributes of a member of a group; `None` where there is no such array.
pub fn attributes(group: &Path, name: &str) -> Option<Map<String, Value>> {
    Some(Metadata::read(&group.join(name)).ok().filter(Metadata::is_array)?.attributes())
}

/// The numbers of a one-dimensional member of a group with so many values; `None` where there is no such array of numbers.
///
/// # Errors
/// When its chunks can't be read.
pub fn numbers(group: &Path, name: &str, count: u64) -> Result<Option<Vec<f64>>> {
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

/// The texts of a one-dimensional member of a group with so many values; `None` where there is no such array of texts.
///
/// # Errors
/// When its chunks can't be read.
pub fn texts(group: &Path, name: &str, count: u64) -> Result<Option<Vec<String>>> {
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

/// Texts as NumPy has them, which is how xarray writes most: each as so many code points of 32 bits, zeros at its end. zarrs
/// does not know the type; as code points one after the other it does.
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
    if metadata.shape()? != [count] || length == 0 || length > LONGEST {
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
    if !metadata.is_array() || metadata.shape()? != [count] {
        return Ok(None);
    }
    let data_type = metadata.data_type_name();
    // Types of other extensions are none of coordinates that are known here.
    Ok(open_array(&folder, None).ok().map(|array| (array, data_type)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coordinate(name: &str, data: CoordinateData) -> CoordinateArray {
        let attributes = json!({"axis": "T", "of": name});
        CoordinateArray {
            name: name.to_owned(),
            dimensions: vec![name.to_owned()],
            data,
            attributes: attributes.as_object().cloned().unwrap(),
        }
    }

    #[test]
    fn coordinates_go_there_and_back() {
        let group = std::env::temp_dir().join(format!("vqz-coordinates-{}", std::process::id()));
        let names = vec!["B02".to_owned(), "Größe".to_owned()];
        let floats = vec![0.5, f64::NAN, -1e300];
        write(&group, &coordinate("band", CoordinateData::Text(names.clone()))).unwrap();
        write(&group, &coordinate("time", CoordinateData::Integer(vec![0, -86_400, i64::MAX]))).unwrap();
        write(&group, &coordinate("x", CoordinateData::Float(floats.clone()))).unwrap();
        write(&group, &coordinate("empty", CoordinateData::Float(Vec::new()))).unwrap();
        let scalar = CoordinateArray {
            dimensions: Vec::new(),
            ..coordinate("spatial_ref", CoordinateData::Integer(vec![7]))
        };
        write(&group, &scalar).unwrap();
        assert_eq!(texts(&group, "band", 2).unwrap(), Some(names));
        assert_eq!(numbers(&group, "time", 3).unwrap(), Some(vec![0.0, -86_400.0, i64::MAX as f64]));
        let read = numbers(&group, "x", 3).unwrap().unwrap();
        assert!(read.iter().zip(&floats).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert_eq!(numbers(&group, "empty", 0).unwrap(), Some(Vec::new()));
        assert_eq!(attributes(&group, "time").unwrap()["of"], "time");
        let array = open_array(&group.join("spatial_ref"), None).unwrap();
        let value: Vec<i64> = array.retrieve_array_subset(&ArraySubset::new_with_shape(vec![])).unwrap();
        assert_eq!(value, [7]);
        // As zarr-python writes texts of NumPy's: in two chunks, the second of which sticks out.
        let padded = group.join("padded");
        let metadata = json!({
            "zarr_format": 3, "node_type": "array", "shape": [3],
            "data_type": {"name": "fixed_length_utf32", "configuration": {"length_bytes": 12}},
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": "", "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        });
        files::write_atomically(&padded.join("zarr.json"), metadata.to_string().as_bytes()).unwrap();
        let points = |texts: [&str; 2]| -> Vec<u8> {
            let all = texts.iter().flat_map(|text| text.chars().map(u32::from).chain([0; 3]).take(3));
            all.flat_map(u32::to_le_bytes).collect()
        };
        files::write_atomically(&padded.join("c/0"), &points(["B02", "é"])).unwrap();
        files::write_atomically(&padded.join("c/1"), &points(["B8A", ""])).unwrap();
        let expected = ["B02", "é", "B8A"].map(str::to_owned).to_vec();
        assert_eq!(texts(&group, "padded", 3).unwrap(), Some(expected));
        assert_eq!(texts(&group, "padded", 4).unwrap(), None);
        // Of another length, of another type, not there.
        assert_eq!(numbers(&group, "time", 2).unwrap(), None);
        assert_eq!(numbers(&group, "band", 2).unwrap(), None);
        assert_eq!((texts(&group, "none", 2).unwrap(), attributes(&group, "none")), (None, None));
        std::fs::remove_dir_all(&group).unwrap();
    }
}
