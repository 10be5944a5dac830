//! Reads a window of a planned array: bands are read from their files, masked and filled in time, or computed from other bands.

use crate::classes::{Erosion, Gaps, Neighbourhood};
use crate::conventions::time::Instant;
use crate::error::Result;
use crate::expression::{Altered, Output};
use crate::ingest::plan::dates::Dates;
use crate::ingest::plan::{ArrayPlan, BandPlan, BandSource, CubePlan, Dimension};
use crate::ingest::read::mosaic::{Straight, Window};
use crate::ingest::read::validity::MaskedWindow;
use crate::plane::Plane;
use crate::sample::{Sample, ValueRange as _};
use crate::temporal::{fill_gaps, resample, valid_dates};
use crate::with_sample_type;
use std::collections::BTreeMap;
use std::ops::Range;

impl CubePlan {
    /// Reads a window of an array: native bytes in C order of its dimensions. `region` has a range for each dimension, within
    /// the array's extents.
    ///
    /// # Errors
    /// Those of reading the files, which name the file.
    pub fn read(&self, array: &ArrayPlan, region: &[Range<u64>]) -> Result<Vec<u8>> {
        with_sample_type!(array.sample_type, read_as(self, array, region))
    }
}

fn read_as<T: Sample>(plan: &CubePlan, array: &ArrayPlan, region: &[Range<u64>]) -> Result<Vec<u8>> {
    let range = |dimension: Dimension| {
        let position = array.dimensions.iter().position(|d| *d == dimension);
        position.map_or(0..1, |position| region[position].start as usize..region[position].end as usize)
    };
    let (times, bands) = (range(Dimension::Time), range(Dimension::Band));
    let window = Window { rows: range(Dimension::Y), columns: range(Dimension::X) };
    let count = times.len() * bands.len() * window.area();
    let ordered = array.dimensions.windows(2).all(|pair| pair[0] < pair[1]);
    // Samples are written straight into the bytes if these are aligned for the sample type, which saves a copy.
    let mut bytes = vec![0u8; count * size_of::<T>()];
    if ordered && let Ok(samples) = bytemuck::try_cast_slice_mut(&mut bytes) {
        read_planes::<T>(plan, array, times, bands, &window, samples)?;
        return Ok(bytes);
    }
    let mut samples = vec![T::default(); count];
    let extents = [times.len(), bands.len(), window.rows.len(), window.columns.len()];
    read_planes(plan, array, times, bands, &window, &mut samples)?;
    if !ordered {
        samples = transposed(&samples, array, extents);
    }
    Ok(bytemuck::cast_slice(&samples).to_vec())
}

/// Reads a window into samples in the order time, band, y, x.
fn read_planes<T: Sample>(
    plan: &CubePlan,
    array: &ArrayPlan,
    times: Range<usize>,
    bands: Range<usize>,
    window: &Window,
    samples: &mut [T],
) -> Result<()> {
    let mut masked = MaskedWindow::new(&plan.validity, &plan.gridded[array.grid_number], window);
    for (at, band) in bands.clone().enumerate() {
        let planes = samples.chunks_mut(window.area().max(1)).enumerate();
        let mut wanted: Vec<&mut [T]> =
            planes.filter(|(number, _)| number % bands.len() == at).map(|(_, plane)| plane).collect();
        read_band(plan, array, &array.bands[band], times.clone(), &mut masked, &mut wanted)?;
    }
    Ok(())
}

/// Transposes samples from time, band, y, x to the array's order of dimensions.
fn transposed<T: Sample>(samples: &[T], array: &ArrayPlan, extents: [usize; 4]) -> Vec<T> {
    let [_, bands, height, width] = extents;
    let strides = [bands * height * width, height * width, width, 1];
    let order: Vec<usize> = array.dimensions.iter().map(|d| *d as usize).collect();
    let mut out = Vec::with_capacity(samples.len());
    let mut position = vec![0usize; order.len()];
    let Some((last, outer)) = order.split_last() else { return samples.to_vec() };
    loop {
        let start: usize = outer.iter().zip(&position).map(|(d, at)| at * strides[*d]).sum();
        out.extend((0..extents[*last]).map(|i| samples[start + i * strides[*last]]));
        let Some(d) = (0..outer.len()).rev().find(|d| position[*d] + 1 < extents[outer[*d]]) else {
            return out;
        };
        position[d] += 1;
        position[d + 1..].fill(0);
    }
}

