//! The codes of an encoded array, for those who want latents rather than samples: the model's decoder does not run.

use crate::encoded::array::EncodedArray;
use crate::error::{Result, bail};
use crate::parallel::{for_each, workers};
use crate::raster::region::volume;
use crate::store::tree;
use serde::Serialize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use vqz_codec::axes::Role;

/// The codes of an encoded array.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ArrayCodes {
    /// The dimensions that are looped over, by their roles, in the array's order; then `plane`, `patch_y` and `patch_x`.
    pub dimensions: Vec<String>,
    /// The extents of these.
    pub shape: Vec<u64>,
    /// The row of the array at which each row of patches begins.
    pub rows: Vec<u64>,
    /// The column of the array at which each column of patches begins.
    pub columns: Vec<u64>,
    /// The side of a patch, in pixels.
    pub patch: usize,
    /// The model's name.
    pub model: String,
    /// Its hash.
    pub sha256: String,
    /// For scalar codes, the model's plane at each position: they stand in this order, strongest first.
    pub scan_order: Option<Vec<u32>>,
    /// The codes in C order; 0 where nothing is coded.
    #[serde(skip)]
    pub codes: Vec<i32>,
}

/// Reads the codes of the encoded array at a path.
///
/// # Errors
/// [`Unsupported`](crate::ErrorKind::Unsupported) for an array that has no model, or whose tiles are not pictures of one;
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) where the path is a group of several.
pub fn codes(path: impl AsRef<Path>) -> Result<ArrayCodes> {
    let path = path.as_ref();
    let mut nodes = tree::arrays(path)?;
    nodes.retain(|node| !node.derived && !matches!(node.metadata.encoded(), Ok(None)));
    let [node] = &nodes[..] else {
        let names: Vec<&str> = nodes.iter().map(|node| node.path.as_str()).collect();
        bail!(
            InvalidArgument,
            "{} holds {} encoded arrays ({}); name one of them",
            path.display(),
            names.len(),
            names.join(", ")
        );
    };
    let array = EncodedArray::open(node, None)?;
    let Some(model) = array.model.clone() else {
        bail!(Unsupported, "{} is coded without a model, so it has no codes of one", node.label());
    };
    let (manifest, grid) = (model.manifest(), array.grid());
    let patch = manifest.patch as u64;
    let roles = array.configuration().axes.roles();
    // Patches begin anew in each chunk.
    let along = |role: &Role| -> Vec<u64> {
        let Some(d) = roles.iter().position(|r| r == role) else { return Vec::new() };
        let (extent, chunk) = (grid.shape()[d], grid.chunk()[d]);
        let starts = (0..extent).step_by(chunk.max(1) as usize);
        starts.flat_map(|start| (start..(start + chunk).min(extent)).step_by(patch as usize)).collect()
    };
    let (rows, columns) = (along(&Role::Y), along(&Role::X));
    let looped: Vec<usize> =
        (0..roles.len()).filter(|d| !matches!(roles[*d], Role::Band | Role::Y | Role::X)).collect();
    let planes = manifest.planes as u64;
    let mut shape: Vec<u64> = looped.iter().map(|d| grid.shape()[*d]).collect();
    shape.extend([planes, rows.len() as u64, columns.len() as u64]);
    let mut dimensions: Vec<String> = looped.iter().map(|d| roles[*d].to_string()).collect();
    dimensions.extend(["plane", "patch_y", "patch_x"].map(str::to_owned));
    let total = volume(&shape);
    if total > isize::MAX as u64 / 4 {
        bail!(Unsupported, "the codes of {} do not fit in memory; read it in parts", node.label());
    }
    let out = Mutex::new(vec![0i32; total as usize]);
    let chunk_bytes = volume(grid.chunk()).saturating_mul(4);
    let numbers = grid.walkable(&node.label())?;
    for_each(numbers, workers(chunk_bytes), |number| {
        let indices = grid.indices(number);
        let Some(bytes) = array.bytes(&indices)? else { return Ok(()) };
        let tiles = array.codes(&indices, &bytes)?;
        let region = array.region(&indices);
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        for tile in tiles {
            // Where the image lies along the looped dimensions; those beyond the array's edge are left out.
            let mut rest = tile.image as u64;
            let mut offset = 0;
            let mut stride = 1;
            let mut inside = true;
            for (i, d) in looped.iter().enumerate().rev() {
                let chunk = grid.chunk()[*d];
                let at = region[*d].start + rest % chunk;
                rest /= chunk;
                inside &= at < grid.shape()[*d];
                offset += at * stride;
                stride *= shape[i];
            }
            if !inside {
                continue;
            }
            let first = |starts: &[u64], role: &Role, within: usize| {
                let start = roles.iter().position(|r| r == role).map_or(0, |d| region[d].start);
                starts.partition_point(|begin| *begin < start + within as u64)
            };
            let (row, column) =
                (first(&rows, &Role::Y, tile.rows.start), first(&columns, &Role::X, tile.columns.start));
            let [height, width] = tile.grid;
            for (at, code) in tile.codes.iter().enumerate() {
                let (position, plane) = (at / planes as usize, at % planes as usize);
                let (y, x) = (row + position / width.max(1), column + position % width.max(1));
                // A tile at the edge of a chunk may cover patches beyond the array.
                if y < rows.len() && x < columns.len() && position < height * width {
                    let plane_at = (offset as usize * planes as usize + plane) * rows.len() + y;
                    out[plane_at * columns.len() + x] = *code;
                }
            }
        }
        Ok(())
    })?;
    Ok(ArrayCodes {
        dimensions,
        shape,
        rows,
        columns,
        patch: manifest.patch,
        model: manifest.name.clone(),
        sha256: model.sha256().to_owned(),
        scan_order: model.scan_order().map(<[u32]>::to_vec),
        codes: out.into_inner().unwrap_or_else(PoisonError::into_inner),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{EncodeOptions, encode, open_model};
    use crate::progress::Silent;
    use crate::target::Target;
    use std::sync::Arc;

    /// Codes are the same however the array is cut into chunks that hold whole patches, and there are as many as patches.
    #[test]
    fn codes_lie_where_their_patches_lie() {
        let folder = std::env::temp_dir().join(format!("vqz-codes-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let model = open_model("../models/sentinel2-l2a.vqm").unwrap();
        let made = |chunk: u64, dates: u64| {
            let out = folder.join(format!("{chunk}-{dates}.zarr"));
            let options = EncodeOptions::with_model(Arc::clone(&model))
                .target(Target::Quality(60.0))
                .chunk_size(chunk)
                .dates(dates);
            encode("../sample/sentinel2-l2a.zarr", &out, &options, &Silent).unwrap();
            codes(&out).unwrap()
        };
        let whole = made(192, 1);
        assert_eq!(whole.dimensions, ["time", "plane", "patch_y", "patch_x"]);
        assert_eq!(whole.shape, [4, model.manifest().planes as u64, 12, 12]);
        assert_eq!(
            (whole.rows[1], whole.columns.len(), whole.codes.len() as u64),
            (16, 12, volume(&whole.shape))
        );
        // The strongest plane is coded everywhere at this quality, and planes differ.
        let plane = |codes: &ArrayCodes, date: usize, plane: usize| {
            let at = (date * codes.shape[1] as usize + plane) * 144;
            codes.codes[at..at + 144].to_vec()
        };
        assert!(
            plane(&whole, 2, 0).iter().any(|code| *code != 0) && plane(&whole, 2, 0) != plane(&whole, 2, 1)
        );
        // Without predictions from neighbours in other chunks, choices of codes differ a little at most.
        for other in [made(64, 1), made(192, 4)] {
            assert_eq!(other.shape, whole.shape);
            let near = other.codes.iter().zip(&whole.codes).filter(|(a, b)| (**a - **b).abs() <= 1).count();
            assert!(near as f64 > 0.999 * whole.codes.len() as f64, "{near} of {}", whole.codes.len());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
