"""What `vqz export` and `vqz decode` write, as rasterio, xarray, rioxarray and netCDF4 read it on installs of their own."""

import shutil
import unittest
import warnings

import netCDF4
import numpy as np
import rasterio
import rioxarray
import xarray as xr
import zarr
from rasterio.enums import ColorInterp

from support import ROOT, Case

CROPS = ROOT / "tests/data/rasters"
TRANSFORM = (500000.0, 20.0, 0.0, 5000000.0, 0.0, -10.0)
DAYS = np.array(["2018-01-31", "2018-04-05T10:30:00", "2019-01-01"], dtype="datetime64[s]")


def said(path):
    """What rasterio says of a file, without its samples."""
    with rasterio.open(path) as source:
        palette = source.colorinterp[0] == ColorInterp.palette
        return {
            "crs": source.crs.to_wkt() if source.crs else None,
            "transform": source.transform.to_gdal(),
            "descriptions": source.descriptions,
            "nodata": repr(source.nodata),
            "scales": source.scales,
            "offsets": source.offsets,
            "units": source.units,
            "dtypes": source.dtypes,
            "colours": source.colorinterp,
            "colormap": source.colormap(1) if palette else None,
            "tags": {key: text for key, text in source.tags().items() if not key.startswith("OVR_")},
        }