/// Reads a band at some of the array's dates, a plane for each.
fn read_band<T: Sample>(
    plan: &CubePlan,
    array: &ArrayPlan,
    band: &BandPlan,
    times: Range<usize>,
    masked: &mut MaskedWindow<'_>,
    out: &mut [&mut [T]],
) -> Result<()> {
    let name = band.band.name.as_deref().unwrap_or_default();
    match &band.source {
        BandSource::Layers if !array.needs_other_dates() => {
            let source = array.dates.source();
            for (time, out) in source[times].iter().zip(out) {
                read_layers(array, name, *time, masked, out)?;
            }
            Ok(())
        }
        BandSource::Layers => {
            let planes = planes(&array.dates, name, masked)?;
            for (time, out) in times.zip(out) {
                store(&planes[time], array, name, date(array, time), masked.window, out)?;
            }
            Ok(())
        }
        BandSource::Derived(number, expression) => {
            let mut inputs: BTreeMap<&str, Vec<Plane>> = BTreeMap::new();
            for name in expression.bands() {
                let all = if array.needs_other_dates() {
                    planes(&array.dates, name, masked)?
                } else {
                    let source = &array.dates.source()[times.clone()];
                    source.iter().map(|time| masked.read(name, *time)).collect::<Result<_>>()?
                };
                let [scale, offset] = masked.bands.units(name);
                inputs.insert(name, all.into_iter().map(|plane| in_units(plane, scale, offset)).collect());
            }
            let config = &plan.config.derive[*number];
            let output = Output {
                data_type: array.sample_type,
                scale: config.scale,
                offset: config.offset,
                nodata: array.nodata,
            };
            let first = if array.needs_other_dates() { times.start } else { 0 };
            let (height, width) = (masked.window.rows.len(), masked.window.columns.len());
            for (at, out) in out.iter_mut().enumerate() {
                let at_time: Vec<(&str, &Plane)> =
                    inputs.iter().map(|(name, planes)| (*name, &planes[first + at])).collect();
                let plane = expression.evaluate(height, width, &at_time[..])?;
                let altered = output.altered(&plane);
                array.clashes.note_altered(name, date(array, times.start + at), masked.window, altered);
                out.copy_from_slice(&bytemuck::pod_collect_to_vec::<u8, T>(&output.encode(&plane)?));
            }
            Ok(())
        }
        BandSource::Labels(number) => {
            let plane = labels(plan, array, *number, masked.window)?;
            for out in out {
                store(&plane, array, name, None, masked.window, out)?;
            }
            Ok(())
        }
        BandSource::Mask(name) => {
            let source = array.dates.source();
            for (time, out) in source[times].iter().zip(out) {
                let found = masked.bands.valid(name, *time, masked.window)?;
                for (to, valid) in out.iter_mut().zip(found) {
                    *to = T::from_f64(f64::from(u8::from(valid)));
                }
            }
            Ok(())
        }
        BandSource::ValidCount(name) => {
            let source = array.dates.source();
            let planes =
                source.iter().map(|time| masked.read(name, *time)).collect::<Result<Vec<Plane>>>()?;
            let counts = valid_dates(&planes)?;
            for out in out {
                for (to, count) in out.iter_mut().zip(&counts) {
                    *to = T::from_f64(f64::from(*count));
                }
            }
            Ok(())
        }
    }
}

/// A band and date whose samples the array's type does not hold as they are: they are rounded and clipped to it, and those are counted
/// that are clipped, or become "no data" by rounding.
fn read_narrowed<T: Sample>(
    array: &ArrayPlan,
    name: &str,
    time: Option<Instant>,
    masked: &mut MaskedWindow<'_>,
    out: &mut [T],
) -> Result<()> {
    let (gridded, window) = (masked.bands, masked.window);
    let usable = masked.usable(time)?;
    let found = gridded.samples::<f64>(name, time, window)?;
    let [least, greatest] = array.sample_type.range();
    let half = if array.sample_type.is_float() { 0.0 } else { 0.5 };
    let nodata = array.nodata.map(T::from_f64);
    let watched = array.clashes.watches(name);
    let (mut clashes, mut altered) = (0, Altered::default());
    for (i, (to, value)) in out.iter_mut().zip(&found.samples).enumerate() {
        let valid = found.valid[i] && usable.is_none_or(|usable| usable[i]);
        let sample = T::from_f64(*value);
        if valid {
            altered.clipped +=
                u64::from(value.is_finite() && (*value < least - half || *value > greatest + half));
            // A value that the configuration declares as "no data" means that in files that declare none.
            let is_nodata = array.nodata.is_some_and(|nodata| *value == nodata);
            clashes += u64::from(nodata == Some(sample) && (watched || !is_nodata));
        }
        *to = if valid { sample } else { nodata.unwrap_or(sample) };
    }
    array.clashes.note(name, time, window, clashes);
    array.clashes.note_altered(name, time, window, altered);
    Ok(())
}

