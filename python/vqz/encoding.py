"""The encoding that xarray writes a Dataset with."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vqz import _vqz
from vqz._sources import Source, Window, native, signless, source
from vqz._vqz import VqzError
from vqz.codec import Vqz
from vqz.models import Model, find_model
from vqz.options import Quality, nodata_texts
from vqz.warnings import RemarkWarning, remark_all

__all__ = ["encoding"]

# The side of a chunk along y and x, in pixels, where nobody says otherwise.
_SIDE = 1024

# Without a search, so many samples tell the order of bands, the unit and the best quality under a bound.
_UNSEARCHED = 4e6

# As few values look like classes.
_FEW = 32

# The attributes by which CF names variables that say something about another one.
_NAMING = ("ancillary_variables", "coordinates", "bounds", "climatology", "cell_measures", "formula_terms", "grid_mapping", "geometry")

# What an encoding keeps of the present one: how values are turned into stored samples, and the names of variables that say more
# about this one, such as where it lies. xarray drops what an encoding does not name.
_KEPT = (
    *("_FillValue", "missing_value", "scale_factor", "add_offset", "dtype", "_Unsigned", "units", "calendar"),
    *("grid_mapping", "ancillary_variables", "cell_measures", "formula_terms", "bounds"),
)


def encoding(
    ds: Any,
    *,
    model: Model | str | None = None,
    quality: float | None = None,
    psnr: float | None = None,
    bits: float | None = None,
    ratio: float | None = None,
    max_error: float | Sequence[float] | Mapping[str, float | Sequence[float]] | None = None,
    max_error_of_range: float | None = None,
    stable: bool = False,
    lossless: bool = False,
    nodata: Any = None,
    entropy: str = "rans",
    chunks: Mapping[str, int] | None = None,
    shards: Mapping[str, int] | None = None,
    axes: Mapping[str, Sequence[str]] | Sequence[str] | None = None,
    embed: bool = True,
    samples: float = 40e6,
    seed: int = 0,
    progress: Any = None,
) -> dict[str, dict[str, Any]]:
    """The encoding of each raster of a Dataset, for ``ds.to_zarr(url, encoding=vqz.encoding(ds, …))``.

    It is complete: the codec as serializer and no compressor behind it, chunks (and shards) that align with dask's, the roles of the
    dimensions, the values that mean "no data", and Zarr's fill value; scale factors and types of the present encoding are kept. The
    search for a PSNR, for bits or for a ratio is made on chunks chosen at random.

    Parameters
    ----------
    ds : xarray.Dataset or xarray.DataArray
        What is to be written. Of a Dataset, its variables with rows and columns. Those whose attributes say that they are classes
        (``flag_values``, ``flag_masks``, ``flag_meanings``), and those that others name as ancillary to them, stay exact under any
        bound. Coordinates are not touched: xarray writes them exactly.
    model : Model, str or path, optional
        The model. Where the names of its bands and those of the data tell, bands go to it by name. It may be left out where an error
        is bounded.
    quality, psnr, bits, ratio : float, optional
        One of: the nominal quality in dB; a true PSNR in dB; bits a valid sample; raw over stored bytes.
    max_error, max_error_of_range, stable, lossless
        What is promised about every valid sample: see :class:`vqz.Vqz`. ``max_error`` is in the units of the stored samples, before any
        ``scale_factor``; it may be a mapping by variable, and variables that it does not name are then written losslessly.
        ``max_error_of_range`` is a part of the range of each band, as found in the chunks that are examined.
    nodata : number or sequence, optional
        Values that mean "no data", as they are stored, besides those that the data declare.
    entropy : {"rans", "lz4"}
        ``rans`` is smallest, ``lz4`` is fastest.
    chunks : mapping, optional
        Extents of chunks by dimension. By default chunks hold all bands, one step of every other dimension, and about 1024² pixels,
        aligned with dask's chunks.
    shards : mapping, optional
        Extents of shards by dimension: files that hold several chunks. They are multiples of the chunks, and dask's chunks multiples
        of them.
    axes : mapping or sequence, optional
        What each dimension is, if names do not show it: for all variables, or by the name of a variable.
    embed : bool
        Whether the decoding half of the model travels in the metadata.
    samples : float
        About how many samples the search uses.
    seed : int
        Chooses the chunks of the search.
    progress : object, optional
        Has the methods ``started(what, steps)``, ``advanced(steps)`` and ``finished()``.

    Returns
    -------
    dict
        For each variable that is encoded, its encoding.

    Raises
    ------
    VqzError
        When no variable can be encoded, or chunks do not align.
    TargetNotMetError
        When no quality comes near the target.
    """
    bounds = max_error if isinstance(max_error, Mapping) else None
    asked = Quality(
        quality, psnr, bits, ratio, None if bounds is not None else max_error, max_error_of_range, stable and bounds is None, lossless, entropy
    )
    found_model = None if model is None else find_model(model)
    if hasattr(ds, "data_vars"):
        variables = dict(ds.data_vars)
    else:
        # xarray gives an array without a name this one when it writes it.
        variables = {ds.name if ds.name is not None else "__xarray_dataarray_variable__": ds}
    for argument, given in (("axes", axes), ("max_error", bounds)):
        unknown = [name for name in given if name not in variables] if isinstance(given, Mapping) else []
        if unknown:
            raise VqzError(f"{argument} names {unknown[0]!r}, the variables are {', '.join(map(str, variables))}")
    beside = _beside(variables)
    encodings: dict[str, dict[str, Any]] = {}
    refused: list[str] = []
    for name, variable in variables.items():
        roles = axes.get(name) if isinstance(axes, Mapping) else axes
        raster = source(variable, str(name), roles)
        if not raster.is_raster():
            continue
        window = raster.read([tuple(slice(0, 1) for _ in raster.dims)])[0]
        reason = refusal(raster, window, None if str(name) in beside else found_model)
        if reason is not None:
            refused.append(f"{name}: {reason}")
            continue
        if any(isinstance(variable.attrs.get(key), Mapping) for key in ("vqz", "vqvae")):
            warnings.warn(
                RemarkWarning(
                    f"{name} carries the record of the archive that it was read from, which counts that archive's chunks; call "
                    "vqz.seal(…) once the new one is written",
                    "foreign_record",
                    str(name),
                ),
                stacklevel=2,
            )
        chunk, shard = layout(variable, raster, chunks, shards)
        promised, for_model = asked, found_model
        if str(name) in beside:
            promised, for_model = Quality(lossless=True, entropy=entropy), None
        elif bounds is not None:
            bound = bounds.get(name)
            promised = replace(asked, max_error=bound, stable=stable and bound is not None, lossless=bound is None)
        searched = for_model is not None and any(figure is not None for figure in (psnr, bits, ratio))
        regions = _chunks(raster, chunk, samples if searched else min(samples, _UNSEARCHED), seed)
        given = _possible(nodata_texts(nodata), window, raster)
        values = [*_declared(window, raster), *given] if given else []
        codec = configured(raster, regions, chunk, for_model, promised, values, embed, progress, searched, bounds is not None)
        kept = {key: variable.encoding[key] for key in _KEPT if key in variable.encoding and key not in variable.attrs}
        signless(kept)
        encodings[str(name)] = {
            **kept,
            "serializer": codec,
            "compressors": None,
            "filters": (),
            "chunks": tuple(chunk),
            **({"shards": tuple(shard)} if shard is not None else {}),
            "fill_value": _fill_value(codec, window),
        }
    if not encodings:
        why = f" ({'; '.join(refused)})" if refused else "; it needs a variable with dimensions y and x"
        raise VqzError(f"nothing can be encoded{why}")
    for reason in refused:
        warnings.warn(
            RemarkWarning(f"{reason}; it is written without vqz", "copied_as_it_is", reason.split(":")[0]), stacklevel=2
        )
    return encodings


def _beside(variables: Mapping[Any, Any]) -> set[str]:
    """The variables that others name as ancillary to them, or as coordinates: any error would change what these mean."""
    named: set[str] = set()
    for name, variable in variables.items():
        for of in (variable.attrs, variable.encoding):
            for key in _NAMING:
                if isinstance(of.get(key), str):
                    named.update(word for word in of[key].replace(":", " ").split() if word != str(name))
    return named & {str(name) for name in variables}


def _possible(nodata: Sequence[str], window: Window, raster: Source) -> list[str]:
    """The values for "no data" that stored samples can have; says which they can't."""
    kind = window.samples.dtype
    possible = []
    for text in nodata:
        number = float(text)
        if kind.kind == "f" or not np.isfinite(number) or (number.is_integer() and np.iinfo(kind).min <= number <= np.iinfo(kind).max):
            possible.append(text)
        else:
            message = f"{raster.label}: nodata {text} is given, which no {kind} can be: all its samples count as valid"
            warnings.warn(RemarkWarning(message, "impossible_nodata", raster.label), stacklevel=3)
    return possible


