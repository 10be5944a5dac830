#!/usr/bin/env python3
"""Writing a sharded archive on a cluster of four processes of Dask, and on the threads of one process.

    python bench/cluster.py FOLDER [GB]

The data are the sample, tiled by the workers themselves to as many GB as are asked for (2.4 unless told): dates of 2048² pixels with
twelve bands, one shard each, in chunks of 512². Both archives must be the same, byte for byte.
"""

import shutil
import statistics
import sys
import time
from pathlib import Path

import cloudpickle
import dask.array as da
import numpy as np
import xarray as xr
import zarr
from distributed import Client, LocalCluster, progress

import vqz
from vqz.dask import ModelPlugin

SAMPLE = Path(__file__).resolve().parents[1] / "sample/sentinel2-l2a.zarr"
SIDE = 2048


def date(block_info=None):
    """One date: the sample of one of its dates, mirrored and repeated."""
    index = block_info[None]["chunk-location"][0]
    sample = zarr.open_array(SAMPLE, mode="r")
    tile = sample[index % sample.shape[0]]
    tile = np.concatenate([tile, tile[..., ::-1]], axis=-1)
    tile = np.concatenate([tile, tile[..., ::-1, :]], axis=-2)
    repeats = -(-SIDE // tile.shape[-1])
    return np.tile(tile, (1, repeats, repeats))[None, :, :SIDE, :SIDE]


def files(path):
    return {file.relative_to(path): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def main():
    folder = Path(sys.argv[1])
    gigabytes = float(sys.argv[2]) if len(sys.argv) > 2 else 2.4
    folder.mkdir(parents=True, exist_ok=True)
    sample = zarr.open_array(SAMPLE, mode="r")
    dates = round(gigabytes * 1e9 / (12 * SIDE**2 * sample.dtype.itemsize))
    samples = da.map_blocks(date, chunks=((1,) * dates, 12, SIDE, SIDE), dtype=sample.dtype, meta=np.empty((0,) * 4, sample.dtype))
    ds = xr.Dataset({"r": (("time", "band", "y", "x"), samples)})
    megabytes = samples.nbytes / 1e6
    encoding = vqz.encoding(ds, model="sentinel2-l2a", psnr=42, chunks={"y": 512, "x": 512}, shards={"y": SIDE, "x": SIDE}, samples=2e7)
    written = {}

    def begin(name):
        written[name] = folder / f"{name}.zarr"
        shutil.rmtree(written[name], ignore_errors=True)
        return ds.to_zarr(written[name], encoding=encoding, compute=False)

    with LocalCluster(n_workers=4, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.register_plugin(ModelPlugin("sentinel2-l2a"))
        job = begin("cluster")
        tasks = [len(cloudpickle.dumps(task)) for task in dict(job.__dask_graph__()).values()]
        print(f"{megabytes:.0f} MB in {dates} shards, {len(tasks)} tasks, the largest of {max(tasks)} bytes, the median of {statistics.median(tasks):.0f}")
        begun = time.perf_counter()
        future = client.compute(job)
        progress(future)
        future.result()
        print(f"\nfour processes: {megabytes / (time.perf_counter() - begun):.0f} MB/s")
        print("threads in each:", set(client.run(vqz.get_threads).values()))
    job = begin("threads")
    begun = time.perf_counter()
    job.compute()
    print(f"threads of one process: {megabytes / (time.perf_counter() - begun):.0f} MB/s")
    if files(written["cluster"]) != files(written["threads"]):
        sys.exit("the archives differ")
    vqz.seal(written["cluster"])
    report = vqz.verify(written["cluster"])
    stored = sum(len(file) for file in files(written["cluster"]).values())
    print(f"stored: {stored / 1e6:.1f} MB; holds: {report['holds']}; {vqz.statistics(written['cluster'])['r']}")


if __name__ == "__main__":
    main()
