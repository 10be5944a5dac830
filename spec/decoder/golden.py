"""The golden archives, their chunks, and what it means to decode them rightly.

Used by the check on the command line and by the tests.
"""

import json
from pathlib import Path

import numpy as np
import vqz
import zarr
from vqz.restore import nodata_of

FOLDER = Path(__file__).resolve().parent.parent / "golden"
# Where integers are near a tie, two decoders may round to different sides; that is a small share of all samples.
MOST_TIES = 0.01

vqz.register()


def archives():
    """Those to be decoded: beside them stand what they have to decode to and, for some, what they were made of."""
    return sorted(path for path in FOLDER.glob("*/*.zarr") if not path.name.endswith((".decoded.zarr", ".source.zarr")))


def archive(name):
    return next(path for path in archives() if path.name == f"{name}.zarr")


def whole_archives():
    """Those whose chunks are files of their own."""
    return [path for path in archives() if outer_codec(path)["name"] != "sharding_indexed"]


def with_model():
    """Those of them that name a model."""
    return [path for path in whole_archives() if "model" in configuration_of(path)]


def outer_codec(path):
    """The codec that stands in the array's metadata, as JSON: this one, or the sharding around it."""
    return json.loads((path / "zarr.json").read_text())["codecs"][0]


def configuration_of(path):
    """The codec's configuration, as JSON; of the inner codec where the archive is sharded."""
    codec = outer_codec(path)
    if codec["name"] == "sharding_indexed":
        codec = codec["configuration"]["codecs"][0]
    return codec["configuration"]


def open_pair(path):
    """Both arrays of an archive, the nodata values as its data type, and by how much decoders may differ.

    Without a model they may not.
    """
    found = zarr.open_array(path, mode="r")
    expected = zarr.open_array(path.with_suffix(".decoded.zarr"), mode="r")
    configuration = vqz.Configuration.parse(configuration_of(path))
    model = configuration.model()
    tolerance = None
    if model:
        # In proportion beyond the model's peak.
        finite = np.abs(expected[...].astype(np.float64))
        finite = finite[np.isfinite(finite)]
        tolerance = model.tolerance * max(1, finite.max(initial=0) / model.peak)
    return found, expected, nodata_of(configuration.nodata, found.dtype), tolerance


def compare(found, expected, nodata, tolerance):
    """What is wrong with `found` (a list, empty if nothing), and a line about it."""
    bits = f"u{found.itemsize}"
    masked = np.isin(expected, nodata) | ~np.isfinite(expected)
    same = found.view(bits) == expected.view(bits)
    if tolerance is None:
        return [] if same.all() else [f"{(~same).sum()} samples differ, without a model"], f"{masked.sum()} masked"
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


def broken_promises(path, found):
    """What is wrong with `found` by what the archive promises of its source, if that is there; a list."""
    promise = configuration_of(path).get("promise", {"kind": "quality"})
    source = path.with_suffix(".source.zarr")
    if promise["kind"] == "quality" or not source.exists():
        return []
    source = zarr.open_array(source, mode="r")[...]
    bits = f"u{found.itemsize}"
    differ = found.view(bits) != source.view(bits)
    if promise["kind"] == "lossless":
        return [f"{differ.sum()} samples differ from the source"] * bool(differ.any())
    configuration = vqz.Configuration.parse(configuration_of(path))
    masked = np.isin(source, nodata_of(configuration.nodata, found.dtype)) | ~np.isfinite(source)
    error = np.abs(np.where(masked, 0, found).astype(np.longdouble) - np.where(masked, 0, source))
    bound = np.array(promise["bound"])
    if len(bound) > 1:
        bands = configuration.axes.index("band")
        bound = bound.reshape([-1 if axis == bands else 1 for axis in range(found.ndim)])
    problems = [f"{(differ & masked).sum()} masked samples differ from the source"] * bool((differ & masked).any())
    return problems + [f"{(error > bound).sum()} samples are off by more than promised"] * bool((error > bound).any())


def chunks(path):
    """Chunks of an archive that is not sharded: their bytes, shape and data type."""
    array = zarr.open_array(path, mode="r")
    for file in sorted((path / "c").rglob("*")):
        if file.is_file():
            yield file.read_bytes(), array.chunks, array.dtype
