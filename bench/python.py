#!/usr/bin/env python3
"""Reading from Python: vqz, zstd, HTJ2K and JPEG 2000 in zarr-python, and `vqz decode`, in one run.

    python bench/python.py FOLDER [GB] [PATH OF vqz]

The data are the sample, tiled to as many GB as are asked for (1 unless told) in chunks of 1024² pixels with twelve bands. HTJ2K and
JPEG 2000 code band by band, through imagecodecs, at the step that gives about the PSNR of vqz. Whole reads and random windows of 256²
are timed with xarray; each of the figures is the median of three.
"""

import asyncio
import json
import math
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import imagecodecs
import numpy as np
import xarray as xr
import zarr
from zarr.abc.codec import ArrayBytesCodec

import vqz

ROOT = Path(__file__).resolve().parents[1]
SIDE = 1024


def cube(gigabytes):
    sample = zarr.open_array(ROOT / "sample/sentinel2-l2a.zarr", mode="r")[:]
    dates = math.ceil(gigabytes * 1e9 / (12 * 2 * (4 * SIDE) ** 2))
    mirrored = np.concatenate([sample, sample[..., ::-1]], axis=-1)
    mirrored = np.concatenate([mirrored, mirrored[..., ::-1, :]], axis=-2)
    repeats = -(-4 * SIDE // mirrored.shape[-1])
    tiled = np.tile(mirrored, (1, 1, repeats, repeats))[..., : 4 * SIDE, : 4 * SIDE]
    return np.concatenate([tiled[i % 4 : i % 4 + 1] for i in range(dates)])


def timed(work, times=3):
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


class Picture(ArrayBytesCodec):
    """Chunks of one band under a codec of imagecodecs, as a codec of zarr-python."""

    is_fixed_size = False

    def __init__(self, name, level):
        self.name, self.level = name, level

    @classmethod
    def from_dict(cls, data):
        return cls(**data["configuration"])

    def to_dict(self):
        return {"name": "picture", "configuration": {"name": self.name, "level": self.level}}

    def compute_encoded_size(self, input_byte_length, chunk_spec):
        raise NotImplementedError

    def compress(self, band):
        return getattr(imagecodecs, f"{self.name}_encode")(np.ascontiguousarray(band), level=self.level, reversible=False)

    def expand(self, data):
        return getattr(imagecodecs, f"{self.name}_decode")(data)

    async def _encode_single(self, chunk_data, chunk_spec):
        data = await asyncio.to_thread(self.compress, chunk_data.as_numpy_array()[0, 0])
        return chunk_spec.prototype.buffer.from_bytes(data)

    async def _decode_single(self, chunk_data, chunk_spec):
        band = await asyncio.to_thread(self.expand, chunk_data.to_bytes())
        return chunk_spec.prototype.nd_buffer.from_numpy_array(band.reshape(chunk_spec.shape))


def level_for(name, chunk, psnr):
    """The level at which a codec reaches this PSNR against 10000, over the bands of a chunk."""

    def reached(level):
        codec = Picture(name, level)
        squares = [np.mean((codec.expand(codec.compress(band)).astype(float) - band) ** 2) for band in chunk]
        return 10 * np.log10(10000**2 / np.mean(squares))

    # HTJ2K takes a step, JPEG 2000 a PSNR against the range of its samples.
    low, high = (1e-6, 0.1) if name == "htj2k" else (10.0, 120.0)
    rises = name != "htj2k"
    for _ in range(24):
        middle = (low * high) ** 0.5
        if (reached(middle) < psnr) == rises:
            low = middle
        else:
            high = middle
    return (low * high) ** 0.5


def overheads(folder):
    """Milliseconds that opening an array takes for its model, and that a chunk takes beside its decoding."""
    path = folder / "small.zarr"
    shutil.rmtree(path, ignore_errors=True)
    sample = zarr.open_array(ROOT / "sample/sentinel2-l2a.zarr", mode="r")[:]
    side = 32
    codec = vqz.Vqz("sentinel2-l2a", axes=["time", "band", "y", "x"], quality=42)
    array = zarr.create_array(
        path, shape=sample.shape, dtype=sample.dtype, chunks=(1, 12, side, side), serializer=codec, compressors=None
    )
    array[:] = sample
    entry = json.loads((path / "zarr.json").read_text())["codecs"][0]
    first = []
    for _ in range(5):
        # A process of its own: the model is known after the first time.
        script = (
            "import json, sys, time, vqz; entry = json.load(sys.stdin); begun = time.perf_counter(); "
            "vqz.Vqz.from_dict(entry); print(time.perf_counter() - begun)"
        )
        done = subprocess.run([sys.executable, "-c", script], input=json.dumps(entry), capture_output=True, text=True, check=True)
        first.append(float(done.stdout))
    again = timed(lambda: vqz.Vqz.from_dict(entry), 101)
    threads = vqz.get_threads()
    vqz.set_threads(1)
    zarr.config.set({"async.concurrency": 1, "threading.max_workers": 1})
    chunk = ([1, 12, side, side], sample.dtype.name, bytes(sample.dtype.itemsize))
    stored = [np.frombuffer(file.read_bytes(), np.uint8) for file in sorted((path / "c").rglob("*")) if file.is_file()]
    out = np.empty(chunk[0], sample.dtype).reshape(-1).view(np.uint8)

    def native():
        for bytes_ in stored:
            codec._native.decode(chunk, bytes_, out)

    decoding = timed(native, 9)
    plain = folder / "small-plain.zarr"
    shutil.rmtree(plain, ignore_errors=True)
    other = zarr.create_array(plain, shape=sample.shape, dtype=sample.dtype, chunks=array.chunks, compressors=None)
    other[:] = sample
    reading, without = timed(lambda: array[:], 9), timed(lambda: other[:], 9)
    vqz.set_threads(threads)
    zarr.config.reset()
    a_chunk = 1e3 / len(stored)
    print(f"opening: {statistics.median(first) * 1e3:.2f} ms the first time, {again * 1e3:.3f} ms once the model is known")
    print(
        f"a chunk of {side}²: {reading * a_chunk:.3f} ms in all, {decoding * a_chunk:.3f} ms of it decoding; "
        f"plain chunks take {without * a_chunk:.3f} ms"
    )


def main():
    folder = Path(sys.argv[1])
    gigabytes = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    folder.mkdir(parents=True, exist_ok=True)
    overheads(folder)
    samples = cube(gigabytes)
    ds = xr.Dataset({"r": (("time", "band", "y", "x"), samples)})
    megabytes = samples.nbytes / 1e6
    print(f"{megabytes:.0f} MB, {vqz.get_threads()} threads")
    paths = {}
    for name, encoding in [
        ("vqz", vqz.encoding(ds, model="sentinel2-l2a", psnr=42, samples=2e7)),
        ("zstd", {"r": {"chunks": (1, 12, SIDE, SIDE)}}),
    ]:
        paths[name] = folder / f"{name}.zarr"
        if paths[name].exists():
            shutil.rmtree(paths[name])
        begun = time.perf_counter()
        ds.to_zarr(paths[name], encoding=encoding, zarr_format=3)
        print(f"{name}: written at {megabytes / (time.perf_counter() - begun):.0f} MB/s")
    vqz.seal(paths["vqz"])
    print(json.dumps(vqz.statistics(paths["vqz"])["r"]))

    generator = np.random.default_rng(1)
    windows = [
        (int(generator.integers(samples.shape[0])), *(int(generator.integers(4 * SIDE - 256)) for _ in "yx")) for _ in range(60)
    ]
    rows = []
    for name, path in paths.items():
        opened = xr.open_zarr(path, chunks=None).r

        def read_windows(opened=opened):
            for date, y, x in windows:
                opened[date, :, y : y + 256, x : x + 256].values

        def read_all(path=path):
            xr.open_zarr(path, chunks=None).r.values

        stored = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        rows.append((name, stored / 1e6, megabytes / timed(read_all), timed(read_windows) / len(windows) * 1e3))
    program = sys.argv[3] if len(sys.argv) > 3 else "vqz"
    plain = folder / "plain.zarr"

    def decode():
        shutil.rmtree(plain, ignore_errors=True)
        subprocess.run([program, "decode", str(paths["vqz"] / "r"), str(plain), "--codec", "none", "--quiet"], check=True)

    rows.append(("vqz decode, uncompressed output", float("nan"), megabytes / timed(decode), float("nan")))

    def verify():
        subprocess.run([program, "verify", str(paths["vqz"] / "r"), "--quiet"], check=True, stdout=subprocess.DEVNULL)

    rows.append(("vqz verify, no output", float("nan"), megabytes / timed(verify), float("nan")))
    rows += wavelets(folder, samples, windows, megabytes, vqz.statistics(paths["vqz"])["r"]["psnr_db"])
    print("| reader | MB stored | whole, MB/s | a window, ms |\n|---|---|---|---|")
    for name, stored, whole, window in rows:
        print(f"| {name} | {stored:.1f} | {whole:.0f} | {window:.1f} |")


def wavelets(folder, samples, windows, megabytes, psnr):
    """HTJ2K and JPEG 2000, band by band."""
    rows = []
    samples = samples.astype(np.uint16)
    for label, name in (("HTJ2K", "htj2k"), ("JPEG 2000", "jpeg2k")):
        path = folder / f"{name}.zarr"
        if path.exists():
            shutil.rmtree(path)
        codec = Picture(name, level_for(name, samples[0, :, :SIDE, :SIDE], psnr))
        array = zarr.create_array(
            path, shape=samples.shape, dtype=samples.dtype, chunks=(1, 1, SIDE, SIDE), serializer=codec, compressors=None
        )
        begun = time.perf_counter()
        array[:] = samples
        print(f"{name}: written at {megabytes / (time.perf_counter() - begun):.0f} MB/s, level {codec.level:.4g}")
        stored = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        error = np.sqrt(np.mean((array[:1].astype(np.float32) - samples[:1]) ** 2, dtype=float))

        def read_windows(array=array):
            for date, y, x in windows:
                array[date, :, y : y + 256, x : x + 256]

        whole = megabytes / timed(lambda array=array: array[:])
        ms = timed(read_windows) / len(windows) * 1e3
        rows.append((f"{label}, {20 * np.log10(10000 / error):.1f} dB", stored / 1e6, whole, ms))
    return rows


if __name__ == "__main__":
    main()
