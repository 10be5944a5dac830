//! Engines by name, and opening them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::session::Engine;
use crate::error::{Error, Result};

/// The ways of running a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// `native`: the linear path in this crate, without ONNX; `klt` models only.
    Native,
    /// `tract`: the embedded ONNX engine.
    Tract,
    /// `onnxruntime`: libonnxruntime on the CPU.
    OnnxRuntime,
    /// `cuda`: libonnxruntime with its CUDA execution provider.
    OnnxRuntimeCuda,
}

impl EngineKind {
    /// All of them, the most portable first.
    pub const ALL: [Self; 4] = [Self::Native, Self::Tract, Self::OnnxRuntime, Self::OnnxRuntimeCuda];

    /// Its name, as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Tract => "tract",
            Self::OnnxRuntime => "onnxruntime",
            Self::OnnxRuntimeCuda => "cuda",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for EngineKind {
    type Err = Error;

    /// # Errors
    /// [`Error::UnknownEngine`] for any other name.
    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| Error::UnknownEngine { name: name.to_owned() })
    }
}

/// Opens an engine that runs ONNX graphs.
///
/// # Errors
/// [`Error::Engine`] when it was not compiled in or is not available on this machine, with what to do about it;
/// [`Error::InvalidArgument`] for [`EngineKind::Native`], which runs no ONNX.
pub fn open(kind: EngineKind) -> Result<Arc<dyn Engine>> {
    match kind {
        EngineKind::Native => Err(Error::InvalidArgument(
            "engine `native` runs klt models without ONNX; choose tract, onnxruntime or cuda to run a graph"
                .to_owned(),
        )),
        #[cfg(feature = "tract")]
        EngineKind::Tract => Ok(Arc::new(super::tract::Tract)),
        #[cfg(not(feature = "tract"))]
        EngineKind::Tract => Err(not_built(kind, "tract")),
        #[cfg(feature = "onnxruntime")]
        EngineKind::OnnxRuntime => {
            Ok(Arc::new(super::onnxruntime::OnnxRuntime::open(super::onnxruntime::Provider::Cpu)?))
        }
        #[cfg(feature = "onnxruntime")]
        EngineKind::OnnxRuntimeCuda => {
            Ok(Arc::new(super::onnxruntime::OnnxRuntime::open(super::onnxruntime::Provider::Cuda)?))
        }
        #[cfg(not(feature = "onnxruntime"))]
        EngineKind::OnnxRuntime | EngineKind::OnnxRuntimeCuda => Err(not_built(kind, "onnxruntime")),
    }
}

/// The engine that runs graphs where nobody chose one: onnxruntime, which is faster, once its library is open and works, else
/// tract.
#[must_use]
pub fn preferred() -> EngineKind {
    #[cfg(feature = "onnxruntime")]
    if super::onnxruntime::OnnxRuntime::works() {
        return EngineKind::OnnxRuntime;
    }
    EngineKind::Tract
}

#[cfg(not(all(feature = "tract", feature = "onnxruntime")))]
fn not_built(kind: EngineKind, feature: &str) -> Error {
    Error::Engine(format!(
        "`{kind}` was not compiled into this binary; build it with the feature `{feature}`, or choose another engine"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in EngineKind::ALL {
            assert_eq!(kind.to_string().parse::<EngineKind>().unwrap(), kind);
        }
        let error = "torch".parse::<EngineKind>().unwrap_err().to_string();
        assert!(
            error.starts_with("invalid argument: engine `torch` is unknown; choose native, tract"),
            "{error}"
        );
    }

    #[test]
    fn native_is_no_onnx_engine() {
        let error = open(EngineKind::Native).err().unwrap().to_string();
        assert!(error.contains("engine `native` runs klt models without ONNX"), "{error}");
    }

    #[test]
    #[cfg(not(feature = "onnxruntime"))]
    fn a_missing_feature_is_named() {
        let error = open(EngineKind::OnnxRuntime).err().unwrap().to_string();
        assert_eq!(
            error,
            "engine: `onnxruntime` was not compiled into this binary; build it with the feature `onnxruntime`, or \
             choose another engine"
        );
    }
}
