//! Mosaics: samples of one band and date over a window of a grid, from all layers that cover a part of it.

use crate::band::Sign;
use crate::error::{Error, Result};
use crate::ingest::config::Overlap;
use crate::ingest::read::datasets::with_dataset;
use crate::ingest::read::placement::Placement;
use crate::ingest::read::view;
use crate::ingest::sources::layer::{Layer, Reader};
use crate::missing::MaskKind;
use crate::sample::{DataType, Sample, ValueRange as _};
use std::ops::Range;

/// Rows and columns of a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Rows.
    pub rows: Range<usize>,
    /// Columns.
    pub columns: Range<usize>,
}

impl Window {
    /// The number of its pixels.
    pub(crate) fn area(&self) -> usize {
        self.rows.len() * self.columns.len()
    }
}

/// A layer and where it lies on the grid.
pub(crate) type Placed<'a> = (&'a Layer, &'a Placement);

/// Samples over a window, as they are stored, and which of them are valid.
pub(crate) struct Samples<T> {
    pub(crate) samples: Vec<T>,
    pub(crate) valid: Vec<bool>,
}

/// Reads a window of a band and date. Where several layers cover a pixel, `overlap` says which of them counts; a pixel that none
/// covers is not valid.
pub(crate) fn read<T: Sample>(
    layers: &[Placed<'_>],
    window: &Window,
    overlap: Overlap,
) -> Result<Samples<T>> {
    let mut out = Samples { samples: vec![T::default(); window.area()], valid: vec![false; window.area()] };
    for placed in layers {
        let Some(part) = part(placed.1, window) else { continue };
        let found = read_layer::<T>(*placed, &part)?;
        let width = part.columns.len();
        for (row, (samples, valid)) in
            part.rows.clone().zip(found.samples.chunks(width).zip(found.valid.chunks(width)))
        {
            let start = start(row, &part, window);
            let to = &mut out.samples[start..start + width];
            let known = &mut out.valid[start..start + width];
            for (((to, known), sample), valid) in to.iter_mut().zip(known).zip(samples).zip(valid) {
                match (*valid, *known, overlap) {
                    (true, true, Overlap::Equal) if *to != *sample => {
                        return Err(disagreement(layers, *placed, row, [to.to_f64(), sample.to_f64()]));
                    }
                    (true, false, _) | (true, _, Overlap::Last) => (*to, *known) = (*sample, true),
                    // What lies under a mask is kept where no value means "no data".
                    (false, false, _) => *to = *sample,
                    _ => {}
                }
            }
        }
    }
    Ok(out)
}

/// Which samples of a window of a band and date are valid in some layer. Where masks alone tell that, no sample is read.
pub(crate) fn valid(layers: &[Placed<'_>], window: &Window) -> Result<Vec<bool>> {
    let mut out = vec![false; window.area()];
    for placed in layers {
        let Some(part) = part(placed.1, window) else { continue };
        let found = layer_valid(*placed, &part)?;
        let width = part.columns.len();
        for (row, valid) in part.rows.clone().zip(found.chunks(width)) {
            let start = start(row, &part, window);
            out[start..start + width].iter_mut().zip(valid).for_each(|(to, valid)| *to |= *valid);
        }
    }
    Ok(out)
}

/// Which samples of a window that a layer covers are valid.
fn layer_valid(placed: Placed<'_>, window: &Window) -> Result<Vec<bool>> {
    let (layer, placement) = placed;
    let told_by_samples = layer.sample_type.is_float()
        || layer.nodata().is_some()
        || !layer.missing.values.is_empty()
        || matches!(layer.source.reader, Reader::List(_));
    if told_by_samples {
        return Ok(read_layer::<f64>(placed, window)?.valid);
    }
    match mask(layer, placement) {
        Some(mask) => read_mask(placed, mask, window),
        None => Ok(vec![true; window.area()]),
    }
}

/// Where a row of a part of a window begins in the window.
fn start(row: usize, part: &Window, window: &Window) -> usize {
    (row - window.rows.start) * window.columns.len() + part.columns.start - window.columns.start
}

fn disagreement(layers: &[Placed<'_>], placed: Placed<'_>, row: usize, [before, now]: [f64; 2]) -> Error {
    let others: Vec<String> = (layers.iter())
        .filter(|other| !std::ptr::eq(other.0, placed.0))
        .map(|other| other.0.source.file.display().to_string())
        .collect();
    Error::Mismatch(format!(
        "{} has {now} in row {row} where {} has {before}; overlap = \"equal\" asks that they agree: choose \"first\" or \
         \"last\" under [output], or leave one out",
        placed.0.label(),
        others.join(" or ")
    ))
}

/// Whether a window was read straight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Straight {
    /// It can't be.
    No,
    /// It was, and samples that equal the nodata value are missing.
    Missing,
    /// It was, and no value means "no data" in the layer.
    Valid,
}

/// Reads a window straight into `out` if one layer covers all of it and has the same nodata, or none.
pub(crate) fn read_straight<T: Sample>(
    layers: &[Placed<'_>],
    window: &Window,
    nodata: Option<f64>,
    out: &mut [T],
) -> Result<Straight> {
    let touching: Vec<Placed<'_>> =
        layers.iter().copied().filter(|placed| part(placed.1, window).is_some()).collect();
    let [placed] = touching[..] else { return Ok(Straight::No) };
    let (layer, placement) = placed;
    let same = match (layer.band.nodata, nodata) {
        (Some(a), Some(b)) => a == b || (a.is_nan() && b.is_nan()),
        (None, _) => true,
        (Some(_), None) => false,
    };
    let whole = part(placement, window).as_ref() == Some(window);
    if layer.has_gaps()
        || !layer.missing.is_plain()
        || !same
        || !whole
        || placement.warp.is_some()
        || layer.sample_type != T::TYPE
        || layer.sign != Sign::AsRead
    {
        return Ok(Straight::No);
    }
    read_band(placed, window, out)?;
    Ok(if layer.band.nodata.is_some() { Straight::Missing } else { Straight::Valid })
}

/// The part of a window that a layer may cover.
fn part(placement: &Placement, window: &Window) -> Option<Window> {
    let both = |a: &Range<usize>, b: &Range<usize>| a.start.max(b.start)..a.end.min(b.end);
    let part = Window {
        rows: both(&placement.rows, &window.rows),
        columns: both(&placement.columns, &window.columns),
    };
    (!part.rows.is_empty() && !part.columns.is_empty()).then_some(part)
}

/// Reads a window that a layer covers. Samples are invalid where they are nodata or not finite, where the layer's mask says so,
/// and where resampling found no valid source pixel.
fn read_layer<T: Sample>(placed: Placed<'_>, window: &Window) -> Result<Samples<T>> {
    let (layer, placement) = placed;
    let nodata = layer.nodata();
    if let Reader::List(list) = &layer.source.reader {
        let (values, inside) =
            list.read(layer.number, rows(placement, window), columns(placement, window))?;
        let valid = values.iter().zip(inside).map(|(v, inside)| inside && is_valid(*v, nodata)).collect();
        return Ok(Samples { samples: values.into_iter().map(T::from_f64).collect(), valid });
    }
    let mut found = if layer.sample_type == T::TYPE && layer.sign == Sign::AsRead {
        let mut samples = vec![T::default(); window.area()];
        read_band(placed, window, &mut samples)?;
        let mut valid: Vec<bool> = samples.iter().map(|sample| is_valid(sample.to_f64(), nodata)).collect();
        leave_out(&mut valid, samples.iter().map(|sample| sample.to_f64()), placed);
        Samples { samples, valid }
    } else {
        let mut values = vec![0.0f64; window.area()];
        read_band(placed, window, &mut values)?;
        values.iter_mut().for_each(|value| *value = layer.sign.meant(*value));
        let mut valid: Vec<bool> = values.iter().map(|value| is_valid(*value, nodata)).collect();
        leave_out(&mut valid, values.iter().copied(), placed);
        Samples { samples: values.into_iter().map(T::from_f64).collect(), valid }
    };
    if let Some(mask) = mask(layer, placement) {
        let mask = read_mask(placed, mask, window)?;
        found.valid.iter_mut().zip(mask).for_each(|(valid, mask)| *valid &= mask);
    }
    Ok(found)
}

/// What tells, beside a layer's samples, which of them are valid.
fn mask(layer: &Layer, placement: &Placement) -> Option<Source> {
    match placement.warp {
        Some(_) => view::nodata(layer).is_none().then_some(Source::Last),
        None => layer.missing.mask.map(|mask| match mask {
            MaskKind::Alpha(number) => Source::Band(number),
            _ => Source::Mask(layer.number),
        }),
    }
}

fn read_mask(placed: Placed<'_>, mask: Source, window: &Window) -> Result<Vec<bool>> {
    let mut samples = vec![0u8; window.area()];
    read_from(placed, mask, window, &mut samples)?;
    Ok(samples.into_iter().map(|sample| sample > 0).collect())
}

/// Marks samples of further values that mean "no data". Resampling has left them out already.
fn leave_out(valid: &mut [bool], values: impl Iterator<Item = f64>, (layer, placement): Placed<'_>) {
    if placement.warp.is_none() && !layer.missing.values.is_empty() {
        for (valid, value) in valid.iter_mut().zip(values) {
            *valid &= !layer.missing.values.contains(&value);
        }
    }
}

fn is_valid(value: f64, nodata: Option<f64>) -> bool {
    value.is_finite() && Some(value) != nodata
}

fn read_band<T: Sample>(placed: Placed<'_>, window: &Window, out: &mut [T]) -> Result<()> {
    read_from(placed, Source::Band(placed.0.number), window, out)
}

/// A band of a layer's data set, by its number from 1.
#[derive(Clone, Copy)]
enum Source {
    Band(usize),
    /// The mask of a band.
    Mask(usize),
    /// The last band.
    Last,
}

/// Rows of a layer's data set, for a window of the grid.
fn rows(placement: &Placement, window: &Window) -> Range<usize> {
    let start = window.rows.start - placement.rows.start + placement.start[0];
    start..start + window.rows.len()
}

/// Columns of a layer's data set, for a window of the grid.
fn columns(placement: &Placement, window: &Window) -> Range<usize> {
    let start = window.columns.start - placement.columns.start + placement.start[1];
    start..start + window.columns.len()
}

fn read_from<T: Sample>(
    (layer, placement): Placed<'_>,
    source: Source,
    window: &Window,
    out: &mut [T],
) -> Result<()> {
    let name = match &layer.source.reader {
        Reader::Raster(name) => name,
        Reader::List(list) => {
            let (values, _) = list.read(layer.number, rows(placement, window), columns(placement, window))?;
            out.iter_mut().zip(values).for_each(|(to, value)| *to = T::from_f64(value));
            return Ok(());
        }
    };
    with_dataset(layer, name, placement, |dataset| match source {
        Source::Band(number) => read_into(&dataset.rasterband(number)?, (layer, placement), window, out),
        Source::Mask(number) => {
            let band = dataset.rasterband(number)?;
            read_into(&band.open_mask_band()?, (layer, placement), window, out)
        }
        Source::Last => {
            read_into(&dataset.rasterband(dataset.raster_count())?, (layer, placement), window, out)
        }
    })
}

fn read_into<T: Sample>(
    band: &gdal::raster::RasterBand<'_>,
    (layer, placement): Placed<'_>,
    window: &Window,
    out: &mut [T],
) -> Result<()> {
    let (row, column) = (rows(placement, window).start, columns(placement, window).start);
    let size = (window.columns.len(), window.rows.len());
    band.read_into_slice((column as isize, row as isize), size, size, out, None).map_err(|e| {
        Error::Unreadable {
            path: layer.source.file.display().to_string(),
            reason: format!(
                "band {} can't be read at row {row}, column {column} ({e}); is the file whole?",
                layer.number
            ),
        }
    })
}

/// Whether a type holds all samples of another.
pub(crate) fn can_hold(from: DataType, to: DataType) -> bool {
    let ([a, b], [c, d]) = (from.range(), to.range());
    match (from.is_float(), to.is_float()) {
        (true, false) => false,
        (false, true) => to == DataType::Float64 || from != DataType::Int32,
        _ => a >= c && b <= d,
    }
}
