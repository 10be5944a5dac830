//! Which pixels of which grid the lists of an input hold. They are given by indices, by a mask, or by a factor from the list
//! before it.

use crate::error::{Error, Result};
use crate::georeference::{Georeference, read_georeference};
use crate::ingest::config::{InputConfig, PixelsConfig};
use crate::ingest::grid::Grid;
use crate::ingest::sources::open::open_dataset;
use crate::ingest::sources::place::complete;
use crate::npy::NpyArray;
use crate::pixels::{Domain, check_nesting};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which pixels of which grid lists keep.
#[derive(Clone, Debug)]
pub(crate) struct Pixels {
    pub(crate) domain: Arc<Domain>,
    pub(crate) grid: Grid,
    /// The files that they were read from.
    pub(crate) files: Vec<PathBuf>,
}

pub(crate) fn is_npy(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
}

/// Which pixels of which grid an input's lists keep.
pub(crate) fn pixels(
    input: &InputConfig,
    config: &PixelsConfig,
    folder: &Path,
    fine: Option<&Pixels>,
) -> Result<Pixels> {
    let own = own_pixels(config, folder, fine)?;
    let mut pixels = match (own, fine, config.factor) {
        (_, _, 0) => {
            return Err(Error::Invalid("factor under [input.pixels] is 0; 1 or more is allowed".to_owned()));
        }
        (Some(own), _, 1) => own,
        (None, _, 1) => {
            return Err(Error::Invalid(
                "[input.pixels] does not say which pixels; give `rows` and `columns` with `height` and `width`, or a `mask`, \
                 or a \
                 `factor` to a list before it"
                    .to_owned(),
            ));
        }
        (_, None, factor) => {
            return Err(Error::Invalid(format!(
                "factor under [input.pixels] is {factor}, and no list stands before it in the configuration; a factor refers \
                 to the last list that has none"
            )));
        }
        (Some(own), Some(fine), factor) => {
            check_nesting(&fine.domain, &own.domain, factor, config.coverage)
                .and_then(|nesting| nesting.require())
                .map_err(|e| Error::Mismatch(format!("{:?}: {e}", input.files)))?;
            own
        }
        (None, Some(fine), factor) => {
            let domain = fine.domain.coarsen(factor, config.coverage)?;
            let (height, width) = (domain.height(), domain.width());
            let grid = Grid { georeference: Georeference::default(), height, width };
            Pixels { domain: Arc::new(domain), grid, files: fine.files.clone() }
        }
    };
    let grid = &mut pixels.grid;
    complete(&mut grid.georeference, input, grid.height, grid.width)?;
    if let (Some(fine), true) = (fine, config.factor > 1)
        && grid.georeference.transform.is_none()
    {
        // The coarse grid has the origin of the fine one, and larger pixels.
        let [x0, dx, rx, y0, ry, dy] = fine.grid.transform();
        let by = config.factor as f64;
        let own = std::mem::take(&mut grid.georeference);
        grid.georeference = Georeference {
            wkt: own.wkt.or_else(|| fine.grid.georeference.wkt.clone()),
            code: own.code.or_else(|| fine.grid.georeference.code.clone()),
            transform: Some([x0, dx * by, rx * by, y0, ry * by, dy * by]),
            point: fine.grid.georeference.point,
            ..Georeference::default()
        };
    }
    Ok(pixels)
}

