//! The pixels of a valid domain as a list: three NumPy files in a folder, what `ingest` scatters to a grid gathered again.

use super::choice::Choice;
use crate::progress::Progress;
use crate::raster::partial::{Existing, beside, refuse_existing};
use crate::raster::region::volume;
use crate::raster::samples::{Mask, to_f64};
use crate::raster::{OpenOptions, files, open_one, whole};
use anyhow::{Context, Result, bail};
use std::ops::Range;
use std::path::{Path, PathBuf};
use vqz_codec::axes::Role;
use vqz_raster::npy::NpyArray;
use vqz_raster::pixels::{Domain, Layout, write_list};
use vqz_raster::sample::SampleType;

/// Writes a folder beside its place, then renames it.
pub(super) fn write(
    output: &Path,
    choice: &Choice,
    domain: &[PathBuf],
    existing: Existing,
) -> Result<Vec<PathBuf>> {
    refuse_existing(output, existing)?;
    if output.exists() {
        bail!(
            "{} exists, and lists are written into a folder of their own; choose another",
            output.display()
        );
    }
    let partial = beside(output, ".partial");
    if partial.exists() {
        bail!("{} is in the way: an earlier run may have left it there; delete it", partial.display());
    }
    let written = fill(&partial, choice, domain).and_then(|()| {
        std::fs::rename(&partial, output).with_context(|| format!("renaming to {}", output.display()))
    });
    if written.is_err() && partial.exists() {
        files::remove(&partial)?;
    }
    written?;
    Ok(vec![output.to_path_buf()])
}

fn fill(folder: &Path, choice: &Choice, domain: &[PathBuf]) -> Result<()> {
    let raster = choice.raster.as_ref();
    let info = raster.info();
    let [.., y, x] = info.axes.roles() else { bail!("{} has no rows and columns", info.label) };
    if (y, x) != (&Role::Y, &Role::X) {
        bail!(
            "the dimensions of {} end with {y}, {x}; lists are made of arrays that end with y, x",
            info.label
        );
    }
    let (height, width) = (info.extent(&Role::Y) as usize, info.extent(&Role::X) as usize);
    let domain = read_domain(domain, height, width)?;
    let Some(sample_type) = SampleType::ALL.into_iter().find(|t| t.name() == info.data_type.name()) else {
        bail!("samples of {} are {}, which lists do not hold", info.label, info.data_type.name());
    };
    let layout = Layout { shape: vec![domain.len()], axis: 0, size: sample_type.size() };
    // One plane after the other: the list is in memory, the grid is not.
    let outer = &info.shape[..info.shape.len() - 2];
    let mut values = Vec::with_capacity(volume(outer) as usize * domain.len() * layout.size);
    let progress = Progress::new("gathering");
    progress.begin(volume(outer));
    for number in 0..volume(outer) {
        let mut rest = number;
        let mut region: Vec<Range<u64>> = whole(info);
        for (range, extent) in region.iter_mut().zip(outer).rev() {
            let at = rest % extent;
            rest /= extent;
            *range = at..at + 1;
        }
        values.extend(domain.gather(&raster.read(&region)?, &layout)?);
        progress.advance(1);
    }
    let shape: Vec<usize> = outer.iter().map(|n| *n as usize).chain([domain.len()]).collect();
    write_list(folder, &domain, sample_type, &shape, &values)?;
    Ok(())
}

/// The domain that files tell: a mask, or rows and columns.
fn read_domain(paths: &[PathBuf], height: usize, width: usize) -> Result<Domain> {
    match paths {
        [mask] => Ok(Domain::from_mask(height, width, &read_mask(mask, height, width)?)?),
        [rows, columns] => {
            Ok(Domain::from_indices(height, width, &read_indices(rows)?, &read_indices(columns)?)?)
        }
        _ => bail!("--pixels names {} files; give a mask, or rows and columns", paths.len()),
    }
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
        let raster = open_one(path, &OpenOptions::default())?;
        let info = raster.info();
        let mask = Mask::new(&info.nodata, info.data_type)?;
        let values = to_f64(info.data_type, &raster.read(&whole(info))?);
        values.into_iter().map(|value| (value, mask.is_valid(value))).unzip()
    };
    if values.len() != height * width {
        bail!("the mask {} has {} pixels, the array {height} × {width}", path.display(), values.len());
    }
    Ok(values.into_iter().zip(valid).map(|(value, valid)| valid && value != 0.0).collect())
}

fn read_indices(path: &Path) -> Result<Vec<usize>> {
    if !is_npy(path) {
        bail!("{} is no NPY file; rows and columns are given as such", path.display());
    }
    let array = NpyArray::open(path)?;
    let [count] = *array.shape() else {
        bail!("{} has shape {:?}; a list of indices is needed", path.display(), array.shape());
    };
    let values = array.read_f64(std::slice::from_ref(&(0..count)))?;
    values
        .into_iter()
        .map(|value| {
            if value >= 0.0 && value.fract() == 0.0 && value < 2f64.powi(31) {
                Ok(value as usize)
            } else {
                bail!("{} holds {value}, which is no index", path.display())
            }
        })
        .collect()
}