def refusal(raster: Source, window: Window, model: Model | None) -> str | None:
    """Why a raster can't be encoded, or None."""
    if window.samples.dtype.name not in ("uint8", "int16", "uint16", "int32", "float32", "float64"):
        return (
            f"it is stored as {window.samples.dtype}, which the codec does not take (uint8, int16, uint16, int32, float32 and float64 "
            "are taken)"
        )
    if 0 in raster.shape:
        return "it holds no samples"
    if model is not None and raster.extent("band") != len(model.bands):
        return f"it has {raster.extent('band')} bands, model {model.name} takes {len(model.bands)}"
    return None


def configured(
    raster: Source,
    regions: Sequence[tuple[slice, ...]],
    chunk: Sequence[int],
    model: Model | None,
    asked: Quality,
    nodata: list[str],
    embed: bool,
    progress: Any,
    searched: bool,
    meant: bool,
) -> Vqz:
    """The codec for a raster, settled on some of its chunks."""
    windows = raster.read(regions)
    first = windows[0]
    _examine(raster, windows, asked, nodata, searched, meant)
    if len(windows) > 1:
        # Whole chunks, numbered by a dimension of their own.
        stacked = Window(np.stack([window.samples for window in windows]), first.attributes)
        roles, extents = ["window", *raster.roles], [1, *chunk]
    else:
        stacked, roles, extents = first, raster.roles, [min(c, n) for c, n in zip(chunk, first.samples.shape, strict=True)]
    if len(roles) > 6:
        stacked, roles, extents = first, raster.roles, list(chunk)
    text, remarks = _vqz.configure(
        native(raster, stacked, extents),
        None if model is None else model._native,
        asked.native(),
        extents,
        roles,
        nodata,
        progress,
    )
    remark_all(remarks, stacklevel=4)
    configuration = json.loads(text)
    configuration["axes"] = raster.roles
    if not embed and "model" in configuration:
        configuration["model"].pop("decoder", None)
    if model is not None:
        model.register()
    return Vqz.from_dict({"configuration": configuration})


