"""What the Python tests share: where things are, how commands are run, and arrays by zarr-python."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

import numpy as np
import zarr

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample/sentinel2-l2a.zarr"
MODEL = ROOT / "models/sentinel2-l2a.vqm"
VQZ = Path(os.environ.get("VQZ", ROOT / "target/debug/vqz"))
CONSUMER = Path(os.environ.get("VQZ_CONSUMER", ROOT / "target/debug/vqz-consumer"))


def data():
    """The folder with real rasters, or None."""
    folder = Path(os.environ.get("VQZ_DATA", ROOT.parent / "shared/data"))
    return folder if folder.is_dir() else None


class Case(unittest.TestCase):
    """A test with a folder of its own, `self.folder`."""

    programs = (VQZ, CONSUMER)

    @classmethod
    def setUpClass(cls):
        for program in cls.programs:
            if not program.is_file():
                raise AssertionError(f"{program} is not there; `make test` builds it")
        for path in (SAMPLE, MODEL):
            if not path.exists():
                raise unittest.SkipTest(f"SKIPPED: {path.relative_to(ROOT)} is not there")

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="vqz-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_program(self, program, *arguments, code=0):
        """Runs a program, checks its exit code, and returns its standard output, or standard error when it fails."""
        command = [str(program), *map(str, arguments)]
        # The consumer reads with tract, whatever else its build holds: no library is where this says.
        environment = {**os.environ, "ORT_DYLIB_PATH": "/nonexistent"} if program == CONSUMER else None
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
        if done.returncode != code:
            self.fail(f"{' '.join(command)}: exit code {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stderr

    def vqz(self, *arguments, code=0):
        return self.run_program(VQZ, *arguments, code=code)

    def write(self, name, samples, dimensions, **options):
        """Writes an array by zarr-python."""
        path = self.folder / name
        array = zarr.create_array(
            store=path, shape=samples.shape, dtype=samples.dtype, dimension_names=dimensions, zarr_format=3, **options
        )
        array[...] = samples
        return path

    def psnr(self, wanted, found, peak, valid=None):
        if valid is not None:
            wanted, found = wanted[valid], found[valid]
        difference = wanted.astype(np.float64) - found.astype(np.float64)
        return 10 * np.log10(peak**2 / np.mean(difference**2))

    def read_by_zarrs(self, archive, like):
        """The archive's only array as the separate consumer crate reads it through zarrs, which also checks its parts."""
        raw = self.folder / "raw"
        shutil.rmtree(raw, ignore_errors=True)
        printed = self.run_program(CONSUMER, archive, "--dump", raw)
        self.assertIn("the same parts, asynchronously", printed)
        (file,) = raw.iterdir()
        return np.fromfile(file, dtype=like.dtype).reshape(like.shape), printed


def sample():
    """The sample's image `(band, y, x)` and its metadata, as zarr-python reads them."""
    found = zarr.open(SAMPLE, mode="r")
    if isinstance(found, zarr.Group):
        images = [array for _, array in found.members(max_depth=None) if isinstance(array, zarr.Array) and array.ndim >= 3]
        found = images[0]
    samples = found[...]
    while samples.ndim > 3:
        samples = samples[0]
    return samples, found


def manifest(package=MODEL):
    """What a model says of itself."""
    with zipfile.ZipFile(package) as archive:
        return json.loads(archive.read("model.json"))


def skipped(test, why):
    """Skips a test aloud."""
    print(f"SKIPPED: {test.id()}: {why}", file=sys.stderr)
    test.skipTest(why)


def configuration(archive):
    """The codec's configuration in the archive's only array, whether it is sharded or not."""
    for file in sorted(Path(archive).rglob("zarr.json")):
        metadata = json.loads(file.read_text())
        codecs = metadata.get("codecs", [])
        while codecs and codecs[0]["name"] == "sharding_indexed":
            codecs = codecs[0]["configuration"]["codecs"]
        if codecs and codecs[0]["name"] == "vqz":
            return codecs[0]["configuration"]
    raise AssertionError(f"{archive} holds no array with the codec")
