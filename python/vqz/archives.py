"""The calls on whole archives, as the command ``vqz`` has them."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vqz import _vqz
from vqz._vqz import VqzError
from vqz.models import Model, find_model
from vqz.options import Quality, nodata_texts
from vqz.warnings import RemarkWarning, remark_all

__all__ = ["codes", "compare", "decode", "encode", "info", "report", "seal", "statistics", "verify"]

Place = str | os.PathLike[str]


def _local(place: Any) -> str | None:
    """The path of a store on a file system; None for other stores."""
    if not isinstance(place, (str, os.PathLike)):
        place = getattr(place, "root", None)
        if not isinstance(place, (str, os.PathLike)):
            return None
    text = os.fspath(place)
    return None if "://" in text and not text.startswith("file://") else text.removeprefix("file://")


def _folder(place: Any) -> str:
    """The path of a store on a file system, for calls that know no other."""
    path = _local(place)
    if path is None:
        raise VqzError(f"{place} is no path on a file system, which this call needs; copy the archive first")
    return path


def encode(
    source: Place,
    archive: Place,
    *,
    model: Model | str | None = None,
    quality: float | None = None,
    psnr: float | None = None,
    bits: float | None = None,
    ratio: float | None = None,
    max_error: float | Sequence[float] | None = None,
    max_error_of_range: float | None = None,
    stable: bool = False,
    lossless: bool = False,
    nodata: Any = None,
    entropy: str = "rans",
    axes: Sequence[str] | None = None,
    chunk_size: int | None = None,
    dates: int | None = None,
    shard_size: int | None = None,
    overwrite: bool = False,
    progress: Any = None,
) -> dict[str, Any]:
    """Encode a Zarr v3 array or group on a file system, all of it in Rust. An interrupted call goes on where it stopped.

    Parameters are those of :func:`vqz.encoding`, and of the command ``vqz encode``.

    Returns
    -------
    dict
        What ``vqz encode --json`` prints.
    """
    if isinstance(max_error, Mapping):
        raise VqzError("max_error names variables; give one bound for all, or one for each band, or use vqz.encoding, which takes such names")
    asked = Quality(quality, psnr, bits, ratio, max_error, max_error_of_range, stable, lossless, entropy)
    whole = None if model is None else find_model(model)
    text, remarks = _vqz.encode(
        _folder(source),
        _folder(archive),
        None if whole is None else whole._native,
        asked.native(),
        chunk_size,
        dates,
        shard_size,
        None if axes is None else list(axes),
        nodata_texts(nodata),
        overwrite,
        progress,
    )
    remark_all(remarks)
    return json.loads(text)


def decode(archive: Place, output: Place, *, overwrite: bool = False, progress: Any = None) -> dict[str, Any]:
    """Decode an archive into a plain Zarr array or group, which any Zarr reader opens."""
    text, remarks = _vqz.decode(_folder(archive), _folder(output), overwrite, progress)
    remark_all(remarks)
    return json.loads(text)


def verify(archive: Place, against: Place | None = None, *, progress: Any = None) -> dict[str, Any]:
    """Check that an archive decodes, and that what it states and promises is true.

    Parameters
    ----------
    archive : str or path
        The archive, on a file system.
    against : str or path, optional
        The source that was encoded: then every sample is compared with what is promised.

    Returns
    -------
    dict
        ``holds`` says whether every check succeeded; ``arrays`` lists failures.
    """
    text, remarks = _vqz.verify(_folder(archive), None if against is None else _folder(against), progress)
    remark_all(remarks)
    return json.loads(text)


def compare(
    reference: Place, other: Place, *, peak: float | None = None, nodata: Any = None, progress: Any = None
) -> dict[str, Any]:
    """Measure how far a raster, or a group of them, is from a reference: PSNR, RMSE, maximum error, structural similarity."""
    text, remarks = _vqz.compare(_folder(reference), _folder(other), peak, nodata_texts(nodata), progress)
    remark_all(remarks)
    return json.loads(text)


def info(path: Place) -> list[dict[str, Any]]:
    """Describe the arrays at a path: shape, chunks, codecs, place, and how they are encoded."""
    text, remarks = _vqz.info(_folder(path))
    remark_all(remarks)
    return json.loads(text)


def statistics(path: Place) -> dict[str, dict[str, Any]]:
    """What the chunks of each encoded array state about its errors, without decoding anything.

    Returns
    -------
    dict
        For the path of each encoded array: ``valid_samples``, ``rmse`` and ``max_error`` in data units, ``psnr_db`` and ``peak``
        (None without a model), ``chunks``, and ``bits_per_sample``.
    """
    keys = ("valid_samples", "rmse", "max_error", "psnr_db", "peak", "chunks")
    return {
        array["path"]: {**{key: array["encoding"][key] for key in keys}, "bits_per_sample": array["bits_per_sample"]}
        for array in info(path)
        if array["encoding"] is not None
    }


def codes(path: Place) -> Any:
    """The codes of an encoded array: what the model's encoder and quantiser made of it. Its decoder does not run.

    Parameters
    ----------
    path : str or path
        An encoded array on a file system, or a group with one such array.

    Returns
    -------
    xarray.DataArray
        int32 codes with the dimensions that are looped over (such as ``time``), ``plane``, ``patch_y`` and ``patch_x``. Their coordinates
        are the model's plane at each position, strongest first, and the rows and columns of pixels at which patches begin.

    Raises
    ------
    UnsupportedError
        For an array without a model, or with exactly coded tiles.
    """
    import numpy as np
    import xarray as xr

    text, data = _vqz.codes(_folder(path))
    about = json.loads(text)
    planes = about["scan_order"] or range(about["shape"][-3])
    return xr.DataArray(
        np.frombuffer(data, np.int32).reshape(about["shape"]),
        dims=about["dimensions"],
        coords={"plane": list(planes), "patch_y": about["rows"], "patch_x": about["columns"]},
        name="codes",
        attrs={key: about[key] for key in ("patch", "model", "sha256")},
    )


def seal(archive: Any, *, storage_options: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Record in an archive's metadata what its chunks hold, so that chunks that are lost later are noticed.

    ``vqz encode`` does so by itself. Call it once an archive that was written by xarray, dask or zarr is complete, and again after it
    grew. Consolidated metadata are consolidated again. Only the headers of chunks are read.

    Parameters
    ----------
    archive : str, path or store
        The archive: a path, a URL that fsspec knows, or a store of zarr-python, such as those of obstore and icechunk.
    storage_options : dict, optional
        What fsspec is given for a URL.

    Returns
    -------
    dict
        The record of each encoded array: ``chunks``, ``valid_samples``, the ``digest`` of what lies where, and the ``shape``, ``data_type``,
        ``fill_value`` and ``nodata`` by which chunks are read.
    """
    folder = _local(archive)
    if folder is None:
        from vqz._sealing import seal_store

        return seal_store(archive, storage_options)
    if getattr(archive, "read_only", False):
        raise VqzError(f"{archive} is opened for reading only; give the path, or open it for writing")
    before = dict(_recorded(Path(folder)))
    text, remarks = _vqz.seal(folder)
    remark_all(remarks)
    if "consolidated_metadata" in json.loads(Path(folder, "zarr.json").read_text(encoding="utf-8")):
        import zarr

        with warnings.catch_warnings():
            # That they are no part of the specification was said when they were made.
            warnings.filterwarnings("ignore", message="Consolidated metadata")
            zarr.consolidate_metadata(folder)
    records = {path: record for path, record in json.loads(text)}
    remark_on_fewer(before, records)
    return records


