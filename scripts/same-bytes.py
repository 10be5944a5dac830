#!/usr/bin/env python3
"""Compares what two builds of vqz write, byte for byte: nothing may change in archives where a release does not say so.

    . scripts/environment.sh
    scripts/same-bytes.py FORMER PRESENT [PATTERN …]

FORMER and PRESENT are two vqz programs. Both encode the sample and generated rasters in every mode, and both decode what
the former one encoded. All chunks must be equal, and so must all metadata, except for the codec's name. With patterns, only
the cases whose names match one of them run, such as '*lossless*'. Prints a table; exits with 1 if anything differs.
"""

import fnmatch
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import zarr

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "sample/sentinel2-l2a.zarr"
KLT, CONV, NAIP = (ROOT / "models" / f"{name}.vqm" for name in ("sentinel2-l2a", "sentinel2-l2a-conv", "naip"))
# The codec's name, and the attribute of the same name, as they may stand in metadata.
NAMES = ("vqz", "vqvae")


def smooth(shape, seed):
    """Random fields of several scales, about 0 to 1, like terrain."""
    random = np.random.default_rng(seed)
    field = np.zeros(shape)
    for scale in (64, 16, 4, 1):
        coarse = random.random((*shape[:-2], -(-shape[-2] // scale) + 1, -(-shape[-1] // scale) + 1))
        field += np.repeat(np.repeat(coarse, scale, -2), scale, -1)[..., : shape[-2], : shape[-1]] * scale
    return field / 85


def sentinel2():
    """Two dates made from one of the sample, continued by reflection to two tiles each way; a corner is missing."""
    image = zarr.open_array(SAMPLE, mode="r")[0].astype(np.float64)
    image = np.pad(image, ((0, 0), (0, 300 - image.shape[1]), (0, 340 - image.shape[2])), "reflect")
    dates = np.maximum(np.stack([image, image * 0.9 + 25 * smooth(image.shape, 1)]), 1).astype(np.uint16)
    y, x = np.indices(dates.shape[-2:])
    dates[:, :, x + y < 50] = 0
    return dates, ("time", "band", "y", "x"), {"_FillValue": 0}


def naip():
    return (200 * smooth((4, 280, 270), 2)).astype(np.uint8), ("band", "y", "x"), {}


def heights():
    """Decimetres as float32, with missing values."""
    samples = np.float32(np.round(smooth((300, 270), 3) * 8000) / 10)
    samples[:40, :30] = np.nan
    return samples, ("y", "x"), {}


def radiances():
    """Noise, scaled decimals and exact binary fractions, a band each."""
    field = smooth((3, 90, 110), 4)
    random = np.random.default_rng(5).normal(size=field.shape[1:])
    bands = [field[0] * random, np.round(field[1] * 1e4) / 1e4, np.round(field[2] * 64) / 64]
    return np.stack(bands), ("band", "y", "x"), {}


def series():
    """Dates that resemble each other, with missing values that differ."""
    dates = 4000 * smooth((1, 2, 120, 130), 6) + 100 * smooth((4, 2, 120, 130), 7)
    dates[1, :, :30, :50] = dates[2, :, 50:, 100:] = -9999
    return dates.astype(np.int16), ("time", "band", "y", "x"), {"_FillValue": -9999}


def counts():
    return (np.exp(20 * smooth((150, 140), 8)) - 1e5).clip(-(2**31), 2**31 - 1).astype(np.int32), ("y", "x"), {}


def depths():
    return (3000 * smooth((2, 3, 2, 70, 60), 9)).astype(np.int16), ("time", "depth", "band", "y", "x"), {}


def classes():
    """Land cover in cells of three pixels, with missing values."""
    cells = (smooth((2, 70, 80), 10) * 9).astype(np.uint8) * 10
    return np.repeat(np.repeat(cells, 3, 1), 3, 2), ("band", "y", "x"), {"_FillValue": 0}


RASTERS = {
    raster.__name__: raster for raster in (sentinel2, naip, heights, radiances, series, counts, depths, classes)
}
SMALL = ("--chunk-size", 128)


def cases():
    """Name, raster and options of every run."""
    for quality in (30, 42, 50, 65):
        yield f"quality {quality}", "sentinel2", ("--model", KLT, "--quality", quality, *SMALL)
    for name, model in (("klt", KLT), ("conv", CONV)):
        picture = ("--model", model, "--quality", 42)
        yield f"{name}, chunks of several tiles", "sentinel2", (*picture, "--chunk-size", 340)
        yield f"{name}, lz4", "sentinel2", (*picture, "--entropy", "lz4", *SMALL)
        yield f"{name}, dates", "sentinel2", (*picture, "--dates", 2, *SMALL)
        yield f"{name}, shards", "sentinel2", (*picture, "--chunk-size", 64, "--shard-size", 256)
        yield f"{name}, max error", "sentinel2", ("--model", model, "--max-error", 40, *SMALL)
        yield f"{name}, lossless", "sentinel2", ("--model", model, "--lossless", *SMALL)
    yield "conv, quality 34", "sentinel2", ("--model", CONV, "--quality", 34, *SMALL)
    yield "psnr", "sentinel2", ("--model", KLT, "--psnr", 47, *SMALL)
    yield "bits", "sentinel2", ("--model", KLT, "--bits", 0.8, *SMALL)
    yield "ratio", "sentinel2", ("--model", KLT, "--ratio", 20, *SMALL)
    yield "whole sample", SAMPLE, ("--model", KLT)
    yield "naip", "naip", ("--model", NAIP, "--quality", 40, *SMALL)
    yield "naip, max error", "naip", ("--model", NAIP, "--max-error", 6, *SMALL)
    bounds = (12, 2, 0.5, 0.001, 5, 900, 3, None)
    for raster, bound in zip(RASTERS, bounds, strict=True):
        yield f"{raster}, lossless", raster, ("--lossless", *SMALL)
        if bound:
            yield f"{raster}, max error", raster, ("--max-error", bound, *SMALL)
            yield f"{raster}, stable", raster, ("--max-error", bound, "--stable", *SMALL)
            yield f"{raster}, of range", raster, ("--max-error-of-range", 0.002, *SMALL)
    yield "bound for each band", "radiances", ("--max-error", "0.1,0,0.02", *SMALL)
    for raster in ("series", "depths"):
        yield f"{raster}, lossless dates", raster, ("--lossless", "--dates", 4, *SMALL)
        yield f"{raster}, max error, dates", raster, ("--max-error", 4, "--dates", 4, *SMALL)
    yield "classes, shards", "classes", ("--lossless", "--chunk-size", 64, "--shard-size", 128)
    yield "heights, nodata", "heights", ("--max-error", 0.3, "--nodata", "12.5,13", *SMALL)


def write(name, folder):
    """Writes a raster as plain Zarr, once."""
    path = folder / f"{name}.zarr"
    if not path.exists():
        samples, dimensions, attributes = RASTERS[name]()
        fill = "NaN" if samples.dtype.kind == "f" else 0
        array = zarr.create_array(
            store=path,
            shape=samples.shape,
            chunks=samples.shape,
            dtype=samples.dtype,
            dimension_names=dimensions,
            fill_value=fill,
            attributes=attributes,
        )
        array[...] = samples
    return path


def run(program, *arguments):
    command = [str(argument) for argument in (program, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"exit code {done.returncode}: {' '.join(command)}\n{done.stderr.strip()}")


class Failed(Exception):
    pass


def present_name(value):
    """JSON with the codec, and the attribute that bears its name, under the present name."""
    if isinstance(value, dict):
        value = {NAMES[0] if key in NAMES else key: present_name(item) for key, item in value.items()}
        return value | ({"name": NAMES[0]} if value.get("name") in NAMES else {})
    return [present_name(item) for item in value] if isinstance(value, list) else value


def content(path):
    """A file's content, as far as it must not change."""
    return present_name(json.loads(path.read_text())) if path.name == "zarr.json" else path.read_bytes()


def files(folder):
    return {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}


def differences(former, present):
    """The files of two folders that differ, or that only one of them has."""
    former, present = files(former), files(present)
    alone = former.keys() ^ present.keys()
    differ = {name for name in former.keys() & present.keys() if content(former[name]) != content(present[name])}
    return sorted(map(str, alone | differ))


def compare(programs, source, options, folder):
    """Encodes with both programs, and decodes the former one's archive with both. Returns the files that differ, and
    those of the former archive."""
    for which, program in programs.items():
        run(program, "encode", source, folder / f"{which}.zarr", *options)
    for which, program in programs.items():
        run(program, "decode", folder / "former.zarr", folder / f"decoded-{which}.zarr")
    encoded = differences(folder / "former.zarr", folder / "present.zarr")
    decoded = differences(folder / "decoded-former.zarr", folder / "decoded-present.zarr")
    return encoded + [f"decoded {name}" for name in decoded], files(folder / "former.zarr").values()


def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    programs = dict(zip(("former", "present"), (Path(program).resolve() for program in sys.argv[1:3])))
    for program in programs.values():
        if not program.is_file():
            raise SystemExit(f"{program} is not there; build it first")
    patterns = sys.argv[3:] or ["*"]
    chosen = [case for case in cases() if any(fnmatch.fnmatch(case[0], pattern) for pattern in patterns)]
    if not chosen:
        raise SystemExit(f"no case matches {' '.join(patterns)}")
    print(f"{'case':32} {'files':>5} {'bytes':>9} {'seconds':>7}  result", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="same-bytes-") as scratch:
        for number, (name, raster, options) in enumerate(chosen):
            source = write(raster, Path(scratch)) if isinstance(raster, str) else raster
            folder = Path(scratch) / str(number)
            folder.mkdir()
            start = time.monotonic()
            try:
                differ, written = compare(programs, source, options, folder)
                result = f"{len(differ)} files differ: {', '.join(differ[:3])}" if differ else "same"
            except Failed as error:
                written, result = [], str(error)
            failed += result != "same"
            size = sum(file.stat().st_size for file in written)
            print(f"{name:32} {len(written):5} {size:9} {time.monotonic() - start:7.1f}  {result}", flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} cases are the same")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
