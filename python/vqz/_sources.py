"""Rasters as Python holds them, xarray, dask, numpy or zarr: what they are, and windows of their samples as they would be stored."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vqz._vqz import VqzError

# What each dimension is, by the names in common use; the same table as the native part's.
ROLES = {
    **dict.fromkeys(("y", "lat", "latitude", "row", "rows", "northing"), "y"),
    **dict.fromkeys(("x", "lon", "longitude", "col", "column", "columns", "easting"), "x"),
    **dict.fromkeys(("band", "bands", "channel", "channels", "c", "wavelength", "feature"), "band"),
    **dict.fromkeys(("time", "t", "date"), "time"),
}

# What says how xarray turns values into stored samples.
_CODED = ("_FillValue", "missing_value", "scale_factor", "add_offset", "dtype", "_Unsigned", "units", "calendar")

_TYPES = ("uint8", "int16", "uint16", "int32", "float32", "float64")


@dataclass
class Source:
    """A raster whose samples are read when they are asked for."""

    label: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    # The extents of dask's or zarr's chunks along each dimension; None where it is in memory.
    blocks: tuple[tuple[int, ...], ...] | None
    # An xarray.DataArray, or what is indexed like numpy.
    data: Any
    attributes: dict[str, Any] = field(default_factory=dict)
    coding: dict[str, Any] = field(default_factory=dict)
    band_names: list[str] | None = None

    @property
    def roles(self) -> list[str]:
        """What each dimension is."""
        roles = [ROLES.get(name.lower(), name) for name in self.dims]
        own = [at for at, name in enumerate(roles) if name.endswith("_band")]
        # An array beside others may have a dimension of its own for its bands.
        if len(own) == 1 and "band" not in roles:
            roles[own[0]] = "band"
        return roles

    def extent(self, role: str) -> int:
        """The extent of the dimension with a role: 1 where there is none."""
        roles = self.roles
        return self.shape[roles.index(role)] if role in roles else 1

    def is_raster(self) -> bool:
        """Whether it has rows and columns."""
        roles = self.roles
        return roles.count("y") == 1 and roles.count("x") == 1 and 2 <= len(roles) <= 6

    def read(self, regions: Sequence[tuple[slice, ...]]) -> list[Window]:
        """Windows of the samples as they would be stored, all computed at once."""
        return [self._stored(values) for values in _computed([self.data[region] for region in regions])]

    def _stored(self, values: Any) -> Window:
        attributes = dict(self.attributes)
        samples = np.asarray(values)
        if self.coding:
            import xarray as xr

            variable = xr.Variable(self.dims, samples, attributes, encoding=dict(self.coding))
            variable = xr.conventions.encode_cf_variable(variable, name=self.label)
            samples, attributes = np.asarray(variable.data), dict(variable.attrs)
        native = samples.dtype.newbyteorder("=")
        return Window(np.ascontiguousarray(samples, dtype=native), attributes)


@dataclass
class Window:
    """Samples as they would be stored, and the attributes that they would have."""

    samples: np.ndarray
    attributes: dict[str, Any]


def source(data: Any, label: str | None = None, axes: Sequence[str] | None = None) -> Source:
    """The source that an object is.

    Raises
    ------
    VqzError
        For an object without named dimensions, unless ``axes`` names them.
    """
    if hasattr(data, "variable") and hasattr(data, "dims") and hasattr(data, "encoding"):
        return _of_xarray(data, label, axes)
    if not hasattr(data, "shape") or not hasattr(data, "dtype"):
        raise VqzError(
            f"{type(data).__name__} holds no samples; give an xarray DataArray or Dataset, or an array of numpy, dask or zarr"
        )
    names = axes or _dimension_names(data)
    if names is None or len(names) != len(data.shape):
        raise VqzError(
            f"an array of {len(data.shape)} dimensions has no names for them; give axes=, such as axes=[\"band\", \"y\", \"x\"]"
        )
    try:
        blocks = getattr(data, "chunks", None)
    except NotImplementedError:
        # zarr-python has no one size for a grid of chunks of several sizes.
        blocks = None
    if blocks is not None and blocks and not isinstance(blocks[0], tuple):
        blocks = tuple(_cut(extent, size) for extent, size in zip(data.shape, blocks, strict=True))
    attributes = dict(getattr(data, "attrs", {}) or {})
    return Source(label or getattr(data, "name", None) or "array", tuple(names), tuple(data.shape), blocks, data, attributes)


def _of_xarray(data: Any, label: str | None, axes: Sequence[str] | None) -> Source:
    dims = tuple(str(name) for name in data.dims)
    if axes is not None and len(axes) != len(dims):
        raise VqzError(f"{data.name} has dimensions {dims}, axes are {list(axes)}; give one for each")
    coding = {key: data.encoding[key] for key in _CODED if key in data.encoding}
    coding = {key: value for key, value in coding.items() if key not in data.attrs}
    signless(coding)
    if "dtype" in coding and "scale_factor" not in coding and "add_offset" not in coding and "_FillValue" not in coding:
        # Values were not decoded, so what they were stored as once says nothing about them now.
        del coding["dtype"]
    names = None
    roles = [ROLES.get(name.lower(), name) for name in (axes or dims)]
    if "band" in roles:
        at = dims[roles.index("band")]
        if at in data.coords and data.coords[at].dtype.kind in "OUST":
            names = [str(name) for name in data.coords[at].values]
        elif isinstance(data.attrs.get("long_name"), (tuple, list)):
            # As rioxarray has them.
            names = [str(name) for name in data.attrs["long_name"]]
    return Source(
        label or str(data.name or "array"),
        tuple(axes) if axes is not None else dims,
        tuple(data.shape),
        data.chunks,
        data.variable,
        dict(data.attrs),
        coding,
        names,
    )


def signless(coding: dict[str, Any]) -> None:
    """Replace the attribute ``_Unsigned``, by which signed integers stand for unsigned ones, by the unsigned type itself: under a bound,
    -1 and 0 would be neighbours that stand for the largest and the smallest value."""
    stored = np.dtype(coding["dtype"]) if "dtype" in coding else None
    if coding.pop("_Unsigned", "false") in ("true", True) and stored is not None and stored.kind == "i":
        unsigned = np.dtype(f"uint{8 * stored.itemsize}")
        coding["dtype"] = unsigned
        for key in ("_FillValue", "missing_value"):
            if key in coding:
                coding[key] = np.asarray(coding[key]).astype(stored).view(unsigned)[()]


def _dimension_names(data: Any) -> Sequence[str] | None:
    names = getattr(getattr(data, "metadata", None), "dimension_names", None)
    return None if names is None or None in names else names


def _computed(windows: list[Any]) -> list[Any]:
    """All windows in memory; dask computes them together."""
    if any(hasattr(_array(window), "dask") for window in windows):
        import dask

        return list(dask.compute(*(_array(window) for window in windows)))
    return [np.asarray(_array(window)) for window in windows]


def _array(window: Any) -> Any:
    return window.data if hasattr(window, "dims") and hasattr(window, "data") else window


def _cut(extent: int, size: int) -> tuple[int, ...]:
    whole = (size,) * (extent // size)
    return whole + ((extent % size,) if extent % size else ())


def document(source_: Source, window: Window, chunk: Sequence[int] | None = None) -> str:
    """The metadata that a window would have as a Zarr array, as the text of its ``zarr.json``."""
    shape = list(window.samples.shape)
    if window.samples.dtype.name not in _TYPES:
        raise VqzError(
            f"{source_.label} is stored as {window.samples.dtype}, the codec takes {', '.join(_TYPES)}; convert it first, such as "
            "with .astype, or set its encoding"
        )
    # With more dimensions than the source has, the first ones number the windows.
    names = [f"window{n}" for n in range(len(shape) - len(source_.dims))] + list(source_.dims)
    return json.dumps(
        {
            "zarr_format": 3,
            "node_type": "array",
            "shape": shape,
            "data_type": window.samples.dtype.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk or shape)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": _fill(window),
            "codecs": [],
            "dimension_names": names,
            "attributes": {str(key): _json(value) for key, value in window.attributes.items()},
        }
    )


def _fill(window: Window) -> Any:
    value = window.attributes.get("_FillValue")
    if value is None:
        return "NaN" if window.samples.dtype.kind == "f" else 0
    return _json(value)


def _json(value: Any) -> Any:
    """An attribute as Zarr spells it."""
    if isinstance(value, Mapping):
        return {str(key): _json(member) for key, member in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_json(member) for member in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def native(source_: Source, window: Window, chunk: Sequence[int] | None = None) -> tuple[Any, str, str, list[str] | None]:
    """For the native part: samples, metadata, a name, and the names of the bands."""
    samples = window.samples.reshape(-1).view(np.uint8)
    return samples, document(source_, window, chunk), source_.label, source_.band_names


def random_windows(source_: Source, side: int, most: float, seed: int) -> list[tuple[slice, ...]]:
    """Windows of ``side`` pixels with all bands, at random places on the grid of the source's blocks, that hold about ``most``
    samples; the windows of all of it where it holds no more.

    A window never crosses the border of a block along y and x where blocks are larger than it, so that few blocks are read.
    """
    places: list[list[slice]] = []
    for at, role in enumerate(source_.roles):
        extent = source_.shape[at]
        if role == "band":
            places.append([slice(0, extent)])
        elif role in ("y", "x"):
            blocks = source_.blocks[at] if source_.blocks is not None else (extent,)
            places.append(_within(blocks, side))
        else:
            places.append([slice(i, i + 1) for i in range(extent)])
    count = math.prod(len(options) for options in places)
    samples = math.prod(source_.shape)
    wanted = count if samples <= most else max(1, min(count, round(count * most / samples)))
    numbers: Any = range(count)
    if wanted < count:
        generator = np.random.default_rng(seed)
        # Without an array of all numbers, of which there may be billions.
        chosen: set[int] = set()
        while len(chosen) < wanted:
            chosen.update(int(n) for n in generator.integers(0, count, wanted - len(chosen)))
        numbers = sorted(chosen)
    windows = []
    for number in numbers:
        window = []
        for options in reversed(places):
            number, at = divmod(number, len(options))
            window.append(options[at])
        windows.append(tuple(reversed(window)))
    return windows


def _within(blocks: Sequence[int], side: int) -> list[slice]:
    slices = []
    start = 0
    for size in blocks:
        for first in range(0, size, side):
            slices.append(slice(start + first, start + min(first + side, size)))
        start += size
    return slices
