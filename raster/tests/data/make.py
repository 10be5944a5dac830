"""Makes the small rasters of this folder out of whole ones: crops of a few pixels, a file or two of each kind.

    python make.py FOLDER

FOLDER is that of the whole rasters (see README.md for what and whose they are). Needs rasterio and numpy.
"""

import shutil
import sqlite3
import struct
import sys
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.windows import Window

HERE = Path(__file__).parent
SOURCE = Path(sys.argv[1])

# Dates of one Landsat path; how far each crop is moved, so that they are ragged as the scenes are.
LANDSAT = {"20180131_20180207": (0, 0), "20180421_20180502": (1, 2), "20180710_20180717": (2, 0), "20181030_20181115": (0, 1)}
PATCH = "S2A_MSIL2A_20170613T101031_87_48"
GOES = "OR_ABI-L2-CMIPM1-M6C05_G16_s20211451800267_e20211451800324_c20211451800393"
# eo-learn: rows and columns of the patch that are kept, and where the patch lies.
ROWS, COLUMNS = slice(20, 44), slice(30, 50)
LEFT, BOTTOM, RIGHT, TOP = 465181.0522318204, 5079244.8912012065, 466180.53145382757, 5080254.63349641


def crop(source, target, row, column, height, width):
    target.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(source) as whole:
        window = Window(column, row, width, height)
        profile = {
            "driver": "GTiff", "height": height, "width": width, "count": whole.count, "dtype": whole.dtypes[0],
            "crs": whole.crs, "transform": whole.window_transform(window), "nodata": whole.nodata, "compress": "deflate",
        }
        with rasterio.open(target, "w", **profile) as part:
            part.write(whole.read(window=window))
            part.scales, part.offsets = whole.scales, whole.offsets


def landsat():
    for dates, (row, column) in LANDSAT.items():
        scene = f"LC08_L1TP_013032_{dates}_01_T1"
        for band in ["B3", "B4", "B5", "BQA"]:
            name = f"{scene}/LC08_L1TP_013032_{dates[:8]}_{band}.TIF"
            crop(SOURCE / "test/landsat8-series" / name, HERE / "landsat" / name, 30 + row, 30 + column, 24 + row, 20 + column)


def bigearthnet():
    for band, factor in {"B04": 6, "B08": 6, "B05": 3, "B11": 3, "B01": 1}.items():
        name = f"{PATCH}/{PATCH}_{band}.tif"
        crop(SOURCE / "test/sentinel2-bigearthnet" / name, HERE / "bigearthnet" / name, 2 * factor, 3 * factor, 4 * factor, 5 * factor)


def worldcereal():
    source = f"netcdf:{SOURCE}/test/worldcereal/worldcereal_preprocessed_inputs.nc"
    for variable in ["S2-L2A-B04", "S2-L2A-B08"]:
        with rasterio.open(f"{source}:{variable}") as whole:
            window = Window(40, 40, 16, 16)
            steps = [whole.tags(number + 1)["NETCDF_DIM_t"] for number in range(whole.count)]
            target = HERE / f"worldcereal/{variable}.nc"
            target.parent.mkdir(exist_ok=True)
            with rasterio.MemoryFile() as memory:
                with memory.open(driver="GTiff", height=16, width=16, count=whole.count, dtype="int16", crs=whole.crs,
                                 transform=whole.window_transform(window), nodata=whole.nodata - 65536) as part:
                    # The original is signed, too, and an attribute says to take it for unsigned; GDAL writes none such.
                    part.write(whole.read(window=window).view(np.int16))
                    part.update_tags(**{
                        "NETCDF_DIM_EXTRA": "{t}", "NETCDF_DIM_t_DEF": "{%d,6}" % whole.count,
                        "NETCDF_DIM_t_VALUES": "{" + ",".join(steps) + "}",
                        **{key: value for key, value in whole.tags().items() if key.startswith("t#")},
                    })
                    for number, step in enumerate(steps, 1):
                        part.update_tags(number, NETCDF_DIM_t=step, NETCDF_VARNAME=variable)
                with memory.open() as part:
                    rasterio.shutil.copy(part, target, driver="netCDF", FORMAT="NC")


def goes():
    for band in ["CMI", "DQF"]:
        name = f"{GOES}_{band}.tif"
        crop(SOURCE / "test/goes" / name, HERE / "goes" / name, 500, 400, 24, 32)


def eo_learn():
    patch, target = SOURCE / "test/eo-learn/TestEOPatch", HERE / "eo-learn"
    target.mkdir(exist_ok=True)
    for name in ["data/NDVI", "mask/CLM"]:
        np.save(target / f"{Path(name).name}.npy", np.load(patch / f"{name}.npy")[8:16, ROWS, COLUMNS])
    np.save(target / "LULC.npy", np.load(patch / "mask_timeless/LULC.npy")[ROWS, COLUMNS])
    dx, dy = (RIGHT - LEFT) / 100, (TOP - BOTTOM) / 101
    polygons(patch / "vector_timeless/LULC.gpkg", target / "LULC.gpkg",
             (LEFT + COLUMNS.start * dx, TOP - ROWS.stop * dy, LEFT + COLUMNS.stop * dx, TOP - ROWS.start * dy))


def polygons(source, target, bounds):
    """Keeps the features whose envelopes touch the bounds, and what they need."""
    shutil.copyfile(source, target)
    target.chmod(0o644)
    base = sqlite3.connect(target)
    # Triggers call functions that plain SQLite lacks.
    for (name,) in base.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        base.execute(f'drop trigger "{name}"')
    base.execute('drop table "rtree_LULC_geom"')
    base.execute("delete from gpkg_extensions")
    left, bottom, right, top = bounds
    for fid, blob in base.execute('select fid, geom from LULC').fetchall():
        x0, x1, y0, y1 = struct.unpack("<4d", blob[8:40])
        if x1 < left or x0 > right or y1 < bottom or y0 > top:
            base.execute("delete from LULC where fid = ?", (fid,))
    base.execute("update gpkg_ogr_contents set feature_count = (select count(*) from LULC)")
    base.execute("drop table gpkg_tile_matrix")
    base.execute("drop table gpkg_tile_matrix_set")
    base.commit()
    base.execute("vacuum")
    base.close()


for make in [landsat, bigearthnet, worldcereal, goes, eo_learn]:
    make()
