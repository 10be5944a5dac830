//! Decoding: from an archive back to plain arrays, which any Zarr reader can open.

use crate::encode::remarks;
use crate::encoded::copies;
use crate::encoded::losses::remark_on_losses;
use crate::error::{Result, bail};
use crate::geotiff;
use crate::metadata::plain::PlainCodec;
use crate::open::is_geotiff;
use crate::options::options;
use crate::progress::{Progress, Remark};
use crate::raster::opening::OpenOptions;
use crate::raster::plain::plain_metadata;
use crate::raster::source::Raster;
use crate::store::reader::ZarrRaster;
use crate::store::tree;
use crate::write::existing::{Existing, OutputKind};
use crate::write::hierarchy::{Content, HierarchyWriter, Node, Output};
use crate::write::paths;
use crate::write::settings::Settings;
use crate::write::transfer::Order;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use vqz_codec::engine::EngineKind;

options! {
    /// How [`decode`] decodes an archive.
    pub struct DecodeOptions {
        /// The compression of the plain chunks.
        pub codec: PlainCodec = PlainCodec::Zstd,
        /// The side of an output chunk along y and x, in pixels. The default is the side of the archive's chunks.
        pub chunk_size: Option<u64> = None,
        /// What to do when the output already exists.
        pub existing: Existing = Existing::Refuse,
        /// The engine that runs the model.
        pub engine: Option<EngineKind> = None,
    }
}

/// The summary of a decode.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct DecodeSummary {
    /// The output.
    pub output: String,
    /// Arrays that were decoded.
    pub arrays: usize,
    /// Bytes of their samples, uncompressed.
    pub raw_bytes: u64,
    /// Bytes of their chunks in the archive.
    pub archive_bytes: u64,
    /// Wall time.
    pub seconds: f64,
    /// Speed: 10⁶ bytes of raw samples per second of wall time.
    pub mb_s: f64,
    /// Chunks kept from an earlier run.
    pub chunks_kept: u64,
}

/// Decodes an archive into a plain Zarr array or group. With the feature `gdal`, an output whose name ends in `.tif`
/// becomes a GeoTIFF. Lost chunks are written as fill value, and a remark reports them.
///
/// # Errors
/// [`Unsupported`](crate::ErrorKind::Unsupported) when there is no archive, [`Exists`](crate::ErrorKind::Exists) when
/// the output already exists, [`MissingModel`](crate::ErrorKind::MissingModel) and
/// [`Corrupt`](crate::ErrorKind::Corrupt) when the archive can't be decoded.
pub fn decode(
    archive: impl AsRef<Path>,
    output: impl AsRef<Path>,
    options: &DecodeOptions,
    progress: &dyn Progress,
) -> Result<DecodeSummary> {
    let (archive, output) = (archive.as_ref(), output.as_ref());
    let kind = if is_geotiff(output) { OutputKind::File } else { OutputKind::Folder };
    paths::check_output(archive, output, kind, options.existing)?;
    let opening = OpenOptions { engine: options.engine, ..OpenOptions::default() };
    if kind == OutputKind::File {
        // The attributes of the array alone do not say all about its georeference, and beside it may stand its mask.
        #[cfg(feature = "gdal")]
        let raster = crate::export::for_geotiff(archive, &opening, progress)?;
        #[cfg(not(feature = "gdal"))]
        let raster = crate::open::open(archive, &opening)?;
        remark_on_losses(archive, options.engine, progress)?;
        let begun = Instant::now();
        geotiff::write(output, raster.as_ref(), options.codec, options.existing, progress)?;
        let (seconds, bytes) = (begun.elapsed().as_secs_f64(), raster.info().raw_bytes());
        return Ok(DecodeSummary::new(output, &[raster.as_ref()], bytes, seconds, 0));
    }
    paths::refuse_other_format(output)?;
    let nodes = plan(archive, output, options, &opening, progress)?;
    remark_on_losses(archive, options.engine, progress)?;
    let mut settings = Settings::new("decode", archive);
    settings.set("codec", format!("{:?}", options.codec));
    let destination = Output {
        target: output,
        existing: options.existing,
        inputs: vec![archive.to_path_buf()],
        settings,
        engine: options.engine,
        order: Order::default(),
        what: "decoding",
        progress,
    };
    let written = HierarchyWriter::write_all(&nodes, destination)?;
    let rasters: Vec<&dyn Raster> = nodes
        .iter()
        .filter_map(|node| match &node.content {
            Content::Array(raster, _) => Some(raster.as_ref()),
            _ => None,
        })
        .collect();
    Ok(DecodeSummary::new(output, &rasters, written.bytes, written.seconds, written.kept))
}

fn plan(
    archive: &Path,
    output: &Path,
    options: &DecodeOptions,
    opening: &OpenOptions,
    progress: &dyn Progress,
) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    let mut decoded = 0;
    let members = tree::walk(archive)?;
    remarks::left_out(&members, progress)?;
    for node in members {
        // A member of a group may be a link that leads to the output.
        paths::refuse_overlap(&node.folder, output)?;
        if !node.metadata.is_array() {
            nodes.push(Node::group(node.path, &node.metadata));
        } else if node.metadata.encoded()?.is_some() {
            let raster = ZarrRaster::open(&node, opening)?;
            let metadata = plain_metadata(raster.info(), options.codec, options.chunk_size);
            nodes.push(Node { path: node.path, content: Content::Array(Arc::new(raster), metadata) });
            decoded += 1;
        } else if node.path.is_empty() {
            bail!(
                Unsupported,
                Encode,
                "{} is no vqz archive: its codecs are {}",
                archive.display(),
                node.metadata.codec_names().join(", ")
            );
        } else {
            if let Some(why) = copies::unread(&node) {
                progress.remark(&Remark::CopyUnread { array: node.path.clone(), why });
            }
            nodes.push(Node { path: node.path, content: Content::Copy(node.folder) });
        }
    }
    if decoded == 0 {
        bail!(Unsupported, Encode, "group {} holds no vqz archive", archive.display());
    }
    Ok(nodes)
}

impl DecodeSummary {
    fn new(output: &Path, rasters: &[&dyn Raster], written: u64, seconds: f64, kept: u64) -> Self {
        Self {
            output: output.display().to_string(),
            arrays: rasters.len(),
            raw_bytes: rasters.iter().map(|raster| raster.info().raw_bytes()).sum(),
            archive_bytes: rasters.iter().map(|raster| raster.info().stored.1).sum(),
            seconds,
            mb_s: written as f64 / 1e6 / seconds.max(1e-9),
            chunks_kept: kept,
        }
    }
}