def _recorded(folder: Path) -> Iterator[tuple[str, Any]]:
    """The records that the arrays of a folder have, by their paths."""
    for place, folders, files in os.walk(folder):
        if "zarr.json" not in files:
            continue
        node = json.loads(Path(place, "zarr.json").read_text(encoding="utf-8"))
        if node.get("node_type") == "array":
            # Below it are chunks.
            folders.clear()
            path = Path(place).relative_to(folder).as_posix()
            yield "" if path == "." else path, (node.get("attributes") or {}).get(_vqz.NAME)


def remark_on_fewer(before: Mapping[str, Any], now: Mapping[str, Mapping[str, Any]]) -> None:
    """Warn of arrays with fewer chunks than were recorded before."""
    for path, record in now.items():
        known = before.get(path)
        chunks = known.get("chunks") if isinstance(known, Mapping) else None
        if isinstance(chunks, int) and record["chunks"] < chunks:
            warnings.warn(
                RemarkWarning(
                    f"{path or 'the array'} has {record['chunks']} chunks, {chunks} were recorded. Unless that record came with data from another "
                    "archive, chunks were lost: restore them and seal again, for now their loss is noticed no more",
                    "chunks_lost",
                    path or None,
                ),
                stacklevel=3,
            )


class Report:
    """A report on an archive, which shows itself in a notebook."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _repr_html_(self) -> str:
        from html import escape

        page = escape(self.path.read_text(encoding="utf-8"), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:800px;border:0"></iframe>'

    def __repr__(self) -> str:
        return f"<vqz.Report {self.path}>"


def report(archive: Place, output: Place, *, against: Place | None = None, overwrite: bool = False) -> Report:
    """Write an HTML page about an archive: pictures, errors, bit rate, promise and model.

    Parameters
    ----------
    archive : str or path
        The archive, on a file system.
    output : str or path
        The page.
    against : str or path, optional
        The source that was encoded: then true errors are shown.

    Returns
    -------
    Report
        It shows itself in a notebook.
    """
    import subprocess
    import sys

    for place in (archive, against):
        if place is not None and not Path(_folder(place)).exists():
            raise FileNotFoundError(f"{_folder(place)} does not exist")
    if Path(output).exists() and not overwrite:
        raise FileExistsError(f"{output} exists; choose another page, or give overwrite=True to replace it")
    arguments = ["report", _folder(archive), "-o", os.fspath(output)]
    arguments += ["--against", _folder(against)] if against is not None else []
    arguments += ["--overwrite"] if overwrite else []
    # A process of its own: a command owns its threads, its console and its exit code.
    done = subprocess.run([sys.executable, "-m", "vqz", *arguments], capture_output=True, text=True, check=False)
    if done.returncode == 2:
        lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        message = lines[-1].removeprefix("error: ") if lines else done.stderr.strip()
        raise VqzError(message)
    return Report(Path(output))
