"""Learned compression of raster archives in Zarr v3.

Importing it is not needed to read an archive: zarr-python and xarray find the codec by themselves.

>>> import vqz
>>> import xarray as xr
>>> ds = xr.open_zarr("archive.zarr")  # doctest: +SKIP
>>> ds.to_zarr("other.zarr", encoding=vqz.encoding(ds, model="sentinel2-l2a", psnr=45))  # doctest: +SKIP
"""

from __future__ import annotations

import importlib.util as _importlib
import os as _os
from pathlib import Path as _Path
from typing import Any as _Any


def _find_onnxruntime() -> None:
    """Name the library of Python's own onnxruntime, where it is installed, to the engine that opens it when a model needs it."""
    if _os.environ.get("ORT_DYLIB_PATH"):
        return
    found = _importlib.find_spec("onnxruntime")
    if found is None or found.origin is None:
        return
    folder = _Path(found.origin).with_name("capi")
    for pattern in ("libonnxruntime.so*", "libonnxruntime*.dylib", "onnxruntime.dll"):
        if libraries := sorted(folder.glob(pattern)):
            _os.environ["ORT_DYLIB_PATH"] = str(libraries[-1])
            return


_find_onnxruntime()

from vqz._vqz import (  # noqa: E402
    BusyError,
    CorruptError,
    MissingModelError,
    PromiseBrokenError,
    TargetNotMetError,
    UnsupportedError,
    VqzError,
    __version__,
    get_threads,
    set_threads,
)
from vqz.archives import codes, compare, decode, encode, info, report, seal, statistics, verify  # noqa: E402
from vqz.codec import Vqz  # noqa: E402
from vqz.encoding import encoding  # noqa: E402
from vqz.fitting import fit  # noqa: E402
from vqz.models import Model, shipped  # noqa: E402
from vqz.warnings import CompressorWarning, RemarkWarning, RewriteWarning, VqzWarning  # noqa: E402

__all__ = [
    "BusyError",
    "CompressorWarning",
    "CorruptError",
    "MissingModelError",
    "Model",
    "PromiseBrokenError",
    "RemarkWarning",
    "RewriteWarning",
    "TargetNotMetError",
    "UnsupportedError",
    "Vqz",
    "VqzError",
    "VqzWarning",
    "__version__",
    "codes",
    "compare",
    "decode",
    "encode",
    "encoding",
    "fit",
    "get_threads",
    "info",
    "report",
    "seal",
    "set_threads",
    "shipped",
    "statistics",
    "verify",
]


def __getattr__(name: str) -> _Any:
    # distributed takes half a second to import, and few need it.
    if name == "dask":
        import importlib

        try:
            return importlib.import_module("vqz.dask")
        except ModuleNotFoundError as error:
            raise AttributeError(f"vqz.dask needs {error.name}: pip install vqz[dask]") from error
    raise AttributeError(f"module 'vqz' has no attribute {name!r}")