def _declared(window: Window, raster: Source) -> list[str]:
    """The values that the stored samples have for "no data", as texts."""
    found: list[str] = []
    for key in ("_FillValue", "missing_value"):
        value = window.attributes.get(key)
        if value is not None and not isinstance(value, str):
            found += nodata_texts(np.atleast_1d(np.asarray(value)))
    return list(dict.fromkeys(found))


def _examine(
    raster: Source, windows: Sequence[Window], asked: Quality, nodata: Sequence[str], searched: bool, meant: bool
) -> None:
    """Refuse what nothing can be found out about, and warn of a bound that leaves nothing of a variable, unless it was ``meant`` for
    this variable, or the variable says that it holds classes, which stay exact."""
    bounds = asked.bounds()
    if meant or any(str(key).startswith("flag_") for key in windows[0].attributes):
        bounds = None
    if not searched and asked.max_error_of_range is None and not bounds:
        return
    declared = [float(text) for text in (*nodata, *_declared(windows[0], raster))]
    low, high, values = np.inf, -np.inf, set()
    for window in windows:
        samples = window.samples
        valid = np.isfinite(samples) if samples.dtype.kind == "f" else np.ones(samples.shape, bool)
        for value in declared:
            valid &= samples != value
        if valid.any():
            low, high = min(low, float(samples[valid].min())), max(high, float(samples[valid].max()))
            if samples.dtype.kind in "iu" and len(values) <= _FEW:
                values.update(np.unique(samples[valid])[: _FEW + 1].tolist())
    if not low < high:
        if searched or asked.max_error_of_range is not None:
            raise VqzError(
                f"{raster.label} is the same everywhere in the chunks that were examined, so no quality can be found for it; give data, or "
                "quality= or max_error="
            )
        return
    classes = raster.extent("band") == 1 and 0 < len(values) <= _FEW
    if bounds and max(bounds) > 0 and (8 * max(bounds) >= high - low or (classes and max(bounds) >= 1)):
        what = f"few values, as classes have ({len(values)})" if classes else f"samples from {low:g} to {high:g}"
        warnings.warn(
            RemarkWarning(
                f"{raster.label} has {what}, of which an error of {max(bounds):g} leaves little; give max_error={{\"{raster.label}\": …}} by "
                "variable, or say that it holds classes by the attribute flag_values",
                "wide_bound",
                raster.label,
            ),
            stacklevel=4,
        )


def _fill_value(codec: Vqz, window: Window) -> Any:
    """Zarr's fill value: what chunks that nobody wrote read as. It is the declared one, or else the first value that means "no data"."""
    declared = window.attributes.get("_FillValue")
    for value in [declared] if declared is not None and np.ndim(declared) == 0 and not isinstance(declared, str) else codec.configuration.get("nodata", []):
        number = float(value)
        if window.samples.dtype.kind == "f" or number.is_integer():
            return window.samples.dtype.type(number)
    return window.samples.dtype.type(np.nan if window.samples.dtype.kind == "f" else 0)


