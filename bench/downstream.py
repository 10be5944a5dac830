#!/usr/bin/env python3
"""Makes the inputs of the downstream benchmark: scenes and labels as Zarr v3, for `vqz bench --downstream`.

    pip install numpy rasterio zarr
    bench/downstream.py DATA/test OUT
    vqz bench OUT/flood.zarr --model models/sentinel2-l2a.vqm --bands $BANDS --nodata 0 --downstream OUT/flood-labels.zarr
    vqz bench OUT/eo.zarr --model models/sentinel2-l2a.vqm --bands $BANDS --downstream OUT/eo-labels.zarr

with BANDS=B01,B02,B03,B04,B05,B06,B07,B08,B8A,B09,B11,B12.
"""
import pathlib
import sys

import numpy as np
import rasterio
import zarr

BANDS = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"]


def put(path, samples, dimensions, attributes):
    array = zarr.create_array(store=path, shape=samples.shape, dtype=samples.dtype, chunks=samples.shape, zarr_format=3,
                              dimension_names=dimensions, overwrite=True, attributes=attributes)
    array[...] = samples


def read(path):
    with rasterio.open(path) as dataset:
        return dataset.read()


def main(data, out):
    flood = data / "sen1floods11/sample"
    (scene,), (labels,) = (list(flood.glob(pattern)) for pattern in ("S2/*.tif", "Labels/*.tif"))
    put(out / "flood.zarr", read(scene).astype(np.int16), ["band", "y", "x"], {"bands": BANDS})
    put(out / "flood-labels.zarr", read(labels)[0].astype(np.int16), ["y", "x"], {"nodata": -1})

    # Reflectances as floats, (time, y, x, band).
    scenes = np.load(data / "eo-learn/REFERENCE_SCENES.npy").transpose(0, 3, 1, 2)
    put(out / "eo.zarr", np.rint(scenes * 10000).astype(np.uint16), ["time", "band", "y", "x"], {"bands": BANDS})
    classes = np.load(data / "eo-learn/TestEOPatch/mask_timeless/LULC.npy")[..., 0].astype(np.uint8)
    put(out / "eo-labels.zarr", classes, ["y", "x"], {"nodata": 0})


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:3]))
