"""What the tests share: the sample, cubes of it, and stores that count."""

from __future__ import annotations

import os
import shutil
import tempfile
import unittest
import warnings
from pathlib import Path

import numpy as np
import xarray as xr
import zarr
from zarr.storage import MemoryStore

import vqz

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample/sentinel2-l2a.zarr"
DIMS = ("time", "band", "y", "x")


def data() -> Path | None:
    """The folder with real rasters, or None."""
    folder = Path(os.environ.get("VQZ_DATA", ROOT.parent / "shared/data"))
    return folder if folder.is_dir() else None


def cube() -> xr.DataArray:
    """The sample: four dates of twelve bands of Sentinel-2, 192² pixels."""
    array = zarr.open_array(SAMPLE, mode="r")
    return xr.DataArray(array[:], dims=DIMS, name="reflectance", coords={"band": list(array.attrs["bands"])})


class Counting(MemoryStore):
    """A store in memory that counts requests for chunks and their bytes."""

    def __init__(self, *args, **more) -> None:
        super().__init__(*args, **more)
        self.requests: list[tuple[str, int]] = []

    async def get(self, key, prototype, byte_range=None):
        found = await super().get(key, prototype, byte_range)
        if "zarr.json" not in key:
            self.requests.append((key, 0 if found is None else len(found)))
        return found

    def bytes(self) -> int:
        return sum(size for _, size in self.requests)


class Case(unittest.TestCase):
    """A test with a folder of its own, ``self.folder``, in which warnings are errors."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vqz-python-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        caught = warnings.catch_warnings()
        caught.__enter__()
        self.addCleanup(caught.__exit__, None, None, None)
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", vqz.VqzWarning)

    def assert_within(self, found: np.ndarray, wanted: np.ndarray, bound: float) -> None:
        difference = np.abs(found.astype(float) - wanted.astype(float)).max()
        self.assertLessEqual(difference, bound)
