#!/usr/bin/env python3
"""Makes sample/sentinel2-l2a.zarr from four GeoTIFFs: a crop of one site in four seasons, as plain Zarr v3.

    pip install zarr rasterio numpy
    scripts/make_sample.py SEASON0.tif SEASON1.tif SEASON2.tif SEASON3.tif sample/sentinel2-l2a.zarr
"""
import shutil
import sys

import numpy as np
import rasterio
import zarr

BANDS = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"]
SIDE = 192  # pixels: the crop stays below 3 MB compressed

*sources, target = sys.argv[1:]
dates = []
for source in sources:
    with rasterio.open(source) as dataset:
        dates.append(dataset.read(window=((36, 36 + SIDE), (36, 36 + SIDE))))
data = np.stack(dates)
shutil.rmtree(target, ignore_errors=True)
array = zarr.create_array(
    target,
    shape=data.shape,
    chunks=(1, len(BANDS), SIDE, SIDE),
    dtype=data.dtype,
    dimension_names=["time", "band", "y", "x"],
    compressors=zarr.codecs.ZstdCodec(level=19),
    fill_value=0,
    attributes={
        "title": "Sentinel-2 L2A, one site in four seasons, surface reflectance × 10000 on the 10 m grid",
        "bands": BANDS,
        "source": "SSL4EO-S12 site 0080717 (Wang et al. 2023), by way of the IBM/TerraCodec examples",
        "licence": "CC-BY-4.0; contains modified Copernicus Sentinel data",
    },
)
array[:] = data
print(f"{target}: {data.shape} {data.dtype}, {array.nbytes_stored()} bytes")
