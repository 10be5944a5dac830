//! Array metadata, `zarr.json`: reads it, and rewrites it for another chunk grid and other codecs.
//!
//! Kept as JSON, so that attributes, dimension names and fill values travel exactly, those that JSON has no number for included:
//! see [`vqz_raster::conventions::json`].

use crate::error::{Context, Result, bail, fail};
use serde_json::{Map, Value, json};
use std::path::Path;
use vqz_codec::config::NoData;
use vqz_codec::sample::DataType;
use vqz_raster::conventions::nodata::Declaration;
use vqz_raster::conventions::{bands, dimensions, json, nodata};

/// The metadata of an array or a group.
#[derive(Clone, Debug)]
pub struct Metadata {
    pub(super) json: Map<String, Value>,
    /// The folder, for messages.
    pub(super) label: String,
}

impl Metadata {
    /// Reads `zarr.json` in a folder.
    ///
    /// # Errors
    /// When the folder is not a Zarr v3 node. The message says what it looks like instead.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("zarr.json");
        if !path.is_file() {
            let found = if !folder.exists() {
                "does not exist"
            } else if folder.is_file() {
                "is a file"
            } else if [".zarray", ".zgroup", ".zmetadata"].iter().any(|name| folder.join(name).exists()) {
                "is Zarr version 2; convert it to version 3, such as with `zarr migrate v3`"
            } else {
                "is a folder without zarr.json"
            };
            bail!(
                NotFound,
                "{} {found}; vqz takes Zarr v3 arrays and groups, that is, folders with a zarr.json, and GeoTIFFs",
                folder.display()
            );
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&text, &path.display().to_string(), folder.display().to_string())
    }

    /// The metadata in the text of a `zarr.json`. `label` names the array or group in messages.
    ///
    /// # Errors
    /// When the text does not describe a Zarr v3 node.
    pub fn from_text(text: &str, label: &str) -> Result<Self> {
        Self::parse(text, label, label.to_owned())
    }

    /// Reads a text that stands in the file `place`.
    fn parse(text: &str, place: &str, label: String) -> Result<Self> {
        let not_json = || format!("{place} is not valid JSON");
        let mut json: Map<String, Value> = match json::read(text).with_context(not_json)? {
            Value::Object(json) => json,
            other => {
                bail!(Corrupt, "{}: {} stands there, an object is needed", not_json(), json::text_of(&other))
            }
        };
        // Zarr spells fill values that JSON has no number for.
        let spelt = json
            .get("fill_value")
            .and_then(json::token)
            .filter(|token| token.parse::<f64>().is_ok_and(|v| !v.is_finite()));
        if let Some(name) = spelt.map(str::to_owned) {
            json.insert("fill_value".to_owned(), Value::from(name));
        }
        let metadata = Self { json, label };
        match metadata.json.get("zarr_format") {
            Some(Value::Number(n)) if n.as_u64() == Some(3) => {}
            other => {
                bail!(Unsupported, "{place} has zarr_format {}, vqz takes 3", other.unwrap_or(&Value::Null))
            }
        }
        match metadata.json.get("node_type").and_then(Value::as_str) {
            Some("array" | "group") => Ok(metadata),
            other => {
                bail!(Unsupported, "{place} has node_type {other:?}, allowed are \"array\" and \"group\"")
            }
        }
    }

    /// What messages call the array or the group.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Metadata of a new group.
    #[cfg(feature = "gdal")]
    pub fn new_group(attributes: Map<String, Value>) -> Self {
        let json = json!({"zarr_format": 3, "node_type": "group", "attributes": attributes});
        let json = if let Value::Object(json) = json { json } else { Map::new() };
        Self { json, label: "new group".to_owned() }
    }

    /// Metadata of a new array.
    pub fn new_array(shape: &[u64], data_type: DataType, fill_value: Value) -> Self {
        let json = json!({
            "zarr_format": 3,
            "node_type": "array",
            "shape": shape,
            "data_type": data_type.name(),
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shape}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": fill_value,
            "codecs": [],
            "attributes": {},
        });
        let json = if let Value::Object(json) = json { json } else { Map::new() };
        Self { json, label: "new array".to_owned() }
    }

    /// Whether it describes an array.
    pub fn is_array(&self) -> bool {
        self.json.get("node_type").and_then(Value::as_str) == Some("array")
    }

    /// The whole document.
    pub fn json(&self) -> &Map<String, Value> {
        &self.json
    }

    /// The whole document, to change it.
    pub fn json_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.json
    }

    /// The text that is written to disk.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut text = json::to_text(&self.json)?;
        text.push('\n');
        Ok(text.into_bytes())
    }

    /// The array's extents.
    pub fn shape(&self) -> Result<Vec<u64>> {
        self.extents(self.json.get("shape")).with_context(|| format!("{}: shape in zarr.json", self.label))
    }

    /// The extents of its chunks; of its shards, where it is sharded.
    pub fn chunk_shape(&self) -> Result<Vec<u64>> {
        let grid = self.json.get("chunk_grid");
        let name = grid.and_then(|g| g.get("name")).and_then(Value::as_str);
        if name != Some("regular") {
            bail!(
                Unsupported,
                "{} has chunk grid {name:?}, vqz takes \"regular\"; rechunk it first",
                self.label
            );
        }
        let chunk = self
            .extents(grid.and_then(|g| g.pointer("/configuration/chunk_shape")))
            .with_context(|| format!("{}: chunk_grid in zarr.json", self.label))?;
        let shape = self.shape()?;
        if chunk.len() != shape.len() || chunk.contains(&0) {
            bail!(
                Corrupt,
                "{} has shape {shape:?} and chunks of {chunk:?}; one positive extent for each dimension is needed",
                self.label
            );
        }
        Ok(chunk)
    }

    pub(super) fn extents(&self, value: Option<&Value>) -> Result<Vec<u64>> {
        let list =
            value.and_then(Value::as_array).ok_or_else(|| fail!(Corrupt, "a list of extents is missing"))?;
        list.iter()
            .map(|n| {
                n.as_u64()
                    .ok_or_else(|| fail!(Corrupt, "found {n}, an extent must be a non-negative integer"))
            })
            .collect()
    }

    /// The name of its data type.
    pub fn data_type_name(&self) -> String {
        match self.json.get("data_type") {
            Some(Value::String(name)) => name.clone(),
            Some(Value::Object(object)) => {
                object.get("name").and_then(Value::as_str).unwrap_or("unnamed").to_owned()
            }
            other => other.unwrap_or(&Value::Null).to_string(),
        }
    }

    /// Its data type, when the codec takes it.
    pub fn data_type(&self) -> Result<DataType> {
        DataType::from_name(&self.data_type_name()).with_context(|| self.label.clone())
    }

    /// Its attributes.
    pub fn attributes(&self) -> Map<String, Value> {
        self.json.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Its attributes, to change them.
    pub fn set_attribute(&mut self, name: &str, value: Value) {
        let attributes = self.json.entry("attributes").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(attributes) = attributes {
            attributes.insert(name.to_owned(), value);
        }
    }

    /// Removes an attribute, if it is there.
    pub fn remove_attribute(&mut self, name: &str) {
        if let Some(Value::Object(attributes)) = self.json.get_mut("attributes") {
            attributes.remove(name);
        }
    }

    /// The names of its dimensions, when all have one.
    pub fn dimension_names(&self) -> Option<Vec<String>> {
        dimensions::dimension_names(&self.json)
    }

    /// The names of its bands, from the attributes that say so.
    pub fn band_names(&self) -> Option<Vec<String>> {
        bands::names(&self.attributes())
    }

    /// Values that its attributes declare as "no data".
    pub fn declared_nodata(&self) -> Vec<NoData> {
        self.nodata_declaration().values
    }

    /// What its attributes declare as "no data", with what can't be read of it. Nothing where its data type is not one of samples.
    pub fn nodata_declaration(&self) -> Declaration {
        self.data_type().map_or_else(
            |_| Declaration::default(),
            |data_type| nodata::declared(&self.attributes(), data_type),
        )
    }

    /// The names of its codecs, for messages; those within shards in brackets.
    pub fn codec_names(&self) -> Vec<String> {
        let name = |codec: &Value| match codec.get("configuration").and_then(Value::as_object).map(codecs) {
            Some(inner) if !inner.is_empty() => {
                let inner: Vec<&str> = inner.iter().map(codec_name).collect();
                format!("{} ({})", codec_name(codec), inner.join(", "))
            }
            _ => codec_name(codec).to_owned(),
        };
        codecs(&self.json).iter().map(name).collect()
    }

    /// The configuration of its shards, where it is sharded.
    pub fn sharding(&self) -> Option<&Map<String, Value>> {
        let sharding = codecs(&self.json).iter().find(|c| codec_name(c) == "sharding_indexed")?;
        sharding.get("configuration").and_then(Value::as_object)
    }

    /// Sets a regular chunk grid.
    pub fn set_chunk_shape(&mut self, chunk: &[u64]) {
        self.json.insert(
            "chunk_grid".to_owned(),
            json!({"name": "regular", "configuration": {"chunk_shape": chunk}}),
        );
    }

    /// Names the dimensions.
    pub fn set_dimension_names(&mut self, names: Value) {
        self.json.insert("dimension_names".to_owned(), names);
    }

    /// Sets the codecs.
    pub fn set_codecs(&mut self, codecs: Value) {
        self.json.insert("codecs".to_owned(), codecs);
        // Storage transformers apply to the old bytes only.
        self.json.remove("storage_transformers");
    }
}

pub(super) fn codecs(json: &Map<String, Value>) -> &[Value] {
    json.get("codecs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn codec_name(codec: &Value) -> &str {
    codec.as_str().or_else(|| codec.get("name").and_then(Value::as_str)).unwrap_or("unnamed")
}
