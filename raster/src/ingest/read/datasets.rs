//! Open data sets. Each thread has its own, because two threads must not use a data set of GDAL at the same time.
//!
//! A layer whose pixels are not the grid's is opened through a warped VRT, which resamples it onto the grid. The VRT reads
//! a `view` of the data set that has one nodata value, and the mask, of the layer.

use crate::error::{Error, Result};
use crate::ingest::read::placement::{Placement, Warp};
use crate::ingest::read::view;
use crate::ingest::sources::layer::Layer;
use crate::ingest::sources::open::open_dataset;
use crate::missing::MaskKind;
use gdal::Dataset;
use std::cell::RefCell;
use std::ffi::CString;
use std::ptr;

/// The most files that a thread keeps open. A process may have about 1024 files open in all.
const OPEN: usize = 48;

struct Open {
    key: String,
    /// Declared before the data set that it reads from, because fields are dropped in order.
    dataset: Dataset,
    /// The data set that a warped VRT reads from, which must stay open as long as the VRT.
    _source: Option<Dataset>,
}

thread_local! {
    /// Open data sets in the order of their last use.
    static DATASETS: RefCell<Vec<Open>> = const { RefCell::new(Vec::new()) };
}

/// Calls a function with the data set of a layer on the grid. `name` is what GDAL opens.
///
/// # Errors
/// Those of opening and of the function.
pub(crate) fn with_dataset<T>(
    layer: &Layer,
    name: &str,
    placement: &Placement,
    work: impl FnOnce(&Dataset) -> Result<T>,
) -> Result<T> {
    let key = match &placement.warp {
        None => name.to_owned(),
        // Bands of one data set that are missing in the same way are resampled together.
        Some(warp) => {
            let (nodata, missing) = (layer.band.nodata, &layer.missing);
            let band = matches!(missing.mask, Some(MaskKind::Band)).then_some(layer.number);
            // All of the layer that a view and its resampling depend on: the configuration may say of one file in two
            // inputs that it lies at two places.
            format!(
                "{:?} {:?} {:?} {:?} {:?} {nodata:?} {missing:?} {band:?} {name}",
                warp.resampling, warp.grid, layer.grid, layer.sample_type, layer.sign
            )
        }
    };
    let taken = DATASETS.with_borrow_mut(|open| {
        open.iter().position(|known| known.key == key).map(|position| open.remove(position))
    });
    let open = match taken {
        Some(open) => open,
        None => {
            let dataset = open_dataset(name, &layer.source.file)?;
            match &placement.warp {
                None => Open { key, dataset, _source: None },
                Some(warp) => {
                    let view = open_dataset(
                        &view::description(&dataset, name, layer, warp.resampling)?,
                        &layer.source.file,
                    )?;
                    Open { key, dataset: warped(&view, warp, layer)?, _source: Some(view) }
                }
            }
        }
    };
    let done = work(&open.dataset);
    DATASETS.with_borrow_mut(|all| {
        if all.len() >= OPEN {
            all.remove(0);
        }
        all.push(open);
    });
    done
}

/// A VRT that resamples a data set onto another grid. Where no value means "no data", its last band says which pixels are valid.
fn warped(dataset: &Dataset, warp: &Warp, layer: &Layer) -> Result<Dataset> {
    let [left, bottom, right, top] = warp.grid.bounds();
    let mut arguments: Vec<String> = ["-of", "VRT", "-r", warp.resampling.name()].map(str::to_owned).to_vec();
    for (name, reference) in [("-s_srs", layer.georeference()), ("-t_srs", &warp.grid.georeference)] {
        if let Some(wkt) = &reference.wkt {
            arguments.extend([name.to_owned(), wkt.clone()]);
        }
    }
    arguments.push("-te".to_owned());
    arguments.extend([left, bottom, right, top].map(|v| format!("{v:.17}")));
    arguments.extend(["-ts".to_owned(), warp.grid.width.to_string(), warp.grid.height.to_string()]);
    // Each band has its own validity: by default, a sample is "no data" only where all bands are. What a window needs of the
    // source is told by points all over it, not only along its edges, which may lie beyond the source.
    for option in ["UNIFIED_SRC_NODATA=NO", "SAMPLE_GRID=YES"] {
        arguments.extend(["-wo".to_owned(), option.to_owned()]);
    }
    match view::nodata(layer) {
        Some(nodata) => {
            for name in ["-srcnodata", "-dstnodata"] {
                arguments.extend([name.to_owned(), nodata.clone()]);
            }
        }
        None => arguments.push("-dstalpha".to_owned()),
    }
    let invalid = |_| {
        Error::Invalid(format!("{}: its coordinate reference system holds a null character", layer.label()))
    };
    let texts: Vec<CString> =
        arguments.into_iter().map(CString::new).collect::<Result<_, _>>().map_err(invalid)?;
    let mut pointers: Vec<*mut std::ffi::c_char> =
        texts.iter().map(|text| text.as_ptr().cast_mut()).collect();
    pointers.push(ptr::null_mut());
    // SAFETY: the texts outlive the options, which copy them; the data set is open, and outlives
    // the VRT: see `Open`.
    let made = unsafe {
        let options = gdal_sys::GDALWarpAppOptionsNew(pointers.as_mut_ptr(), ptr::null_mut());
        if options.is_null() {
            return Err(Error::Invalid(format!("{}: GDAL takes none of its options", layer.label())));
        }
        let mut sources = [dataset.c_dataset()];
        let made = gdal_sys::GDALWarp(
            c"".as_ptr(),
            ptr::null_mut(),
            1,
            sources.as_mut_ptr(),
            options,
            ptr::null_mut(),
        );
        gdal_sys::GDALWarpAppOptionsFree(options);
        made
    };
    if made.is_null() {
        return Err(Error::Mismatch(format!(
            "{} can't be resampled onto {}: {}",
            layer.label(),
            warp.grid.label(),
            last_message()
        )));
    }
    // SAFETY: GDALWarp returned the handle, and nothing else owns it.
    Ok(unsafe { Dataset::from_c_dataset(made) })
}

/// GDAL's last error message.
fn last_message() -> String {
    // SAFETY: GDAL's text, of this thread, ends with a null character and lives until the next call.
    let text = unsafe { std::ffi::CStr::from_ptr(gdal_sys::CPLGetLastErrorMsg()) };
    text.to_string_lossy().into_owned()
}
