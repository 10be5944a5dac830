//! What `zarr.json` says of an array: extents, chunks, roles of dimensions, nodata, band names.
//!
//! The conventions are those of the CLI (`cli/src/raster/metadata.rs`, `tree.rs`), told again here in short: the CLI is a
//! binary, and a crate for both can wait until there is a third reader.

use crate::data::error::{DataError, Result};
use crate::data::source::SourceOptions;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use vqz_codec::axes::Axes;
use vqz_codec::config::{Configuration, NoData};
use vqz_codec::name::is_codec;
use vqz_codec::sample::DataType;

/// A shard of more samples than this is not read whole: its inner chunks are the chunks then.
const MAX_SHARD_SAMPLES: u64 = 1 << 26;

/// One array of a hierarchy.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its path below the root; the root's own folder where it is the root.
    pub(crate) name: String,
    /// Whether it is the root.
    pub(crate) root: bool,
    /// Its folder.
    pub(crate) folder: PathBuf,
    json: Map<String, Value>,
}

/// What is known of an array before any sample is read.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    pub(crate) shape: Vec<u64>,
    pub(crate) chunk: Vec<u64>,
    pub(crate) axes: Axes,
    pub(crate) data_type: DataType,
    pub(crate) nodata: Vec<NoData>,
    pub(crate) band_names: Option<Vec<String>>,
    /// What its attributes say of its place on Earth, as text to compare; `None` where they say nothing.
    pub(crate) georeference: Option<String>,
}

/// All arrays from a folder down, in the order of their paths.
///
/// # Errors
/// [`DataError::Open`] when the folder is no Zarr v3 node, saying what it looks like instead.
pub(crate) fn arrays(root: &Path) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    descend(root, String::new(), &mut nodes)?;
    Ok(nodes)
}

fn open_error(path: &Path, reason: impl Into<String>) -> DataError {
    DataError::Open { path: path.display().to_string(), reason: reason.into() }
}

fn descend(folder: &Path, path: String, nodes: &mut Vec<Node>) -> Result<()> {
    let json = read(folder)?;
    match json.get("node_type").and_then(Value::as_str) {
        Some("array") => {
            let root = path.is_empty();
            let name = if root { folder.display().to_string() } else { path };
            nodes.push(Node { name, root, folder: folder.to_path_buf(), json });
            return Ok(());
        }
        Some("group") => {}
        other => {
            return Err(open_error(
                folder,
                format!("node_type is {other:?}, allowed are \"array\" and \"group\"; restore zarr.json"),
            ));
        }
    }
    let list = || -> std::io::Result<Vec<std::ffi::OsString>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.path().join("zarr.json").is_file() {
                names.push(entry.file_name());
            }
        }
        names.sort();
        Ok(names)
    };
    for name in list().map_err(|e| open_error(folder, e.to_string()))? {
        let text = name.to_string_lossy();
        let below = if path.is_empty() { text.into_owned() } else { format!("{path}/{text}") };
        descend(&folder.join(&name), below, nodes)?;
    }
    Ok(())
}

fn read(folder: &Path) -> Result<Map<String, Value>> {
    let path = folder.join("zarr.json");
    if !path.is_file() {
        let found = if !folder.exists() {
            "it does not exist"
        } else if folder.is_file() {
            "it is a file"
        } else if [".zarray", ".zgroup", ".zmetadata"].iter().any(|name| folder.join(name).exists()) {
            "it is Zarr version 2"
        } else {
            "it is a folder without zarr.json"
        };
        return Err(open_error(
            folder,
            format!(
                "{found}; the trainer takes Zarr v3 arrays and groups, that is, folders with a zarr.json; `vqz fit \
                 --arch conv` takes GeoTIFFs as well, `zarr migrate v3` converts version 2"
            ),
        ));
    }
    let text = std::fs::read_to_string(&path).map_err(|e| open_error(&path, e.to_string()))?;
    let json: Map<String, Value> =
        serde_json::from_str(&text).map_err(|e| open_error(&path, format!("not valid JSON: {e}")))?;
    match json.get("zarr_format").and_then(Value::as_u64) {
        Some(3) => Ok(json),
        _ => Err(open_error(
            &path,
            format!(
                "zarr_format is {}, the trainer takes 3",
                json.get("zarr_format").unwrap_or(&Value::Null)
            ),
        )),
    }
}

impl Node {
    fn invalid(&self, reason: impl std::fmt::Display) -> DataError {
        DataError::Invalid(format!("array {}: {reason}", self.name))
    }

    fn extents(&self, value: Option<&Value>, what: &str) -> Result<Vec<u64>> {
        value.and_then(Value::as_array).and_then(|list| list.iter().map(Value::as_u64).collect()).ok_or_else(
            || self.invalid(format!("{what} in zarr.json is no list of extents; restore the metadata")),
        )
    }

    /// Whether the codec `vqz` encoded it: such an array is never passed over in silence.
    pub(crate) fn is_archive(&self) -> bool {
        !matches!(self.codec(), Ok(None))
    }

    /// The configuration of the codec `vqz`, where the array has it.
    fn codec(&self) -> Result<Option<Configuration>> {
        let outer = codecs(&self.json);
        let Some(codec) = outer.iter().chain(self.inner_codecs()).find(|codec| is_codec(codec_name(codec)))
        else {
            return Ok(None);
        };
        let configuration = codec.get("configuration").cloned().unwrap_or_default();
        serde_json::from_value(configuration)
            .map(Some)
            .map_err(|e| self.invalid(format!("the configuration of codec vqz: {e}")))
    }

    fn sharding(&self) -> Option<&Map<String, Value>> {
        named(codecs(&self.json), "sharding_indexed")?.get("configuration")?.as_object()
    }

