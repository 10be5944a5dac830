//! Exports the pixels of a domain as a list: three NumPy files in a folder. This reverses what `ingest` does when it
//! places a list of pixels on a grid.

use crate::error::{Result, bail};
use crate::export::options::{ExportOptions, PixelDomain};
use crate::export::raster::ExportedRaster;
use crate::export::source::ExportSource;
use crate::export::summary::ExportSummary;
use crate::open::open;
use crate::progress::{Progress, Task};
use crate::raster::opening::OpenOptions;
use crate::raster::region::volume;
use crate::raster::samples::{Mask, to_f64};
use crate::raster::source::whole;
use crate::write::existing::{Existing, OutputKind};
use crate::write::paths;
use crate::write::scratch::Scratch;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;
use vqz_codec::axes::Role;
use vqz_raster::npy::NpyArray;
use vqz_raster::pixels::{Domain, Layout, write_list};

/// Writes the pixels of a domain as a list, into a folder: `rows.npy`, `columns.npy` and `values.npy`, whose last axis is the
/// list.
///
/// # Errors
/// [`Exists`](crate::ErrorKind::Exists) when the folder exists already, and
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when the domain does not fit the array.
pub fn export_pixels(
    archive: impl AsRef<Path>,
    output: impl AsRef<Path>,
    domain: &PixelDomain,
    options: &ExportOptions,
    progress: &dyn Progress,
) -> Result<ExportSummary> {
    let (archive, output, begun) = (archive.as_ref(), output.as_ref(), Instant::now());
    paths::refuse_overlap(archive, output)?;
    let lists = match domain {
        PixelDomain::Mask(mask) => vec![mask],
        PixelDomain::Indices { rows, columns } => vec![rows, columns],
    };
    for list in lists {
        paths::refuse_overlap(list, output)?;
    }
    paths::check_place(output, OutputKind::Folder, options.existing)?;
    let opening = OpenOptions { engine: options.engine, ..OpenOptions::default() };
    let source = ExportSource::open(archive, &opening)?;
    source.report_conventions(progress)?;
    let exported = ExportedRaster::new(options, &source.whole)?;
    exported.remark(|_| false, progress);
    write(output, &exported, domain, progress)?;
    source.report_losses(progress)?;
    let info = exported.raster.info();
    let seconds = begun.elapsed().as_secs_f64();
    ExportSummary::measure("NumPy lists", &[output.to_path_buf()], &info.shape, info.raw_bytes(), seconds)
}

/// Writes the lists in a folder beside the output, then renames it.
fn write(
    output: &Path,
    exported: &ExportedRaster,
    domain: &PixelDomain,
    progress: &dyn Progress,
) -> Result<()> {
    if output.exists() {
        bail!(
            Exists,
            "{} exists, and lists are written into a folder of their own; choose another",
            output.display()
        );
    }
    let scratch = Scratch::begin(output, Existing::Refuse)?;
    fill(&scratch.path(), exported, domain, progress)?;
    scratch.put()
}

fn fill(
    folder: &Path,
    exported: &ExportedRaster,
    domain: &PixelDomain,
    progress: &dyn Progress,
) -> Result<()> {
    let raster = exported.raster.as_ref();
    let info = raster.info();
    let [.., y, x] = info.axes.roles() else {
        bail!(InvalidArgument, "{} has no rows and columns", info.label)
    };
    if (y, x) != (&Role::Y, &Role::X) {
        bail!(
            InvalidArgument,
            "the dimensions of {} end with {y}, {x}; lists are made of arrays that end with y, x",
            info.label
        );
    }
    let (height, width) = (info.extent(&Role::Y) as usize, info.extent(&Role::X) as usize);
    let domain = read_domain(domain, height, width)?;
    let layout = Layout { shape: vec![domain.len()], axis: 0, size: info.data_type.size() };
    // Plane by plane: the list fits in memory, the whole grid may not.
    let outer = &info.shape[..info.shape.len() - 2];
    let mut values = Vec::with_capacity(volume(outer) as usize * domain.len() * layout.size);
    let task = Task::start(progress, "gathering", volume(outer));
    for number in 0..volume(outer) {
        let mut rest = number;
        let mut region: Vec<Range<u64>> = whole(info);
        for (range, extent) in region.iter_mut().zip(outer).rev() {
            let at = rest % extent;
            rest /= extent;
            *range = at..at + 1;
        }
        values.extend(domain.gather(&raster.read(&region)?, &layout)?);
        task.advance(1)?;
    }
    let shape: Vec<usize> = outer.iter().map(|n| *n as usize).chain([domain.len()]).collect();
    write_list(folder, &domain, info.data_type, &shape, &values)?;
    Ok(())
}

/// The pixels of a domain.
fn read_domain(domain: &PixelDomain, height: usize, width: usize) -> Result<Domain> {
    Ok(match domain {
        PixelDomain::Mask(mask) => Domain::from_mask(height, width, &read_mask(mask, height, width)?)?,
        PixelDomain::Indices { rows, columns } => {
            Domain::from_indices(height, width, &read_indices(rows)?, &read_indices(columns)?)?
        }
    })
}

fn is_npy(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
}

fn read_mask(path: &Path, height: usize, width: usize) -> Result<Vec<bool>> {
    let (values, valid): (Vec<f64>, Vec<bool>) = if is_npy(path) {
        let array = NpyArray::open(path)?;
        let region: Vec<Range<usize>> = array.shape().iter().map(|n| 0..*n).collect();
        array.read_f64(&region)?.into_iter().map(|value| (value, true)).unzip()
    } else {
        let raster = open(path, &OpenOptions::default())?;
        let info = raster.info();
        let mask = Mask::new(&info.nodata, info.data_type)?;
        let values = to_f64(info.data_type, &raster.read(&whole(info))?);
        values.into_iter().map(|value| (value, mask.is_valid(value))).unzip()
    };
    if values.len() != height * width {
        bail!(
            InvalidArgument,
            "the mask {} has {} pixels, the array {height} × {width}",
            path.display(),
            values.len()
        );
    }
    Ok(values.into_iter().zip(valid).map(|(value, valid)| valid && value != 0.0).collect())
}

fn read_indices(path: &Path) -> Result<Vec<usize>> {
    if !is_npy(path) {
        bail!(InvalidArgument, "{} is no NPY file; rows and columns are given as such", path.display());
    }
    let array = NpyArray::open(path)?;
    let [count] = *array.shape() else {
        bail!(
            InvalidArgument,
            "{} has shape {:?}; a list of indices is needed",
            path.display(),
            array.shape()
        );
    };
    let values = array.read_f64(std::slice::from_ref(&(0..count)))?;
    values
        .into_iter()
        .map(|value| {
            if value >= 0.0 && value.fract() == 0.0 && value < 2f64.powi(31) {
                Ok(value as usize)
            } else {
                bail!(InvalidArgument, "{} holds {value}, which is no index", path.display())
            }
        })
        .collect()
}
