//! Errors of the crates below as Python exceptions.

use pyo3::create_exception;
use pyo3::exceptions::{PyFileExistsError, PyFileNotFoundError, PyOSError, PyValueError};
use pyo3::prelude::*;
use vqz_archive::{ErrorKind, Remedy};

create_exception!(
    vqz,
    VqzError,
    PyValueError,
    "Something that vqz can't do, and why. All its errors derive from this one, but for those of files."
);
create_exception!(
    vqz,
    CorruptError,
    VqzError,
    "Stored bytes are damaged, cut off, or those of another array or model."
);
create_exception!(
    vqz,
    MissingModelError,
    VqzError,
    "An array names a model that is neither embedded nor found."
);
create_exception!(
    vqz,
    UnsupportedError,
    VqzError,
    "Data of a kind, or from a version, that this release does not handle."
);
create_exception!(
    vqz,
    TargetNotMetError,
    VqzError,
    "No quality reaches the PSNR or the size that was asked for."
);
create_exception!(
    vqz,
    PromiseBrokenError,
    VqzError,
    "Decoded samples are further from their source than the archive promises."
);
create_exception!(vqz, BusyError, VqzError, "Another process works on the same output.");

/// The exception for an error of the library.
pub(crate) fn archive(error: &vqz_archive::Error) -> PyErr {
    let mut text = error.one_line();
    for advice in error.remedies().iter().filter_map(|remedy| advice(*remedy)) {
        text = format!("{text}; {advice}");
    }
    of_kind(error.kind(), text)
}

/// The exception for an error of the codec.
pub(crate) fn codec(error: vqz_codec::Error) -> PyErr {
    archive(&error.into())
}

fn of_kind(kind: ErrorKind, text: String) -> PyErr {
    match kind {
        ErrorKind::NotFound => PyFileNotFoundError::new_err(text),
        ErrorKind::Exists => PyFileExistsError::new_err(text),
        ErrorKind::Io => PyOSError::new_err(text),
        ErrorKind::Corrupt | ErrorKind::MissingChunk => CorruptError::new_err(text),
        ErrorKind::MissingModel => MissingModelError::new_err(text),
        ErrorKind::Unsupported => UnsupportedError::new_err(text),
        ErrorKind::TargetNotMet => TargetNotMetError::new_err(text),
        ErrorKind::PromiseBroken => PromiseBrokenError::new_err(text),
        ErrorKind::Busy => BusyError::new_err(text),
        _ => VqzError::new_err(text),
    }
}

/// What to do about an error, in the words of the Python package. None where its message says it.
fn advice(remedy: Remedy) -> Option<&'static str> {
    Some(match remedy {
        Remedy::GiveAxes => "say what each dimension is with axes=[…]",
        Remedy::ChooseBands => "choose as many bands as the model takes",
        Remedy::OrderBands => "rename the bands, or choose them one by one in the model's order",
        Remedy::OtherScale => {
            "bring the samples to the model's scale, fit a model to such samples, or promise a max_error"
        }
        Remedy::StateNoData => "say which values mean \"no data\" with nodata=[…]",
        Remedy::StatePeak => "give peak=…",
        Remedy::GiveModel => "give model=…, or max_error=…, or lossless=True",
        Remedy::FitModel => "fit one with vqz.fit",
        Remedy::Replace => "give overwrite=True to replace it",
        Remedy::LargerChunks => "ask for larger chunks",
        Remedy::AskForBits => "or give bits=…, which leaves the metadata out",
        Remedy::SetQuality => "give quality=…",
        Remedy::Encode => "encode it first",
        Remedy::Resume => "call again: what is finished is kept",
        Remedy::MakeRoom => "make room on the disk, then call again",
        Remedy::OpenPackage => "register the whole model with vqz.Model.open(…).register()",
        Remedy::SmallerPatch => "fit with a smaller patch",
        _ => return None,
    })
}

/// Puts the exceptions into the module.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("VqzError", py.get_type::<VqzError>())?;
    module.add("CorruptError", py.get_type::<CorruptError>())?;
    module.add("MissingModelError", py.get_type::<MissingModelError>())?;
    module.add("UnsupportedError", py.get_type::<UnsupportedError>())?;
    module.add("TargetNotMetError", py.get_type::<TargetNotMetError>())?;
    module.add("PromiseBrokenError", py.get_type::<PromiseBrokenError>())?;
    module.add("BusyError", py.get_type::<BusyError>())
}
