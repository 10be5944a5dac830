#!/usr/bin/env python3
"""Bits under a promise (lossless, or a maximum error), by vqz and by its rivals, in one run on the same samples.

    pip install numpy zarr rasterio imagecodecs
    cargo build --release -p vqz-cli
    bench/promises.py DATA                     # all of it: prints Markdown tables
    bench/promises.py DATA sentinel2 floats    # some tables only

DATA is a folder with the rasters that docs/benchmarks.md names. vqz writes an archive with one chunk an image, all bytes of
all chunks count (the metadata apart), and `vqz verify --against` must find its promise kept. Rivals code band by band, as
Zarr codecs do, but for `JPEG XL, joint`; missing samples become the band's mean for them, and nobody's bits for them are
taken off. Bits are for each valid sample. Speeds are of one thread, of raw samples, and only comparable within a run.
"""
import argparse
import glob
import json
import os
import shutil
import subprocess
import tempfile
import time
import warnings

import imagecodecs as ic
import numpy as np
import rasterio
import zarr

warnings.filterwarnings("ignore")
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VQZ = os.environ.get("VQZ", os.path.join(ROOT, "target/release/vqz"))


def read(path):
    """The samples (band, y, x) of a raster, unpacked, NaN where floats are missing."""
    with rasterio.open(path) as source:
        samples, nodata = source.read(), source.nodata
        scale, offset = source.scales[0], source.offsets[0]
    if (scale, offset) != (1.0, 0.0):
        samples = (samples * scale + offset).astype(np.float32)
    elif samples.dtype.kind == "f" and nodata is not None:
        samples = np.where(samples == np.asarray(nodata, samples.dtype), np.nan, samples)
    return samples


def vqz(arrays, promise, model=None):
    """Bits of a valid sample, and MB/s of writing and of decoding and checking."""
    folder = tempfile.mkdtemp()
    source, archive = os.path.join(folder, "source.zarr"), os.path.join(folder, "archive.zarr")
    group = zarr.create_group(source)
    for i, samples in enumerate(arrays):
        array = group.create_array(f"a{i}", shape=samples.shape, dtype=samples.dtype, chunks=samples.shape,
                                   dimension_names=["band", "y", "x"])
        array[:] = samples
    side = max(max(a.shape) for a in arrays)
    command = [VQZ, "encode", source, archive, "--chunk-size", str(side), "--threads", "1", *promise,
               *(["--model", model] if model else [])]
    encoded = json.loads(subprocess.run([*command, "--json"], check=True, capture_output=True).stdout)
    checked = subprocess.run([VQZ, "verify", archive, "--against", source, "--json"], capture_output=True)
    if not json.loads(checked.stdout)["holds"]:
        raise SystemExit(f"{promise} is not kept: {checked.stdout}")
    plain = json.loads(subprocess.run([VQZ, "verify", archive, "--threads", "1", "--json"], check=True,
                                      capture_output=True).stdout)
    valid = sum(np.isfinite(a).sum() if a.dtype.kind == "f" else a.size for a in arrays)
    size = sum(array["data_bytes"] for array in encoded["arrays"])
    shutil.rmtree(folder)
    return 8 * size / valid, encoded["mb_s"], plain["mb_s"]


def filled(band):
    """A band without missing samples, contiguous."""
    if band.dtype.kind == "f" and not np.isfinite(band).all():
        ok = np.isfinite(band)
        band = np.where(ok, band, band[ok].mean() if ok.any() else 0).astype(band.dtype)
    return np.ascontiguousarray(band)


def unsigned(band):
    """Integers as codecs of pictures take them."""
    return band.astype(np.uint16) if band.dtype == np.int16 else band


def rival(arrays, encode, decode=None):
    """Bits of a valid sample, and MB/s of decoding if that is asked for."""
    bands = [filled(band) for samples in arrays for band in samples]
    blobs = [encode(band) for band in bands]
    valid = sum(np.isfinite(a).sum() if a.dtype.kind == "f" else a.size for a in arrays)
    speed = None
    if decode:
        begun = time.perf_counter()
        for blob in blobs:
            decode(blob)
        speed = sum(band.nbytes for band in bands) / 1e6 / (time.perf_counter() - begun)
    return 8 * sum(map(len, blobs)) / valid, speed


def joint(arrays):
    """JPEG XL with all bands of an image as its channels."""
    blobs = [ic.jpegxl_encode(np.ascontiguousarray(np.moveaxis(unsigned(a), 0, -1)), lossless=True, effort=5, numthreads=1)
             for a in arrays]
    return 8 * sum(map(len, blobs)) / sum(a.size for a in arrays)


def row(*cells):
    print("| " + " | ".join(f"{c:.3f}" if isinstance(c, float) else str(c) for c in cells) + " |", flush=True)


def head(*cells):
    row(*cells)
    row(*["---"] * len(cells))