def layout(
    variable: Any, raster: Source, chunks: Mapping[str, int] | None, shards: Mapping[str, int] | None
) -> tuple[list[int], list[int] | None]:
    """The extents of chunks and of shards, aligned with the blocks that dask writes one by one.

    Raises
    ------
    VqzError
        When they can't be aligned. The message says how to rechunk.
    """
    names = [str(name) for name in variable.dims]
    for asked in (chunks or {}, shards or {}):
        unknown = [name for name in asked if name not in names]
        if unknown:
            raise VqzError(f"{raster.label} has dimensions {', '.join(names)}, none is called {unknown[0]}")
    for asked in (chunks or {}, shards or {}):
        for name, size in asked.items():
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or (size < 1 and size != -1):
                raise VqzError(f"the extent along {name} is {size!r}, whole numbers from 1 on are allowed, and -1 for all of it")
    chunk: list[int] = []
    shard: list[int] = []
    wrong: list[str] = []
    for at, (name, role, extent) in enumerate(zip(names, raster.roles, raster.shape, strict=True)):
        blocks = raster.blocks[at] if raster.blocks is not None else (extent,)
        # The writer of a block writes whole chunks, so only the last block may be of another size.
        block = blocks[0]
        regular = all(size == block for size in blocks[:-1]) and blocks[-1] <= block
        given = (chunks or {}).get(name)
        outer = (shards or {}).get(name)
        outer = extent if outer == -1 else outer
        if given is not None:
            size = min(int(given), extent) if given > 0 else extent
        elif role == "band":
            size = extent
        elif role in ("y", "x"):
            size = _side(block if len(blocks) > 1 else (outer or extent), extent, outer)
        else:
            size = 1
        chunk.append(size)
        whole = size if outer is None else int(outer)
        if whole % size and whole < extent:
            raise VqzError(f"shards of {whole} along {name} hold no whole number of chunks of {size}; give multiples")
        # A shard may reach beyond the array, and holds whole chunks.
        shard.append(-(-whole // size) * size)
        unit = shard[-1] if shards else size
        if len(blocks) > 1 and not (regular and block % unit == 0):
            wrong.append(f"{name}={-(-max(block, unit) // unit) * unit}")
    if wrong:
        raise VqzError(
            f"the chunks of dask do not align with those of the archive ({'shards' if shards else 'chunks'} of "
            f"{tuple(shard if shards else chunk)}, dask's of {_listed(raster.blocks or ())}), so two tasks would write "
            f"one file; call .chunk({', '.join(wrong)}) first, or choose other chunks"
        )
    return chunk, shard if shards else None


def _listed(blocks: Sequence[Sequence[int]]) -> str:
    """Extents of blocks along each dimension: all of them where they differ."""
    return "(" + ", ".join(str(sizes[0]) if len(set(sizes[:-1])) <= 1 and sizes[-1] <= sizes[0] else str(tuple(sizes)) for sizes in blocks) + ")"


def _side(block: int, extent: int, shard: int | None) -> int:
    """The extent of a chunk along y or x that divides a block: at most about 1024 pixels."""
    block = min(block, extent) if shard is None else min(block, shard)
    if block <= _SIDE * 3 // 2:
        return block
    for parts in range(-(-block // (_SIDE * 3 // 2)), block + 1):
        if block % parts == 0 and block // parts <= _SIDE * 3 // 2:
            side = block // parts
            # Thin chunks would cost more than those that do not divide the block.
            return side if side >= 256 else min(_SIDE, extent)
    return min(_SIDE, extent)


def _chunks(raster: Source, chunk: Sequence[int], samples: float, seed: int) -> list[tuple[slice, ...]]:
    """Whole chunks at random places that hold about so many samples; the whole raster where it is no larger than one chunk."""
    counts = [max(1, extent // size) for extent, size in zip(raster.shape, chunk, strict=True)]
    total = int(np.prod(counts, dtype=np.int64))
    each = int(np.prod(chunk, dtype=np.int64))
    wanted = max(1, min(total, round(samples / each)))
    generator = np.random.default_rng(seed)
    if total < 1 << 24:
        numbers = generator.choice(total, wanted, replace=False)
    else:
        # Without an array of all numbers; two that are equal are one.
        numbers = np.unique(generator.integers(0, total, wanted))
    regions = []
    for number in sorted(int(n) for n in numbers):
        places = np.unravel_index(number, counts)
        regions.append(
            tuple(
                slice(int(at) * size, min(int(at) * size + size, extent))
                for at, size, extent in zip(places, chunk, raster.shape, strict=True)
            )
        )
    return regions
