"""Fitting a model to data as Python holds them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from vqz import _vqz
from vqz._sources import Source, native, random_windows, source
from vqz._vqz import VqzError
from vqz.encoding import refusal
from vqz.models import Model
from vqz.options import nodata_texts
from vqz.warnings import RemarkWarning, remark_all

__all__ = ["fit"]

# The side of a window, in pixels.
_SIDE = 256


def fit(
    data: Any,
    *,
    name: str = "model",
    samples: float = 40e6,
    seed: int = 0,
    axes: Sequence[str] | None = None,
    bands: Sequence[str] | None = None,
    nodata: Any = None,
    patch: int = 16,
    peak: float | None = None,
    scale_each_band: bool = False,
    licence: str = "not stated",
    attribution: str = "",
    progress: Any = None,
) -> Model:
    """Fit a linear model to rasters.

    Windows of 256² pixels with all bands are chosen at random along the chunks of the data, computed (by dask, where the data are
    dask's, all of them together), and fitted to in this process. Fitted is what would be stored: a ``scale_factor`` or a
    ``_FillValue`` in the encoding of an xarray object is applied first.

    Parameters
    ----------
    data : xarray.DataArray, xarray.Dataset, array or sequence of these
        The rasters. All have the same bands. Of a Dataset, its variables with rows and columns.
    name : str
        The model's name.
    samples : float
        About how many samples to fit to.
    seed : int
        Chooses the windows: the same seed and data give the same model.
    axes : sequence of str, optional
        What each dimension is, if names do not show it.
    bands : sequence of str, optional
        The names of the bands, if the data have none.
    nodata : number or sequence, optional
        Values that mean "no data", instead of those that the data declare.
    patch : {8, 16, 32}
        The side of a patch, in pixels.
    peak : float, optional
        The value against which PSNR is stated: by default 255 for ``uint8``, 10000 for 16 bits that look like reflectances, and
        otherwise the range of the samples.
    scale_each_band : bool
        Scales each band by its own standard deviation, for bands in different units.
    licence, attribution : str
        For the model card.
    progress : object, optional
        Has the methods ``started(what, steps)``, ``advanced(steps)`` and ``finished()``.

    Returns
    -------
    Model
        Registered in this process.

    Raises
    ------
    VqzError
        When the data hold no rasters, no valid samples, or rasters with different bands.
    """
    sources = list(_sources(data, axes))
    if not sources:
        raise VqzError("there is nothing to fit to; give rasters with dimensions y and x")
    if bands is not None:
        for each in sources:
            if each.extent("band") != len(bands):
                raise VqzError(f"{len(bands)} names of bands are given, {each.label} has {each.extent('band')} bands")
            each.band_names = [str(band) for band in bands]
    if not samples > 0:
        raise VqzError(f"samples is {samples}, numbers above 0 are allowed")
    total = sum(float(np.prod(each.shape, dtype=float)) for each in sources)
    windows: list[Any] = []
    for number, each in enumerate(sources):
        share = samples * float(np.prod(each.shape, dtype=float)) / total
        regions = random_windows(each, _SIDE, share, seed + number)
        windows.extend(native(each, window) for window in each.read(regions))
    options = {
        "name": name,
        "patch": int(patch),
        "peak": None if peak is None else float(peak),
        "scale_each_band": bool(scale_each_band),
        "licence": licence,
        "attribution": attribution,
        "max_samples": 2**62,
        "roles": None,
        "nodata": nodata_texts(nodata),
    }
    fitted, summary, remarks = _vqz.fit(windows, options, progress)
    remark_all(remarks)
    model = Model(fitted)
    model.summary = json.loads(summary)
    return model.register()


def _sources(data: Any, axes: Sequence[str] | None) -> Iterable[Source]:
    if hasattr(data, "data_vars"):
        for variable in data.data_vars.values():
            found = source(variable, axes=axes)
            if not found.is_raster():
                continue
            window = found.read([tuple(slice(0, 1) for _ in found.dims)])[0]
            if (reason := refusal(found, window, None)) is None:
                yield found
            else:
                warnings.warn(RemarkWarning(f"{found.label}: {reason}; it is left out of the fit", "left_out", found.label), stacklevel=4)
    elif isinstance(data, (list, tuple)):
        for member in data:
            yield from _sources(member, axes)
    else:
        found = source(data, axes=axes)
        if not found.is_raster():
            raise VqzError(
                f"{found.label} has dimensions {found.dims}, exactly one must be y and one x; give axes=, or rename the dimensions"
            )
        yield found