/// A band and date as it is stored, nodata where nothing is valid. Where no value means "no data", invalid samples stay as they
/// are.
fn read_layers<T: Sample>(
    array: &ArrayPlan,
    name: &str,
    time: Option<Instant>,
    masked: &mut MaskedWindow<'_>,
    out: &mut [T],
) -> Result<()> {
    let (gridded, window) = (masked.bands, masked.window);
    let usable = masked.usable(time)?;
    let watched = array.clashes.watches(name);
    let usable_at = |i: usize| usable.is_none_or(|usable| usable[i]);
    if array.clashes.narrows(name) {
        return read_narrowed(array, name, time, masked, out);
    }
    let straight = gridded.straight(name, time, window, array.nodata, out)?;
    if straight != Straight::No {
        let Some(nodata) = array.nodata.map(T::from_f64) else { return Ok(()) };
        if watched && straight == Straight::Valid {
            let clashes = out.iter().enumerate().filter(|(i, sample)| **sample == nodata && usable_at(*i));
            array.clashes.note(name, time, window, clashes.count() as u64);
        }
        if let Some(usable) = usable {
            for (to, _) in out.iter_mut().zip(usable).filter(|(_, usable)| !**usable) {
                *to = nodata;
            }
        }
        return Ok(());
    }
    let found = gridded.samples::<T>(name, time, window)?;
    let Some(nodata) = array.nodata.map(T::from_f64) else {
        out.copy_from_slice(&found.samples);
        return Ok(());
    };
    let mut clashes = 0;
    for (i, (to, sample)) in out.iter_mut().zip(&found.samples).enumerate() {
        let valid = found.valid[i] && usable_at(i);
        clashes += u64::from(valid && *sample == nodata);
        *to = if valid { *sample } else { nodata };
    }
    if watched {
        array.clashes.note(name, time, window, clashes);
    }
    Ok(())
}

/// A band at all dates of an array whose dates are computed from the files'.
fn planes(dates: &Dates, name: &str, masked: &mut MaskedWindow<'_>) -> Result<Vec<Plane>> {
    let mut planes =
        dates.source().iter().map(|time| masked.read(name, *time)).collect::<Result<Vec<Plane>>>()?;
    match dates {
        Dates::None | Dates::Same(_) => {}
        Dates::Filled { how, .. } => {
            fill_gaps(&mut planes, &dates.source_days(), how)?;
        }
        Dates::Even { times, how, .. } => {
            let at: Vec<f64> = times.iter().map(|time| time.days()).collect();
            planes = resample(&planes, &dates.source_days(), &at, how)?;
        }
    }
    Ok(planes)
}

/// One of an array's dates, by its number.
fn date(array: &ArrayPlan, number: usize) -> Option<Instant> {
    array.times.as_ref()?.get(number).copied()
}

fn in_units(mut plane: Plane, scale: f64, offset: f64) -> Plane {
    if (scale, offset) != (1.0, 0.0) {
        plane.values.iter_mut().for_each(|value| *value = *value * scale + offset);
    }
    plane
}

/// Converts a plane to samples. Valid ones are rounded, and moved to the next value where they would equal nodata.
fn store<T: Sample>(
    plane: &Plane,
    array: &ArrayPlan,
    name: &str,
    time: Option<Instant>,
    window: &Window,
    out: &mut [T],
) -> Result<()> {
    let output = Output { nodata: array.nodata, ..Output::new(array.sample_type) };
    array.clashes.note_altered(name, time, window, output.altered(plane));
    out.copy_from_slice(&bytemuck::pod_collect_to_vec::<u8, T>(&output.encode(plane)?));
    Ok(())
}

/// Labels of a window, eroded where the configuration says so.
fn labels(plan: &CubePlan, array: &ArrayPlan, number: usize, window: &Window) -> Result<Plane> {
    let config = &plan.config.labels[number];
    let erosion = Erosion { pixels: config.erode, neighbourhood: Neighbourhood::Eight, gaps: Gaps::Ignored };
    let halo = erosion.halo();
    let wide = |range: &Range<usize>, extent: usize| {
        range.start.saturating_sub(halo)..(range.end + halo).min(extent)
    };
    let (rows, columns) = (wide(&window.rows, array.grid.height), wide(&window.columns, array.grid.width));
    let grid = array.grid.window(rows.start, columns.start, rows.len(), columns.len());
    let burnt = plan.labels[number].burn(&grid)?;
    let background = config.nodata as i32;
    let wider = Plane {
        height: rows.len(),
        width: columns.len(),
        valid: burnt.iter().map(|value| *value != background).collect(),
        values: burnt.into_iter().map(f64::from).collect(),
    };
    let eroded = if halo > 0 { erosion.apply(&wider)? } else { wider };
    let mut plane = Plane::empty(window.rows.len(), window.columns.len());
    for (row, (values, valid)) in (window.rows.clone())
        .zip(plane.values.chunks_mut(window.columns.len()).zip(plane.valid.chunks_mut(window.columns.len())))
    {
        let start = (row - rows.start) * columns.len() + window.columns.start - columns.start;
        values.copy_from_slice(&eroded.values[start..start + values.len()]);
        valid.copy_from_slice(&eroded.valid[start..start + valid.len()]);
    }
    Ok(plane)
}
