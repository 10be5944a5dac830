#!/usr/bin/env python3
"""Bits, PSNR and speed of vqz beside JPEG 2000 and KLT + JPEG 2000, in one run, on GeoTIFFs.

    pip install numpy imagecodecs rasterio zarr
    cargo build --release -p vqz-cli --features onnxruntime
    bench/benchmark.py rate  --peak 10000 --targets 39 42 46 50 55 --train TRAIN/*.tif --test TEST/*.tif
    bench/benchmark.py speed --peak 10000 --targets 42 50 --model models/sentinel2-l2a.vqm --test TEST/*.tif

`rate` fits a model on the training files with `vqz fit`, codes the test files at several qualities with every codec, and
interpolates the bits at each target PSNR. All bytes of all chunks count; the model, which an archive holds once, is stated
apart. `speed` tiles the test files to an array of at least 500 MB, encodes it, and times whole reads of the array
(`vqz verify`: read, entropy decode, transform, every checksum) against JPEG 2000 per band with as many threads, files in memory.
"""
import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import tempfile
import time

import imagecodecs as ic
import numpy as np
import rasterio
import zarr

ROOT = pathlib.Path(__file__).resolve().parent.parent
VQZ = ROOT / "target" / "release" / "vqz"


def read(path, bands=None, stride=1):
    with rasterio.open(path) as dataset:
        data = dataset.read(bands)
    return np.ascontiguousarray(data[:, ::stride, ::stride])


def stage(path, images, chunk=None):
    """Images as arrays of one plain Zarr group."""
    group = zarr.create_group(str(path), overwrite=True)
    for i, image in enumerate(images):
        array = group.create_array(f"image{i:03}", shape=image.shape, dtype=image.dtype, chunks=chunk or image.shape,
                                   dimension_names=["band", "y", "x"], compressors=None)
        array[:] = image
    return path


def vqz(*args):
    run = subprocess.run([str(VQZ), *map(str, args)], capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"vqz {' '.join(map(str, args))}\n{run.stderr}")
    return json.loads(run.stdout) if "--json" in args else run.stdout


def stored(path):
    """Bytes of all chunks: metadata, which holds the model, is not counted."""
    return sum(f.stat().st_size for f in pathlib.Path(path).rglob("*") if f.is_file() and f.name != "zarr.json")


def j2k(band, level):
    band = band.astype(np.uint16) if band.dtype == np.int16 else band
    return ic.jpeg2k_encode(np.ascontiguousarray(band), level=level, codecformat="j2k", reversible=False)


def jpeg2000(image, level):
    blobs = [j2k(band, level) for band in image]
    return sum(map(len, blobs)), np.stack([ic.jpeg2k_decode(b) for b in blobs])


def klt_jpeg2000(image, level):
    """Bands rotated onto the image's own principal components, which are counted, then JPEG 2000."""
    bands = image.shape[0]
    flat = image.reshape(bands, -1).astype(np.float64)
    mean = flat.mean(1, keepdims=True)
    basis = np.linalg.eigh(np.atleast_2d(np.cov(flat)))[1][:, ::-1].astype(np.float32)
    parts = np.clip(np.rint(basis.T @ (flat - mean) + 32768), 0, 65535).astype(np.uint16).reshape(image.shape)
    blobs = [j2k(p, level) for p in parts]
    back = np.stack([ic.jpeg2k_decode(b) for b in blobs]).astype(np.float64).reshape(bands, -1) - 32768
    info = np.iinfo(image.dtype)
    return sum(map(len, blobs)) + 4 * (bands + bands * bands), np.clip(np.rint(basis @ back + mean), info.min, info.max).reshape(image.shape)


def psnr(pairs, peak):
    squares = sum(((a.astype(np.float64) - b) ** 2).sum() for a, b in pairs)
    return 10 * np.log10(peak**2 * sum(a.size for a, _ in pairs) / squares)


def curve(codec, images, levels, peak):
    points = []
    for level in levels:
        coded = [codec(image, level) for image in images]
        bits = 8 * sum(size for size, _ in coded) / sum(i.size for i in images)
        points.append((psnr([(i, d) for i, (_, d) in zip(images, coded)], peak), bits))
    return points


def vqz_curve(folder, images, model, qualities, peak):
    source = stage(folder / "test.zarr", images)
    points = []
    for quality in qualities:
        vqz("encode", source, folder / "a.zarr", "--model", model, "--quality", quality, "--overwrite", "--json")
        vqz("decode", folder / "a.zarr", folder / "d.zarr", "--overwrite", "--codec", "none")
        decoded = zarr.open_group(str(folder / "d.zarr"), mode="r")
        pairs = [(image, decoded[f"image{i:03}"][:]) for i, image in enumerate(images)]
        points.append((psnr(pairs, peak), 8 * stored(folder / "a.zarr") / sum(i.size for i in images)))
    return points


def at(points, target):
    """Bits at a PSNR, interpolated in the logarithm of bits."""
    points = sorted(points)
    if not points[0][0] <= target <= points[-1][0]:
        return None
    return float(np.exp(np.interp(target, [p for p, _ in points], [np.log(b) for _, b in points])))