/// The pixels that an input states itself, by indices or a mask.
fn own_pixels(config: &PixelsConfig, folder: &Path, fine: Option<&Pixels>) -> Result<Option<Pixels>> {
    let extents = match (config.height, config.width) {
        (Some(height), Some(width)) => Some((height, width)),
        (None, None) => None,
        _ => {
            return Err(Error::Invalid("[input.pixels] has one of height and width; give both".to_owned()));
        }
    };
    match (&config.rows, &config.columns, &config.mask) {
        (None, None, None) => Ok(None),
        (None, None, Some(mask)) => {
            let file = folder.join(mask);
            let (grid, inside) = if is_npy(&file) { npy_mask(&file)? } else { raster_mask(&file)? };
            if let Some((height, width)) = extents.filter(|extents| *extents != (grid.height, grid.width)) {
                return Err(Error::Mismatch(format!(
                    "{} has {} × {} cells, [input.pixels] says {height} × {width}",
                    file.display(),
                    grid.height,
                    grid.width
                )));
            }
            let domain = Arc::new(Domain::from_mask(grid.height, grid.width, &inside)?);
            Ok(Some(Pixels { domain, grid, files: vec![file] }))
        }
        (Some(rows), Some(columns), None) => {
            let by = config.factor.max(1);
            let coarse =
                fine.filter(|_| by > 1).map(|fine| (fine.grid.height.div_ceil(by), fine.grid.width.div_ceil(by)));
            let (height, width) = extents.or(coarse).ok_or_else(|| {
                Error::Invalid(
                    "[input.pixels] has rows and columns; give height and width of their grid, too".to_owned(),
                )
            })?;
            let files = vec![folder.join(rows), folder.join(columns)];
            let domain = Domain::from_indices(height, width, &indices(&files[0])?, &indices(&files[1])?)
                .map_err(|e| {
                    Error::Mismatch(format!("{} and {}: {e}", files[0].display(), files[1].display()))
                })?;
            let grid = Grid { georeference: Georeference::default(), height, width };
            Ok(Some(Pixels { domain: Arc::new(domain), grid, files }))
        }
        _ => Err(Error::Invalid(
            "[input.pixels] states pixels by rows and columns, or by a mask; give both rows and columns, or a mask \
             alone".to_owned(),
        )),
    }
}

fn whole(array: &NpyArray) -> Vec<Range<usize>> {
    array.shape().iter().map(|extent| 0..*extent).collect()
}

/// Reads the indices in a NumPy file.
fn indices(file: &Path) -> Result<Vec<usize>> {
    let array = NpyArray::open(file)?;
    if array.shape().len() != 1 {
        return Err(Error::Mismatch(format!(
            "{} has shape {:?}; one index for each pixel is needed",
            file.display(),
            array.shape()
        )));
    }
    let values = array.read_f64(&whole(&array))?;
    values
        .into_iter()
        .enumerate()
        .map(|(at, value)| {
            let index = value.fract() == 0.0 && (0.0..=9e15).contains(&value);
            index.then_some(value as usize).ok_or_else(|| {
                Error::Mismatch(format!(
                    "{}: the index of pixel {at} is {value}; whole numbers from 0 are needed",
                    file.display()
                ))
            })
        })
        .collect()
}

fn npy_mask(file: &Path) -> Result<(Grid, Vec<bool>)> {
    let array = NpyArray::open(file)?;
    let ([height, width] | [height, width, 1]) = *array.shape() else {
        return Err(Error::Mismatch(format!(
            "{} has shape {:?}; a mask has (y, x)",
            file.display(),
            array.shape()
        )));
    };
    let inside = array.read_f64(&whole(&array))?.into_iter().map(|value| value != 0.0).collect();
    Ok((Grid { georeference: Georeference::default(), height, width }, inside))
}

fn raster_mask(file: &Path) -> Result<(Grid, Vec<bool>)> {
    let dataset = open_dataset(&file.to_string_lossy(), file)?;
    let (width, height) = dataset.raster_size();
    let band = dataset.rasterband(1)?;
    let nodata = band.no_data_value();
    let values = band.read_as::<f64>((0, 0), (width, height), (width, height), None).map_err(|e| {
        Error::Unreadable {
            path: file.display().to_string(),
            reason: format!("it can't be read ({e}); is it whole?"),
        }
    })?;
    let inside = values.data().iter().map(|v| *v != 0.0 && v.is_finite() && Some(*v) != nodata).collect();
    Ok((Grid { georeference: read_georeference(&dataset)?, height, width }, inside))
}