def integers(arrays, bounds, model=None):
    """Lossless and bounded integers against codecs of pictures."""
    head("promise", "vqz", "with a model", "best rival", "vqz / rival", "vqz writes, MB/s", "vqz decodes, MB/s")
    jxl = rival(arrays, lambda b: ic.jpegxl_encode(unsigned(b), lossless=True, effort=5, numthreads=1),
                lambda s: ic.jpegxl_decode(s, numthreads=1))
    rivals = {"JPEG XL, per band": jxl[0], "JPEG XL, joint": joint(arrays),
              "pcodec": rival(arrays, lambda b: ic.pcodec_encode(b, level=8))[0]}
    name, best = min(rivals.items(), key=lambda r: r[1])
    found = vqz(arrays, ["--lossless"])
    row("lossless", found[0], "", f"{best:.3f} ({name})", found[0] / best, f"{found[1]:.1f}",
        f"{found[2]:.1f}; JPEG XL per band {jxl[1]:.1f}")
    for bound in bounds:
        rivals = {"JPEG-LS": rival(arrays, lambda b: ic.jpegls_encode(unsigned(b), level=bound))[0],
                  "SZ3": rival(arrays, lambda b: ic.sz3_encode(b.astype(np.float32), mode="abs", abs=bound))[0]}
        name, best = min(rivals.items(), key=lambda r: r[1])
        found = vqz(arrays, ["--max-error", str(bound)])
        helped = vqz(arrays, ["--max-error", str(bound)], model)[0] if model else ""
        row(f"±{bound}", found[0], helped, f"{best:.3f} ({name})", min(found[0], helped or found[0]) / best,
            f"{found[1]:.1f}", f"{found[2]:.1f}")


def floats(data):
    """Floats at a thousandth of their range and lossless."""
    train, test = os.path.join(data, "train"), os.path.join(data, "test")
    era, sea = (f"netcdf:{train}/era-interim/eraint_uvz.nc:", f"netcdf:{test}/sea-surface/tos_O1_2001-2002.nc:tos")
    sets = {"Sentinel-1, test": glob.glob(f"{test}/sentinel1/*.tif")[0], "Sentinel-1, train": sorted(glob.glob(f"{train}/sentinel1/*.tif"))[0],
            "elevation nz_elev": f"{train}/elevation/nz_elev.tif", "elevation srtm": f"{train}/elevation/srtm.tif",
            "climate ta": f"{train}/elevation/ta.tif", "sea-surface": sea, "ERA-Interim u": era + "u", "ERA-Interim v": era + "v", "ERA-Interim z": era + "z"}
    head("data", "bound", "vqz", "with a model", "SZ3", "SPERR", "LERC + Zstd", "vqz / best", "lossless: vqz", "pcodec", "vqz / pcodec")
    for name, path in sets.items():
        samples = read(path).astype(np.float32)
        bound = 1e-3 * float(np.nanmax(samples) - np.nanmin(samples))
        rivals = [rival([samples], encode)[0] for encode in (
            lambda b: ic.sz3_encode(b, mode="abs", abs=bound), lambda b: ic.sperr_encode(b, level=bound, mode="pwe"),
            lambda b: ic.zstd_encode(ic.lerc_encode(b, level=bound)))]
        valid = np.ascontiguousarray(samples[np.isfinite(samples)])
        pcodec = min(rival([samples], lambda b: ic.pcodec_encode(b, level=8))[0],
                     8 * len(ic.pcodec_encode(valid, level=8)) / valid.size)
        found = vqz([samples], ["--max-error", repr(bound)])[0]
        helped = fitted(samples, bound)
        lossless = vqz([samples], ["--lossless"])[0]
        row(name, f"{bound:.4g}", found, helped, *rivals, min(found, helped) / min(rivals), lossless, pcodec, lossless / pcodec)


def fitted(samples, bound):
    """Bits with a linear model that is fitted to these very samples, each band by itself."""
    folder = tempfile.mkdtemp()
    source, model = os.path.join(folder, "source.zarr"), os.path.join(folder, "model.vqm")
    planes = samples.reshape(-1, 1, *samples.shape[1:])
    array = zarr.create_array(source, shape=planes.shape, dtype=planes.dtype, chunks=(1, *planes.shape[1:]),
                              dimension_names=["time", "band", "y", "x"])
    array[:] = planes
    best = float("inf")
    for patch in ("16", "32"):
        made = subprocess.run([VQZ, "fit", source, "-o", model, "--patch", patch], capture_output=True)
        if made.returncode == 0:
            best = min(best, vqz(list(planes), ["--max-error", repr(bound)], model)[0])
            os.remove(model)
    shutil.rmtree(folder)
    return best


def classes(data):
    """Categorical rasters, without loss."""
    head("data", "vqz, bytes", "Zstd-19", "WebP lossless", "JPEG XL, effort 9", "vqz / best", "vqz decodes, MB/s")
    for path in [*glob.glob(f"{data}/test/fmask/*.tif"), *sorted(glob.glob(f"{data}/train/landcover/*.tif"))]:
        samples = read(path)
        bits, _, speed = vqz([samples], ["--lossless"])
        band = samples[0]
        rivals = [len(ic.zstd_encode(band.tobytes(), level=19)),
                  len(ic.webp_encode(np.ascontiguousarray(np.repeat(band[:, :, None], 3, 2)), lossless=True, level=9)),
                  len(ic.jpegxl_encode(np.ascontiguousarray(band), lossless=True, effort=9, numthreads=1))]
        size = bits * samples.size / 8
        row(os.path.basename(path), f"{size:.0f}", *rivals, size / min(rivals), f"{speed:.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data")
    parser.add_argument("tables", nargs="*", default=["sentinel2", "naip", "floats", "classes"])
    arguments = parser.parse_args()
    data = arguments.data
    images = lambda pattern: [read(path) for path in sorted(glob.glob(os.path.join(data, pattern)))]
    for table in arguments.tables:
        print(f"\n{table}\n")
        if table == "sentinel2":
            integers(images("test/sentinel2-l2a/*.tif"), [10, 50, 100, 200], os.path.join(ROOT, "models/sentinel2-l2a-conv.vqm"))
        elif table == "naip":
            integers(images("test/naip/*.tif"), [1, 3])
        elif table == "floats":
            floats(data)
        elif table == "classes":
            classes(data)
        else:
            parser.error(f"no table {table}")


if __name__ == "__main__":
    main()
