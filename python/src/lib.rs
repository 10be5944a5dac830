//! The native part of the Python package `vqz`: chunks, models, and the calls of the library. The rest, and what users see, is
//! Python: `python/vqz`.

mod buffers;
mod calls;
mod codec;
mod errors;
mod interrupts;
mod model;
mod progress;
mod rasters;
mod shipped;
mod threads;

use pyo3::prelude::*;
use std::ffi::OsString;

/// Runs the program `vqz` and returns its exit code.
#[pyfunction]
fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| vqz_cli::main(arguments))
}

#[pymodule(gil_used = false)]
fn _vqz(module: &Bound<'_, PyModule>) -> PyResult<()> {
    errors::add_to(module)?;
    module.add("NAME", vqz_zarr::NAME)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<codec::Codec>()?;
    module.add_class::<codec::PartialRead>()?;
    module.add_class::<model::Model>()?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    module.add_function(wrap_pyfunction!(shipped::shipped, module)?)?;
    module.add_function(wrap_pyfunction!(shipped::shipped_hashes, module)?)?;
    module.add_function(wrap_pyfunction!(model::open_shipped, module)?)?;
    module.add_function(wrap_pyfunction!(threads::set_threads, module)?)?;
    module.add_function(wrap_pyfunction!(threads::get_threads, module)?)?;
    module.add_function(wrap_pyfunction!(calls::configure, module)?)?;
    module.add_function(wrap_pyfunction!(calls::fit, module)?)?;
    module.add_function(wrap_pyfunction!(calls::encode, module)?)?;
    module.add_function(wrap_pyfunction!(calls::decode, module)?)?;
    module.add_function(wrap_pyfunction!(calls::verify, module)?)?;
    module.add_function(wrap_pyfunction!(calls::compare, module)?)?;
    module.add_function(wrap_pyfunction!(calls::info, module)?)?;
    module.add_function(wrap_pyfunction!(calls::codes, module)?)?;
    module.add_function(wrap_pyfunction!(calls::seal, module)?)
}
