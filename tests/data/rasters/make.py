#!/usr/bin/env python3
"""Makes the crops of this folder from larger rasters: make.py FOLDER, where FOLDER has train/ and test/ as the README says.

Samples and everything else that the sources say are kept. Needs rasterio.
"""

import sys
from pathlib import Path

import rasterio
from rasterio.windows import Window

# Crop, source, first column, first row, side.
CROPS = [
    ("nlcd", "train/landcover/nlcd2011.tif", 400, 500, 96),
    ("naip", "test/naip/m_4112001_sw_10_060_20220716.tif", 60, 80, 80),
    ("landsat8", "train/landsat8/LC08_224078_20200518_B2B3B4.tif", 900, 900, 64),
    ("sentinel2", "train/sentinel2-l2a/satclip_445.tif", 64, 64, 32),
    ("elevation", "train/elevation/nz_elev.tif", 560, 700, 96),
    ("goes", "test/goes/OR_ABI-L2-CMIPM1-M6C05_G16_s20211451800267_e20211451800324_c20211451800393_CMI.tif", 300, 300, 64),
]


def main():
    sources, here = Path(sys.argv[1]), Path(__file__).parent
    for name, path, x, y, side in CROPS:
        with rasterio.open(sources / path) as source:
            window = Window(x, y, side, side)
            profile = source.profile | {
                "driver": "GTiff",
                "width": side,
                "height": side,
                "transform": source.window_transform(window),
                "compress": "deflate",
                "tiled": False,
                "blockysize": side,
            }
            for key in ("blockxsize", "blockysize", "tiled", "interleave"):
                profile.pop(key, None)
            target = here / f"{name}.tif"
            with rasterio.open(target, "w", **profile) as crop:
                crop.write(source.read(window=window))
                crop.descriptions = source.descriptions
                crop.units = source.units
                crop.scales = source.scales
                crop.offsets = source.offsets
                if source.colorinterp[0].name == "palette":
                    crop.write_colormap(1, source.colormap(1))
                else:
                    crop.colorinterp = source.colorinterp
                crop.update_tags(**{key: text for key, text in source.tags().items() if "#" not in key})
            print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