class Export(Case):
    def cube(self, dtype="uint16", nodata=0):
        """Three dates of two bands, written by xarray as it writes them, and encoded without loss."""
        generator = np.random.default_rng(7)
        samples = (generator.random((3, 2, 150, 130)) * 3000 + 200).astype(dtype)
        samples[:, :, :20, 30:50] = nodata
        y = TRANSFORM[3] + TRANSFORM[5] * (np.arange(150) + 0.5)
        x = TRANSFORM[0] + TRANSFORM[1] * (np.arange(130) + 0.5)
        array = xr.DataArray(
            samples,
            dims=("time", "band", "y", "x"),
            coords={"time": DAYS.astype("datetime64[ns]"), "band": ["B04", "B08"], "y": y, "x": x},
            attrs={"units": "1", "nodata": float(nodata) if np.issubdtype(samples.dtype, np.floating) else nodata},
        )
        dataset = array.to_dataset(name="data").rio.write_crs(32633)
        source, archive = self.folder / "source.zarr", self.folder / "archive.zarr"
        shutil.rmtree(source, ignore_errors=True)
        with warnings.catch_warnings():
            # That strings have no final specification in Zarr v3, and that metadata are consolidated.
            warnings.simplefilter("ignore")
            dataset.to_zarr(source, zarr_format=3, encoding={"data": {"chunks": (1, 2, 64, 64)}})
        self.vqz("encode", source, archive, "--lossless", "--overwrite")
        return samples, archive

    def check_cube(self, dataset, samples, nodata):
        """A data set with masks, as xarray opens it."""
        wanted = samples.astype(np.float64)
        wanted[samples == nodata] = np.nan
        np.testing.assert_array_equal(dataset["data"].values, wanted)
        np.testing.assert_array_equal(dataset["time"].values.astype("datetime64[s]"), DAYS)
        self.assertEqual(list(dataset["band"].values), ["B04", "B08"])
        self.assertEqual(dataset.rio.crs.to_epsg(), 32633)
        self.assertEqual(dataset["data"].rio.transform().to_gdal(), TRANSFORM)
        self.assertEqual(dataset["x"].attrs["standard_name"], "projection_x_coordinate")
        self.assertEqual(dataset["data"].attrs["units"], "1")

    def test_plain_zarr_as_xarray_and_rioxarray_open_it(self):
        for dtype, nodata in (("uint16", 0), ("float32", -9999)):
            with self.subTest(dtype=dtype):
                samples, archive = self.cube(dtype, nodata)
                plain = self.folder / "plain.zarr"
                self.vqz("export", archive, plain, "--overwrite")
                with xr.open_dataset(plain, engine="zarr", consolidated=False, decode_coords="all") as dataset:
                    self.check_cube(dataset, samples, nodata)
                    self.assertEqual(dataset["data"].encoding["_FillValue"], nodata)
                with xr.open_dataset(plain, engine="zarr", consolidated=False, mask_and_scale=False) as dataset:
                    self.assertEqual(dataset["data"].dtype, samples.dtype)
                    np.testing.assert_array_equal(dataset["data"].values, samples)
                with xr.open_dataset(plain, engine="zarr", consolidated=False, decode_coords="all") as dataset:
                    picture = self.folder / "picture.tif"
                    dataset["data"].isel(time=1, band=0, drop=True).rio.to_raster(picture)
                with rasterio.open(picture) as source:
                    self.assertEqual((source.crs.to_epsg(), source.transform.to_gdal()), (32633, TRANSFORM))

    def test_netcdf_as_xarray_and_netcdf4_open_it(self):
        samples, archive = self.cube()
        path = self.folder / "cube.nc"
        self.vqz("export", archive, path)
        with xr.open_dataset(path, decode_coords="all") as dataset:
            self.check_cube(dataset, samples, 0)
        with netCDF4.Dataset(path) as file:
            file.set_auto_maskandscale(False)
            data = file["data"]
            np.testing.assert_array_equal(data[...], samples)
            self.assertEqual((file.data_model, file.Conventions), ("NETCDF4", "CF-1.8"))
            self.assertEqual((data.dimensions, data.dtype), (("time", "band", "y", "x"), np.dtype("uint16")))
            self.assertEqual((data._FillValue, data._FillValue.dtype), (0, np.dtype("uint16")))
            self.assertEqual((data.grid_mapping, data.chunking()), ("spatial_ref", [1, 1, 150, 130]))
            self.assertTrue(data.filters()["zlib"])
            self.assertEqual(file["spatial_ref"].grid_mapping_name, "transverse_mercator")
            self.assertEqual(file["time"].units, "seconds since 1970-01-01")

    def test_classes_are_flags_in_netcdf(self):
        archive, path = self.folder / "nlcd.zarr", self.folder / "nlcd.nc"
        self.vqz("encode", CROPS / "nlcd.tif", archive, "--lossless")
        self.vqz("export", archive, path, "--compression", "none")
        with rasterio.open(CROPS / "nlcd.tif") as source, netCDF4.Dataset(path) as file:
            file.set_auto_maskandscale(False)
            np.testing.assert_array_equal(file["data"][0], source.read(1))
        source = self.write(
            "flags.zarr",
            np.tile(np.array([1, 5], dtype=np.uint8), (40, 20))[None],
            ["band", "y", "x"],
            attributes={"flag_values": [1, 5], "flag_meanings": "water forest", "flag_colors": "#0000ff #00ff00"},
        )
        self.vqz("export", source, self.folder / "flags.nc")
        with netCDF4.Dataset(self.folder / "flags.nc") as file:
            self.assertEqual(file["data"].flag_values.dtype, np.dtype("uint8"))
            self.assertEqual((list(file["data"].flag_values), file["data"].flag_meanings), ([1, 5], "water forest"))
        self.vqz("export", source, self.folder / "flags.tif")
        with rasterio.open(self.folder / "flags.tif") as file:
            self.assertEqual(file.colormap(1)[5], (0, 255, 0, 255))

    def test_a_geotiff_for_each_date(self):
        samples, archive = self.cube()
        self.vqz("export", archive, self.folder / "scene.tif", "--dates", "2018", "--window", "10,20,110,140")
        for number, name in enumerate(("2018-01-31", "2018-04-05T103000")):
            with rasterio.open(self.folder / f"scene_{name}.tif") as source:
                np.testing.assert_array_equal(source.read(), samples[number, :, 20:140, 10:110])
                self.assertEqual(source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"], "COG")
                self.assertEqual(source.crs.to_epsg(), 32633)
                self.assertEqual(source.transform.to_gdal(), (500200.0, 20.0, 0.0, 4999800.0, 0.0, -10.0))
                self.assertEqual((source.descriptions, source.nodata), (("B04", "B08"), 0))
                self.assertEqual(source.units, ("1", "1"))
        opened = rioxarray.open_rasterio(self.folder / "scene_2018-01-31.tif")
        self.assertEqual((opened.rio.crs.to_epsg(), opened.rio.nodata), (32633, 0))
        opened.close()

    def test_real_rasters_say_the_same_afterwards(self):
        crops = sorted(CROPS.glob("*.tif"))
        self.assertEqual(len(crops), 6)
        for crop in crops:
            archive = self.folder / f"{crop.stem}.zarr"
            self.vqz("encode", crop, archive, "--lossless")
            self.vqz("decode", archive, self.folder / "decoded.tif", "--overwrite")
            self.vqz("export", archive, self.folder / "exported.tif", "--overwrite")
            with rasterio.open(crop) as source:
                wanted = source.read()
            for name in ("decoded.tif", "exported.tif"):
                with self.subTest(crop=crop.stem, file=name):
                    self.assertEqual(said(self.folder / name), said(crop))
                    with rasterio.open(self.folder / name) as found:
                        np.testing.assert_array_equal(found.read(), wanted)

    def test_overviews_beside_an_archive(self):
        samples, archive = self.cube()
        self.vqz("export", archive, "--overview", "--levels", "2,4")
        group = zarr.open_group(archive, mode="r")
        assets = [level["asset"] for level in group.attrs["multiscales"]["layout"]]
        self.assertEqual(assets, ["data", "overviews/2/data", "overviews/4/data"])
        # zarr-python reads the levels, and says why it can't read the array.
        self.assertEqual(group[assets[1]].shape, (3, 2, 75, 65))
        with self.assertRaisesRegex(Exception, "vqz"):
            group["data"]
        self.assertEqual(list(group["overviews/4/band"][...]), ["B04", "B08"])
        with xr.open_dataset(
            archive, engine="zarr", group="overviews/2", consolidated=False, decode_coords="all"
        ) as level:
            self.assertEqual(level["data"].rio.transform().to_gdal(), (500000.0, 40.0, 0.0, 5000000.0, 0.0, -20.0))
            blocks = samples.astype(np.float64).reshape(3, 2, 75, 2, 65, 2)
            blocks[blocks == 0] = np.nan
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                means = np.nanmean(blocks, axis=(3, 5))
            np.testing.assert_array_equal(np.isnan(level["data"].values), np.isnan(means))
            self.assertLessEqual(np.nanmax(np.abs(level["data"].values - means)), 0.5)
        if tuple(map(int, rasterio.__gdal_version__.split(".")[:2])) >= (3, 12):
            with rasterio.open(archive) as source:
                self.assertEqual(len(source.subdatasets), 2)
            with rasterio.open(archive / "overviews/4") as source:
                self.assertEqual((source.count, source.shape, source.crs.to_epsg()), (6, (38, 33), 32633))


if __name__ == "__main__":
    unittest.main()