def rate(args, folder):
    bands = args.bands
    images = [read(f, bands) for f in args.test]
    model = args.model
    if args.train:
        training = stage(folder / "train.zarr", [read(f, args.train_bands or bands, args.stride) for f in args.train])
        start = time.perf_counter()
        vqz("fit", "--arch", "klt", "--patch", args.patch, "--peak", args.peak, training, "-o", folder / "model.vqm")
        print(f"fitted in {time.perf_counter() - start:.1f} s")
        model = folder / "model.vqm"
    shift = 20 * np.log10((255 if images[0].dtype == np.uint8 else 65535) / args.peak)
    wide = 20 * np.log10(65535 / args.peak)
    low, high = min(args.targets), max(args.targets)
    qualities = [float(q) for q in np.arange(low - 3, high + 3, 1.5)]
    levels = np.arange(low - 9, high + 7, 2)
    curves = {
        "vqz": vqz_curve(folder, images, model, qualities, args.peak),
        "jpeg2000": curve(jpeg2000, images, levels + shift, args.peak),
        "klt+jpeg2000": curve(klt_jpeg2000, images, levels + wide, args.peak),
    }
    print(f"metadata of one array, model included: {(folder / 'a.zarr' / 'image000' / 'zarr.json').stat().st_size} bytes")
    print("| dB | vqz | KLT + JPEG 2000 | JPEG 2000 | vqz / KLT + JPEG 2000 |\n|---|---|---|---|---|")
    for target in args.targets:
        v, k, j = (at(curves[c], target) for c in ("vqz", "klt+jpeg2000", "jpeg2000"))
        cells = [f"{x:.4f}" if x else "–" for x in (v, k, j)]
        print(f"| {target:g} | {' | '.join(cells)} | {v / k:.3f} |" if v and k else f"| {target:g} | {' | '.join(cells)} | – |")


def speed(args, folder):
    images = [read(f, args.bands) for f in args.test]
    side = min(min(i.shape[1:]) for i in images) // 8 * 8
    block = np.concatenate([np.concatenate([i[:, :side, :side] for i in images], 2)] * len(images), 1)
    repeats = int(np.ceil(np.sqrt(args.megabytes * 1e6 / block.nbytes)))
    big = np.tile(block, (1, repeats, repeats))
    print(f"array {big.shape} {big.dtype}, {big.nbytes / 1e6:.0f} MB, {args.threads} threads")
    source = stage(folder / "big.zarr", [big], (big.shape[0], 1024, 1024))
    shift = 20 * np.log10((255 if big.dtype == np.uint8 else 65535) / args.peak)
    points = curve(jpeg2000, images, np.arange(min(args.targets) - 9, max(args.targets) + 7, 1) + shift, args.peak)
    levels = sorted(zip((p for p, _ in points), np.arange(min(args.targets) - 9, max(args.targets) + 7, 1) + shift))
    tiles = [band[y:y + 1024, x:x + 1024] for band in big for y in range(0, big.shape[1], 1024) for x in range(0, big.shape[2], 1024)]
    print("| dB | codec | PSNR | encode MB/s | decode MB/s | decode / JPEG 2000 |\n|---|---|---|---|---|---|")
    for target in args.targets:
        level = float(np.interp(target, [p for p, _ in levels], [v for _, v in levels]))
        with concurrent.futures.ThreadPoolExecutor(args.threads) as pool:
            start = time.perf_counter()
            blobs = list(pool.map(lambda t: j2k(t, level), tiles))
            encode = big.nbytes / 1e6 / (time.perf_counter() - start)
            decode, decoded = 0, None
            for _ in range(args.repeat):
                start = time.perf_counter()
                decoded = list(pool.map(ic.jpeg2k_decode, blobs))
                decode = max(decode, big.nbytes / 1e6 / (time.perf_counter() - start))
        rival = decode
        print(f"| {target:g} | JPEG 2000 per band | {psnr(list(zip(tiles, decoded)), args.peak):.2f} | {encode:.0f} | {decode:.0f} | 1 |", flush=True)
        for engine in args.engines:
            quality = target
            for _ in range(2):
                report = vqz("encode", source, folder / "b.zarr", "--model", args.model, "--quality", quality, "--threads", args.threads, "--overwrite", "--json")
                found = report["psnr_db"]
                quality += target - found
            best = 0
            for _ in range(args.repeat):
                checked = vqz("verify", folder / "b.zarr", "--threads", args.threads, "--engine", engine, "--json")
                best = max(best, checked["mb_s"])
            print(f"| {target:g} | vqz, {engine} | {found:.2f} | {report['mb_s']:.0f} | {best:.0f} | {best / rival:.2f} |", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["rate", "speed"])
    p.add_argument("--peak", type=float, required=True)
    p.add_argument("--targets", type=float, nargs="+", required=True)
    p.add_argument("--test", nargs="+", required=True)
    p.add_argument("--train", nargs="*", default=[])
    p.add_argument("--model")
    p.add_argument("--patch", type=int, default=16)
    p.add_argument("--bands", type=int, nargs="*", help="bands of the test files, from 1")
    p.add_argument("--train-bands", type=int, nargs="*", help="bands of the training files, where they differ")
    p.add_argument("--stride", type=int, default=1, help="take every n-th pixel of the training files")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--megabytes", type=int, default=500)
    p.add_argument("--engines", nargs="+", default=["native"])
    p.add_argument("--repeat", type=int, default=3)
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        {"rate": rate, "speed": speed}[args.what](args, pathlib.Path(folder))


if __name__ == "__main__":
    main()
