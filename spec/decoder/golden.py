"""The golden archives, their chunks, and what it means to decode them rightly.

Used by the check on the command line and by the tests.
"""

import json
from pathlib import Path

import numpy as np
import vqvae
import zarr

FOLDER = Path(__file__).resolve().parent.parent / "golden"
# Where integers are near a tie, two decoders may round to different sides; that is a small share of all samples.
MOST_TIES = 0.01

vqvae.register()


def archives():
    return sorted(path for path in FOLDER.glob("*/*.zarr") if not path.name.endswith(".decoded.zarr"))


def archive(name):
    return next(path for path in archives() if path.name == f"{name}.zarr")


def whole_archives():
    """Those whose chunks are files of their own."""
    return [path for path in archives() if "sharded" not in path.name]


def configuration_of(path):
    """The codec's configuration, as JSON; of the inner codec where the archive is sharded."""
    codec = json.loads((path / "zarr.json").read_text())["codecs"][0]
    if codec["name"] == "sharding_indexed":
        codec = codec["configuration"]["codecs"][0]
    return codec["configuration"]


def open_pair(path):
    """Both arrays of an archive, the nodata values as its data type, and the model's tolerance."""
    found = zarr.open_array(path, mode="r")
    expected = zarr.open_array(path.with_suffix(".decoded.zarr"), mode="r")
    configuration = vqvae.Configuration.parse(configuration_of(path))
    return found, expected, np.array(configuration.nodata, found.dtype), configuration.model().tolerance


def compare(found, expected, nodata, tolerance):
    """What is wrong with `found` (a list, empty if nothing), and a line about it."""
    bits = f"u{found.itemsize}"
    masked = np.isin(expected, nodata) | ~np.isfinite(expected)
    same = found.view(bits) == expected.view(bits)
    error = np.abs(np.where(masked, 0, found).astype(np.float64) - np.where(masked, 0, expected))
    problems = []
    if not same[masked].all():
        problems.append(f"{(~same[masked]).sum()} masked samples differ")
    if found.dtype.kind == "f":
        # Two floats within the tolerance before they were rounded to float32.
        allowed = tolerance + 2 * np.spacing(np.abs(np.where(masked, 0, expected)).astype(np.float32))
        wrong = ~(error <= allowed)
    else:
        wrong = error > 1 + tolerance
        if (error > 0).mean() > MOST_TIES:
            problems.append(f"{(error > 0).sum()} samples differ, more than ties explain")
    if wrong.any():
        problems.append(f"{wrong.sum()} valid samples are off by more than the model's tolerance {tolerance:g}")
    return problems, f"{masked.sum()} masked, {same.mean():.2%} identical, largest difference {error.max():g}"


def chunks(path):
    """Chunks of an archive that is not sharded: their bytes, shape and data type."""
    array = zarr.open_array(path, mode="r")
    for file in sorted((path / "c").rglob("*")):
        if file.is_file():
            yield file.read_bytes(), array.chunks, array.dtype
