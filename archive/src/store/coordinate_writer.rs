//! Writes coordinate arrays into a Zarr group, as xarray reads them.

use crate::error::{Context, Result};
use crate::metadata::document::Metadata;
use crate::store::files;
use crate::store::opened::open_array;
use crate::store::writer::ArrayWriter;
use serde_json::json;
use std::path::Path;
use vqz_codec::sample::DataType;
use vqz_raster::georeference::{CoordinateArray, CoordinateData};
use zarrs::array::{CodecError, Element};

/// Writes a coordinate array into a folder of its own name below a group's folder: metadata first, then its one chunk.
///
/// # Errors
/// When zarrs or the file system fails.
pub(crate) fn write(group: &Path, array: &CoordinateArray) -> Result<()> {
    let folder = group.join(&array.name);
    let metadata = metadata(array)?;
    match &array.data {
        CoordinateData::Float(values) => write_numbers(&folder, &metadata, values),
        CoordinateData::Single(values) => write_numbers(&folder, &metadata, values),
        CoordinateData::Integer(values) => write_numbers(&folder, &metadata, values),
        CoordinateData::Text(texts) => {
            files::write_atomically(&folder.join("zarr.json"), &metadata.to_bytes()?)?;
            let chunk = array.shape.iter().fold(folder.join("c"), |path, _| path.join("0"));
            files::write_atomically(&chunk, &texts_as_bytes(texts)?)
        }
    }
    .with_context(|| format!("writing the coordinates {}", folder.display()))
}

fn metadata(array: &CoordinateArray) -> Result<Metadata> {
    let (data_type, fill) = match &array.data {
        CoordinateData::Float(_) => ("float64", json!("NaN")),
        CoordinateData::Single(_) => ("float32", json!("NaN")),
        CoordinateData::Integer(_) => ("int64", json!(0)),
        CoordinateData::Text(_) => ("string", json!("")),
    };
    // The extents of a chunk must not be 0.
    let chunk: Vec<u64> = array.shape.iter().map(|n| (*n).max(1)).collect();
    let mut metadata = Metadata::new_array(&array.shape, DataType::Float64, fill);
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
    let bytes =
        T::to_array_bytes(array.data_type(), values)?.into_fixed().map_err(CodecError::from)?.into_owned();
    writer.write(&vec![0; metadata.shape()?.len()], bytes).map(drop)
}

/// Encodes texts for the codec `vlen-utf8`: the number of texts, then for each its length and its bytes. Numbers have
/// 32 bits.
fn texts_as_bytes(texts: &[String]) -> Result<Vec<u8>> {
    let mut bytes = u32::try_from(texts.len())?.to_le_bytes().to_vec();
    for text in texts {
        bytes.extend(u32::try_from(text.len())?.to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::coordinates::{self, attributes, numbers, texts};

    fn coordinate(name: &str, data: CoordinateData) -> CoordinateArray {
        let attributes = json!({"axis": "T", "of": name});
        CoordinateArray::along(name, data, attributes.as_object().cloned().unwrap())
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
            shape: Vec::new(),
            ..coordinate("spatial_ref", CoordinateData::Integer(vec![7]))
        };
        write(&group, &scalar).unwrap();
        assert_eq!(texts(&group, "band", 2).unwrap(), Some(names));
        assert_eq!(numbers(&group, "time", 3).unwrap(), Some(vec![0.0, -86_400.0, i64::MAX as f64]));
        let read = numbers(&group, "x", 3).unwrap().unwrap();
        assert!(read.iter().zip(&floats).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert_eq!(numbers(&group, "empty", 0).unwrap(), Some(Vec::new()));
        assert_eq!(attributes(&group, "time").unwrap()["of"], "time");
        assert_eq!(coordinates::read(&group, "spatial_ref").unwrap().unwrap(), scalar);
        let field = CoordinateArray {
            dimensions: vec!["y".to_owned(), "x".to_owned()],
            shape: vec![2, 3],
            ..coordinate("lat", CoordinateData::Single(vec![0.1, 0.2, 0.3, 0.4, 0.5, f32::MAX]))
        };
        write(&group, &field).unwrap();
        assert_eq!(coordinates::read(&group, "lat").unwrap().unwrap(), field);
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