    fn inner_codecs(&self) -> &[Value] {
        self.sharding().map(codecs).unwrap_or_default()
    }

    /// Reads it all.
    ///
    /// # Errors
    /// [`DataError::Invalid`] for an array that is no raster, or whose roles can't be told.
    pub(crate) fn describe(&self, options: &SourceOptions) -> Result<Description> {
        let type_name = match self.json.get("data_type") {
            Some(Value::String(name)) => name.clone(),
            other => other.unwrap_or(&Value::Null).to_string(),
        };
        let data_type = DataType::from_name(&type_name).map_err(|e| self.invalid(e))?;
        let shape = self.extents(self.json.get("shape"), "shape")?;
        let codec = self.codec()?;
        let axes = self.axes(shape.len(), codec.as_ref(), options)?;
        let nodata = match codec {
            _ if !options.nodata.is_empty() => options.nodata.clone(),
            Some(codec) => codec.nodata,
            None => self.declared_nodata(),
        };
        Ok(Description {
            chunk: self.chunk(&shape)?,
            shape,
            axes,
            data_type,
            nodata,
            band_names: self.band_names(),
            georeference: self.georeference(),
        })
    }

    fn axes(
        &self,
        dimensions: usize,
        codec: Option<&Configuration>,
        options: &SourceOptions,
    ) -> Result<Axes> {
        let axes = match (&options.axes, codec) {
            (Some(axes), _) => axes.clone(),
            (None, Some(codec)) => codec.axes.clone(),
            (None, None) => {
                let names: Option<Vec<String>> =
                    self.json.get("dimension_names").and_then(Value::as_array).and_then(|names| {
                        names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
                    });
                let names = names.ok_or_else(|| {
                    self.invalid(format!(
                        "its {dimensions} dimensions have no names, their roles are needed (y, x, and band, time or \
                         others); give them in order, such as --set data.axes=band,y,x"
                    ))
                })?;
                Axes::from_names(&names).map_err(|e| self.invalid(by_setting(&e)))?
            }
        };
        if axes.roles().len() != dimensions {
            return Err(self.invalid(format!(
                "it has {dimensions} dimensions, the axes are {}; give one role for each",
                axes.roles().len()
            )));
        }
        Ok(axes)
    }

    /// The unit in which it is read: its chunks; shards where they are not too large.
    fn chunk(&self, shape: &[u64]) -> Result<Vec<u64>> {
        let grid = self.json.get("chunk_grid");
        let name = grid.and_then(|g| g.get("name")).and_then(Value::as_str);
        if name != Some("regular") {
            return Err(self.invalid(format!(
                "its chunk grid is {name:?}, the trainer takes \"regular\"; rechunk it first"
            )));
        }
        let outer = self.extents(grid.and_then(|g| g.pointer("/configuration/chunk_shape")), "chunk_grid")?;
        let covered = outer.iter().zip(shape).fold(1u64, |n, (c, s)| n.saturating_mul(*c.min(s)));
        let chunk = match self.sharding() {
            Some(sharding) if covered > MAX_SHARD_SAMPLES => {
                self.extents(sharding.get("chunk_shape"), "sharding_indexed")?
            }
            _ => outer,
        };
        if chunk.len() != shape.len() || chunk.contains(&0) {
            return Err(self.invalid(format!(
                "it has shape {shape:?} and chunks of {chunk:?}; one positive extent for each dimension is needed"
            )));
        }
        Ok(chunk)
    }

    fn attribute(&self, name: &str) -> Option<&Value> {
        self.json.get("attributes")?.get(name)
    }

    fn band_names(&self) -> Option<Vec<String>> {
        ["band_names", "bands"].iter().find_map(|key| {
            let names = self.attribute(key)?.as_array()?;
            names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
        })
    }

    fn declared_nodata(&self) -> Vec<NoData> {
        let mut declared: Vec<NoData> = Vec::new();
        for key in ["_FillValue", "missing_value", "nodata"] {
            let values = match self.attribute(key) {
                Some(Value::Array(values)) => values.as_slice(),
                Some(value) => std::slice::from_ref(value),
                None => &[],
            };
            // Other texts, such as base64 of a fill value, are no plain number.
            declared.extend(values.iter().filter_map(|value| match value {
                Value::Number(n) => n.as_i64().map(NoData::Integer).or_else(|| n.as_f64().map(NoData::Float)),
                Value::String(name) if matches!(name.as_str(), "NaN" | "Infinity" | "-Infinity") => {
                    Some(NoData::Name(name.clone()))
                }
                _ => None,
            }));
        }
        declared
    }

    fn georeference(&self) -> Option<String> {
        let text = |key: &str| self.attribute(key).map(|value| format!("{key}={value};"));
        let place = ["spatial:transform", "GeoTransform", "spatial:bbox", "proj:bbox"]
            .iter()
            .find_map(|k| text(k))?;
        let system = ["proj:code", "proj:wkt2", "spatial_ref", "crs_wkt"].iter().find_map(|k| text(k));
        Some(place + &system.unwrap_or_default())
    }
}

/// An error of the axes, with the setting that states them.
pub(crate) fn by_setting(error: &vqz_codec::Error) -> String {
    match error {
        vqz_codec::Error::UnclearAxes { .. } => format!("{error}, such as --set data.axes=band,y,x"),
        _ => error.to_string(),
    }
}

fn codecs(json: &Map<String, Value>) -> &[Value] {
    json.get("codecs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn named<'a>(codecs: &'a [Value], name: &str) -> Option<&'a Value> {
    codecs.iter().find(|codec| codec_name(codec) == name)
}

fn codec_name(codec: &Value) -> &str {
    codec.as_str().or_else(|| codec.get("name")?.as_str()).unwrap_or_default()
}
