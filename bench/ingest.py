#!/usr/bin/env python3
"""Speed of `vqz ingest` beside GDAL's own conversion of the same files to Zarr, in one run.

    pip install numpy rasterio
    cargo build --release -p vqz-cli --features gdal
    bench/ingest.py --side 8192 FILES...

Makes scenes of --side pixels out of the given GeoTIFFs (their first four bands, repeated side by side, noise in the lowest bit so
that no block is like another), one date each, a file a scene: tiled and compressed with Zstandard, as archives have them; and the
same as strips compressed with Deflate, as many tools write. GDAL (the rasterio wheel's) copies each file to Zarr (version 2, for which it has Zstandard) with the same
chunks, the same compressor and level, all processors, one after the other and with as many files at a time as there are
processors; vqz writes one cube. Best of --repeat runs, taken in turns. MB are 10⁶ bytes of raw samples.
"""
import argparse
import concurrent.futures
import json
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.transform import from_origin
from rasterio.windows import Window

ROOT = pathlib.Path(__file__).resolve().parent.parent
BANDS = 4
CHUNK = 1024


def scenes(folder, files, side, kind):
    """Writes a scene for each file; returns their paths."""
    options = {
        "tiles": dict(tiled=True, blockxsize=512, blockysize=512, compress="zstd", zstd_level=1, predictor=2),
        "strips": dict(tiled=False, compress="deflate", zlevel=1, predictor=2),
    }[kind]
    paths = []
    for number, file in enumerate(files):
        with rasterio.open(file) as source:
            small = source.read(list(range(1, min(BANDS, source.count) + 1)))
        path = folder / f"scene_2020{number + 1:02d}01.tif"
        random = np.random.default_rng(number)
        profile = dict(driver="GTiff", width=side, height=side, count=BANDS, dtype=small.dtype, crs="EPSG:32633",
                       transform=from_origin(300000, 5000000, 10, 10), interleave="band", num_threads="all_cpus", **options)
        wide = np.tile(small, (1, 1, -(-side // small.shape[2])))[:, :, :side]
        with rasterio.open(path, "w", **profile) as out:
            for row in range(0, side, small.shape[1]):
                height = min(small.shape[1], side - row)
                part = wide[:, :height] ^ random.integers(0, 2, (BANDS, height, side), dtype=small.dtype)
                out.write(part, window=Window(0, row, side, height))
        paths.append(path)
    return paths


def gdal_copy(path, target):
    with rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS"):
        rasterio.shutil.copy(path, target, driver="Zarr", FORMAT="ZARR_V2", COMPRESS="ZSTD", ZSTD_LEVEL=1,
                             BLOCKSIZE=f"1,{CHUNK},{CHUNK}")


def timed(work, target):
    shutil.rmtree(target, ignore_errors=True)
    os.sync()
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    shutil.rmtree(target, ignore_errors=True)
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--side", type=int, default=8192)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--vqz", default=ROOT / "target" / "release" / "vqz")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results = []
    # Processes that are there before the clock runs. Not forked: GDAL's threads would be lost.
    pool = concurrent.futures.ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))
    list(pool.map(abs, range(4 * os.cpu_count())))
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        folder = pathlib.Path(folder)
        for kind in ["tiles", "strips"]:
            inputs = folder / kind
            inputs.mkdir()
            paths = scenes(inputs, arguments.files, arguments.side, kind)
            with rasterio.open(paths[0]) as source:
                raw = len(paths) * BANDS * arguments.side ** 2 * np.dtype(source.dtypes[0]).itemsize
            gdal, cube = folder / "gdal", folder / "cube.zarr"
            config = inputs / "cube.toml"
            chunk = f"chunk = {{ time = 1, band = 1, y = {CHUNK}, x = {CHUNK} }}"
            config.write_text(f'[[input]]\nfiles = ["*.tif"]\nname = "scene_{{time:%Y%m%d}}.tif"\n[output]\n{chunk}\n')

            def one_by_one():
                gdal.mkdir()
                for path in paths:
                    gdal_copy(path, gdal / f"{path.stem}.zarr")

            def at_once():
                gdal.mkdir()
                list(pool.map(gdal_copy, paths, [gdal / f"{path.stem}.zarr" for path in paths]))

            def vqz():
                subprocess.run([arguments.vqz, "ingest", config, cube], check=True, stdout=subprocess.DEVNULL)

            times = {name: [] for name in ["gdal", "gdal at once", "vqz"]}
            for _ in range(arguments.repeat):
                times["gdal"].append(timed(one_by_one, gdal))
                times["gdal at once"].append(timed(at_once, gdal))
                times["vqz"].append(timed(vqz, cube))
            best = {name: raw / 1e6 / min(seconds) for name, seconds in times.items()}
            results.append(dict(input=kind, files=len(paths), raw_mb=raw / 1e6, mb_s=best))
    pool.shutdown()
    if arguments.json:
        print(json.dumps(results, indent=2))
        return
    print(f"GDAL {rasterio.__gdal_version__}, {os.cpu_count()} processors")
    for result in results:
        best = result["mb_s"]
        print(f"{result['input']:7} {result['files']} files, {result['raw_mb']:.0f} MB: "
              + ", ".join(f"{name} {value:.0f} MB/s" for name, value in best.items())
              + f"; vqz / gdal {best['vqz'] / best['gdal']:.2f}, / gdal at once {best['vqz'] / best['gdal at once']:.2f}")


if __name__ == "__main__":
    main()
