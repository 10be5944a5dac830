"""Files as other programs write them, into cubes and back: what is read otherwise than GDAL reads it, and what files say beside samples."""

import json
import os
import shutil
import subprocess
import unittest

import netCDF4
import numpy as np
import rasterio
import rasterio.shutil
import rioxarray
import xarray as xr
import zarr
from rasterio.transform import from_origin

from support import VQZ, Case


class Files(Case):
    programs = (VQZ,)

    def setUp(self):
        super().setUp()
        self.random = np.random.default_rng(1)
        # A lock on a file that was just written would be inherited.
        os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"

    def ingest(self, *arguments, cube="cube.zarr", code=0):
        """The cube, and the messages of all remarks."""
        files = [argument for argument in arguments if not isinstance(argument, str)]
        options = [argument for argument in arguments if isinstance(argument, str)]
        told = self.vqz("ingest", *files, self.folder / cube, *options, "--overwrite", "--json", code=code)
        if code:
            return told
        return zarr.open_group(self.folder / cube, mode="r"), [remark["message"] for remark in json.loads(told)["remarks"]]

    def assert_said(self, words, remarks):
        self.assertTrue(any(words in remark for remark in remarks), f"{words!r} is not in {remarks}")

    def netcdf(self, name, file_format="NETCDF4", size=(40, 50), places=True):
        file = netCDF4.Dataset(self.folder / name, "w", format=file_format)
        for axis, count, units, values in (
            ("lat", size[0], "degrees_north", 50 - np.arange(size[0]) * 0.1),
            ("lon", size[1], "degrees_east", np.arange(size[1]) * 0.1),
        ):
            file.createDimension(axis, count)
            if places:
                variable = file.createVariable(axis, "f8", (axis,))
                variable.units = units
                variable[:] = values
        return file

    def geotiff(self, name, samples, **options):
        path = self.folder / name
        place = {"crs": "EPSG:32632", "transform": from_origin(5e5, 5e6, 10, 10)}
        count, height, width = samples.shape
        with rasterio.open(
            path, "w", driver="GTiff", height=height, width=width, count=count, dtype=samples.dtype, **place, **options
        ) as file:
            file.write(samples)
        return path

    def test_integers_without_a_sign_are_those_that_are_meant(self):
        for file_format in ("NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET"):
            for kind in ("i1", "i2"):
                for placed in (True, False):
                    with self.subTest(file_format=file_format, kind=kind, placed=placed):
                        meant = self.random.integers(0, 2 ** (8 * int(kind[1])), (40, 50)).astype(f"u{kind[1]}")
                        with self.netcdf("u.nc", file_format, places=placed) as file:
                            variable = file.createVariable("v", kind, ("lat", "lon"), fill_value=-1)
                            variable.set_auto_maskandscale(False)
                            variable._Unsigned = "true"
                            variable.valid_range = np.array([0, -2], kind)
                            variable[:] = meant.view(kind)
                        cube, _ = self.ingest(self.folder / "u.nc")
                        found = cube["data"]
                        self.assertEqual(found.dtype, meant.dtype)
                        np.testing.assert_array_equal(found[:].squeeze(), meant)
                        most = np.iinfo(meant.dtype).max
                        self.assertEqual((found.attrs["_FillValue"], found.attrs["valid_range"]), (most, [0, most - 1]))

    def test_angles_of_a_view_are_lengths(self):
        meant = self.random.integers(0, 256, (40, 50)).astype("u1")
        for upwards in (False, True):
            with netCDF4.Dataset(self.folder / "goes.nc", "w") as file:
                for axis, count, start in (("y", 40, 0.1), ("x", 50, -0.1)):
                    file.createDimension(axis, count)
                    variable = file.createVariable(axis, "f8", (axis,))
                    variable.setncatts({"units": "rad", "standard_name": f"projection_{axis}_coordinate"})
                    step = -5.6e-5 if axis == "y" and not upwards else 5.6e-5
                    variable[:] = start + step * np.arange(count)
                file.createVariable("projection", "i4", ()).setncatts(
                    {
                        "grid_mapping_name": "geostationary",
                        "perspective_point_height": 35786023.0,
                        "semi_major_axis": 6378137.0,
                        "semi_minor_axis": 6356752.31414,
                        "longitude_of_projection_origin": -75.0,
                        "latitude_of_projection_origin": 0.0,
                        "sweep_angle_axis": "x",
                    }
                )
                variable = file.createVariable("DQF", "i1", ("y", "x"), fill_value=-1)
                variable.set_auto_maskandscale(False)
                variable.setncatts({"_Unsigned": "true", "grid_mapping": "projection"})
                variable[:] = meant.view("i1")
            cube, _ = self.ingest(self.folder / "goes.nc")
            np.testing.assert_array_equal(cube["data"][:].squeeze(), meant)
            step = 5.6e-5 * 35786023.0
            y, x = cube["y"][:], cube["x"][:]
            np.testing.assert_allclose(np.diff(x), step, rtol=1e-6)
            np.testing.assert_allclose(np.diff(y), step if upwards else -step, rtol=1e-6)
            np.testing.assert_allclose([y[0], x[0]], [0.1 * 35786023.0, -0.1 * 35786023.0], rtol=1e-6)

    def test_fractions_of_a_second_are_kept(self):
        for seconds, units in (([0.25, 0.5, 1000.75], "seconds"), ([0.001, 0.002, 0.003], "seconds"), ([250, 500, 501], "milliseconds")):
            with self.subTest(units=units):
                with self.netcdf("t.nc") as file:
                    file.createDimension("time", 3)
                    time = file.createVariable("time", "f8", ("time",))
                    time.units = f"{units} since 2020-01-01"
                    time[:] = seconds
                    file.createVariable("v", "i2", ("time", "lat", "lon"))[:] = self.random.integers(0, 999, (3, 40, 50))
                self.ingest(self.folder / "t.nc")
                with xr.open_dataset(self.folder / "t.nc", engine="netcdf4") as opened:
                    wanted = opened.load()
                found = xr.open_zarr(self.folder / "cube.zarr", consolidated=False)
                # The decimals are those that a float64 tells: microseconds here.
                off = np.abs((found.time.values - wanted.time.values).astype("timedelta64[ns]").astype(np.int64))
                self.assertLessEqual(off.max(), 500)
                np.testing.assert_array_equal(found.data.values.squeeze(), wanted.v.values)

    def test_places_of_each_pixel_are_kept_beside_the_only_variable(self):
        y, x = np.mgrid[0:40, 0:50].astype("f4")
        places = {"lat": 50 - y * 0.1 + x * 0.01, "lon": x * 0.1 + y * 0.01}
        for dimensions in (("y", "x"), ("time", "y", "x")):
            with self.subTest(dimensions):
                shape = (2, 40, 50)[-len(dimensions) :]
                with netCDF4.Dataset(self.folder / "swath.nc", "w") as file:
                    for name, count in (("y", 40), ("x", 50), ("time", 2)):
                        file.createDimension(name, count)
                    for name, values in places.items():
                        variable = file.createVariable(name, "f4", ("y", "x"))
                        variable.setncatts({"units": f"degrees_{'north' if name == 'lat' else 'east'}"})
                        variable[:] = values
                    if "time" in dimensions:
                        time = file.createVariable("time", "i4", ("time",))
                        time.units = "days since 2020-01-01"
                        time[:] = [0, 1]
                    samples = self.random.integers(0, 999, shape).astype("i2")
                    variable = file.createVariable("v", "i2", dimensions)
                    variable.coordinates = "lat lon"
                    variable[:] = samples
                _, remarks = self.ingest(self.folder / "swath.nc", "--max-error", "10")
                self.vqz("decode", self.folder / "cube.zarr", self.folder / "plain.zarr", "--overwrite")
                cube = zarr.open_group(self.folder / "plain.zarr", mode="r")
                for name, values in places.items():
                    np.testing.assert_array_equal(cube[name][:], values)
                self.assertEqual(cube["data"].attrs["coordinates"], "lat lon")
                self.assertFalse([remark for remark in remarks if "left out" in remark])

    def test_a_mask_tells_and_not_the_value_beside_it(self):
        samples = self.random.integers(-4, 5, (1, 40, 50)).astype("i2")
        mask = np.full((40, 50), 255, "u1")
        mask[:10] = 0
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
            path = self.geotiff("m.tif", samples, nodata=0)
            with rasterio.open(path, "r+") as file:
                file.write_mask(mask)
        zeros = int((samples[0, 10:] == 0).sum())
        _, remarks = self.ingest(path)
        self.assert_said(f'valid samples of 0 became "no data" ({zeros} of band', remarks)
        told = json.loads(self.vqz("encode", path, self.folder / "e.zarr", "--lossless", "--json"))["remarks"]
        self.assert_said(f'valid samples of 0 became "no data" ({zeros} of band', [remark["message"] for remark in told])
        # Another value keeps them all.
        for command, option in (("ingest", None), ("encode", "-9")):
            with self.subTest(command):
                output = self.folder / f"{command}-9.zarr"
                if option is None:
                    configuration = self.folder / "c.toml"
                    configuration.write_text(f'[[input]]\nfiles = ["{path}"]\n[output]\nnodata = -9\n')
                    told = self.vqz("ingest", configuration, output, "--json")
                else:
                    told = self.vqz("encode", path, output, "--lossless", "--nodata", option, "--json")
                self.assertFalse([r for r in json.loads(told)["remarks"] if r["kind"] == "valid_became_nodata"])
                if command == "ingest":
                    found = zarr.open_array(output / "data", mode="r")[:].squeeze()
                    np.testing.assert_array_equal(found, np.where(mask > 0, samples[0], -9))

    def test_longitudes_that_jump_go_on(self):
        samples = self.random.random((18, 36)).astype("f4")
        for start in (0, 90, -170):
            with self.subTest(start=start):
                lon = (start + np.arange(36) * 10.0 + 180) % 360 - 180
                with self.netcdf("w.nc", size=(18, 36), places=False) as file:
                    for name, units, values in (("lat", "degrees_north", 85 - np.arange(18) * 10.0), ("lon", "degrees_east", lon)):
                        variable = file.createVariable(name, "f8", (name,))
                        variable.units = units
                        variable[:] = values
                    file.createVariable("v", "f4", ("lat", "lon"))[:] = samples
                cube, remarks = self.ingest(self.folder / "w.nc")
                np.testing.assert_allclose(cube["x"][:] % 360, lon % 360, atol=1e-9)
                np.testing.assert_array_equal(cube["data"][:].squeeze(), samples)
                jumps = (np.abs(np.diff(lon)) > 180).any()
                self.assertEqual(any("jump by a turn" in remark for remark in remarks), jumps)

    def test_what_files_say_of_themselves_is_kept_or_named(self):
        samples = self.random.integers(0, 255, (3, 20, 30)).astype("u1")
        for day in (1, 2):
            path = self.geotiff(f"s_2020010{day}.tif", samples, photometric="RGB")
            with rasterio.open(path, "r+") as file:
                file.update_tags(TIFFTAG_SOFTWARE="processor 5", TIFFTAG_DATETIME=f"2020:01:0{day} 10:00:00", orbit="22")
                file.update_tags(2, solar_irradiance="1874.3")
        cube, remarks = self.ingest(self.folder / "s_20200101.tif", cube="one.zarr")
        items = cube["data"].attrs["gdal_metadata"]
        self.assertEqual((items["TIFFTAG_DATETIME"], items["orbit"]), ("2020:01:01 10:00:00", "22"))
        self.assert_said("metadata items of its bands (solar_irradiance) are left out", remarks)
        colours = [band["color_interpretation"] for band in cube["data"].attrs["bands"]]
        self.assertEqual(colours, ["Red", "Green", "Blue"])
        self.vqz("export", self.folder / "one.zarr", self.folder / "back.tif")
        with rasterio.open(self.folder / "back.tif") as back:
            self.assertEqual(back.tags()["orbit"], "22")
            self.assertEqual([colour.name for colour in back.colorinterp], ["red", "green", "blue"])
        configuration = self.folder / "two.toml"
        configuration.write_text(f'[[input]]\nfiles = ["{self.folder}/s_2*.tif"]\nname = "s_{{time:%Y%m%d}}.tif"\n')
        cube, remarks = self.ingest(configuration, cube="two.zarr")
        self.assertEqual(cube["data"].attrs["gdal_metadata"], {"TIFFTAG_SOFTWARE": "processor 5", "orbit": "22"})
        self.assert_said("metadata items in which the files differ are left out: TIFFTAG_DATETIME", remarks)
        with self.netcdf("g.nc") as file:
            file.setncatts({"title": "A cube", "institution": "Somewhere", "Conventions": "CF-1.6"})
            variable = file.createVariable("v", "i2", ("lat", "lon"))
            variable.setncatts({"long_name": "a thing", "sensor": "b"})
            variable[:] = 1
        cube, remarks = self.ingest(self.folder / "g.nc", cube="g.zarr")
        self.assertEqual((cube.attrs["title"], cube.attrs["Conventions"]), ("A cube", "CF-1.11"))
        self.assert_said("metadata items of its bands (sensor) are left out", remarks)

    def test_masks_of_files_are_exported(self):
        samples = np.where(np.arange(40) % 2, 100, -30000).astype("i2")[None, None].repeat(30, 1)
        path = self.geotiff("m.tif", samples)
        mask = (samples[0] > 0).astype("u1") * 255
        with rasterio.open(path, "r+") as file:
            file.write_mask(mask)
        told = json.loads(self.vqz("export", path, self.folder / "out.tif", "--json"))["remarks"]
        self.assertEqual(told, [])
        with rasterio.open(self.folder / "out.tif") as out:
            np.testing.assert_array_equal(out.read_masks(1), mask)
            np.testing.assert_array_equal(out.read(), samples)
        # What is masked is never averaged with what is not.
        self.vqz("export", path, self.folder / "half.tif", "--resolution", 20, code=2)
        told = json.loads(self.vqz("export", path, self.folder / "out.nc", "--json"))["remarks"]
        self.assertEqual([remark["kind"] for remark in told], ["mask_not_exported"])

    def test_nodata_of_each_band_stays_that_of_the_band(self):
        samples = np.array([[[5, 145, 171]], [[171, 145, 6]]], "u1").repeat(4, 1)
        path = self.geotiff("b.tif", samples)
        bands = "".join(
            f'<VRTRasterBand dataType="Byte" band="{number}"><NoDataValue>{nodata}</NoDataValue><SimpleSource>'
            f'<SourceFilename>{path}</SourceFilename><SourceBand>{number}</SourceBand></SimpleSource></VRTRasterBand>'
            for number, nodata in ((1, 171), (2, 145))
        )
        (self.folder / "b.vrt").write_text(f'<VRTDataset rasterXSize="3" rasterYSize="4">{bands}</VRTDataset>')
        self.vqz("encode", self.folder / "b.vrt", self.folder / "b.zarr", "--lossless")
        for source in ("b.vrt", "b.zarr"):
            told = json.loads(self.vqz("export", self.folder / source, self.folder / "o.tif", "--overwrite", "--json"))["remarks"]
            self.assert_said("valid samples of 171", [remark["message"] for remark in told])
            with rasterio.open(self.folder / "o.tif") as out:
                self.assertEqual(out.nodatavals, (171, 171))
                np.testing.assert_array_equal(out.read()[:, 0], [[5, 145, 171], [171, 171, 6]])

    def test_floats_that_may_be_missing_need_a_value(self):
        samples = np.full((1, 8, 10), 5, "f4")
        samples[0, :2] = np.nan
        path = self.geotiff("f.tif", samples)
        configuration = self.folder / "c.toml"
        configuration.write_text(f'[[input]]\nfiles = ["{path}"]\n[output]\ndata_type = "uint8"\n')
        self.assertIn("declare one as nodata under [output]", self.ingest(configuration, code=2))
        configuration.write_text(f'[[input]]\nfiles = ["{path}"]\n[output]\ndata_type = "uint8"\nnodata = 0\n')
        cube, _ = self.ingest(configuration)
        np.testing.assert_array_equal(cube["data"][:].squeeze()[:, 0], [0, 0, 5, 5, 5, 5, 5, 5])

    def test_coordinates_are_those_of_the_file(self):
        lat = np.array([80.0, 50, 20, -10, -45, -81])
        for values, even in ((lat, False), (80 - np.arange(6) * 10.0, True), (lat[::-1], False)):
            with self.subTest(even=even, first=values[0]):
                with self.netcdf("g.nc", size=(6, 8), places=False) as file:
                    for name, direction, own in (("lat", "north", values), ("lon", "east", np.arange(8) * 2.0)):
                        variable = file.createVariable(name, "f8", (name,))
                        variable.setncatts({"units": f"degrees_{direction}", "standard_name": f"{name}itude".replace("lon", "long")})
                        variable[:] = own
                    file.title = "A model"
                    samples = self.random.random((6, 8)).astype("f4")
                    file.createVariable("v", "f4", ("lat", "lon"))[:] = samples
                cube, remarks = self.ingest(self.folder / "g.nc")
                order = slice(None) if np.array_equal(cube["y"][:], values) else slice(None, None, -1)
                np.testing.assert_allclose(cube["y"][:], values[order], atol=1e-9)
                np.testing.assert_array_equal(cube["data"][:].squeeze(), samples[order])
                self.assertEqual(cube["y"].attrs["units"], "degrees_north")
                self.assertEqual(cube["x"].attrs["standard_name"], "longitude")
                self.assertEqual("GeoTransform" in cube["data"].attrs, even)
                if not even:
                    self.assert_said("not evenly spaced: they are kept as they are", remarks)
                    err = self.vqz("encode", self.folder / "g.nc", self.folder / "e.zarr", "--lossless", code=2)
                    self.assertIn("not evenly spaced", err)
                for end in ("nc", "zarr", "tif"):
                    self.vqz("export", self.folder / "cube.zarr", self.folder / f"back.{end}", "--overwrite")
                with rasterio.open(self.folder / "back.tif") as picture:
                    self.assertEqual(picture.tags()["title"], "A model")
                with xr.open_dataset(self.folder / "back.nc", engine="netcdf4") as opened:
                    back = opened.load()
                np.testing.assert_allclose(back.y, values[order], atol=1e-9)
                self.assertEqual((back.y.attrs["units"], back.attrs["title"]), ("degrees_north", "A model"))
                plain = xr.open_zarr(self.folder / "back.zarr", consolidated=False)
                self.assertEqual((plain.y.attrs["units"], plain.attrs["title"]), ("degrees_north", "A model"))

    def test_exports_keep_names_and_words(self):
        words = {"long_name": "reflectance of the ground", "comment": "synthetic", "processor": "5", "units": "1"}
        axes = {
            "wavelength": ("wavelength", [0.49, 0.56, 0.66], {"units": "um", "standard_name": "radiation_wavelength"}),
            "lat": ("lat", 50 - 0.1 * np.arange(40), {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": ("lon", 5 + 0.1 * np.arange(50), {"units": "degrees_east", "standard_name": "longitude"}),
        }
        samples = self.random.random((3, 40, 50)).astype("f4")
        cube = xr.Dataset({"refl": (tuple(axes), samples, words)}, axes, {"title": "T", "orbit": 5, "box": [1.5, 2.0]})
        cube.to_zarr(self.folder / "cube.zarr", zarr_format=3, consolidated=False)
        self.vqz("encode", self.folder / "cube.zarr", self.folder / "archive.zarr", "--lossless")
        for end in ("nc", "zarr"):
            self.vqz("export", self.folder / "archive.zarr", self.folder / f"back.{end}")
            options = {"engine": "zarr", "consolidated": False} if end == "zarr" else {"engine": "netcdf4"}
            with self.subTest(end), xr.open_dataset(self.folder / f"back.{end}", **options) as back:
                self.assertEqual(back["data"].dims, tuple(axes))
                for name in axes:
                    np.testing.assert_allclose(back[name], cube[name])
                    self.assertEqual(back[name].attrs["units"], cube[name].attrs["units"])
                np.testing.assert_array_equal(back["data"], samples)
                self.assertEqual({key: back["data"].attrs[key] for key in words}, words)
                self.assertEqual((back.attrs["title"], back.attrs["orbit"]), ("T", 5))
                np.testing.assert_array_equal(back.attrs["box"], [1.5, 2.0])
        told = json.loads(self.vqz("export", self.folder / "archive.zarr", self.folder / "back.tif", "--json"))
        self.assert_said("left out of refl: wavelength", [remark["message"] for remark in told["remarks"]])
        with rasterio.open(self.folder / "back.tif") as back:
            self.assertEqual((back.tags()["processor"], back.tags()["orbit"]), ("5", "5"))
            self.assertEqual(back.tags(2)["long_name"], words["long_name"])
        # Steps of three pixels; the last is made of one.
        self.vqz("export", self.folder / "archive.zarr", self.folder / "coarse.nc", "--resolution", "0.3")
        with xr.open_dataset(self.folder / "coarse.nc", engine="netcdf4") as coarse:
            np.testing.assert_allclose(np.diff(coarse["lat"]), -0.3)
        # A name is kept as a word where there is no other, and a coordinate names the only band.
        only = xr.Dataset({"ndvi": (("band", "y", "x"), samples[:1])}, {"band": ["B1"]})
        only.to_zarr(self.folder / "only.zarr", zarr_format=3, consolidated=False)
        words = only.assign(ndvi=only["ndvi"].assign_attrs(long_name="greenness"))
        words.to_zarr(self.folder / "words.zarr", zarr_format=3, consolidated=False)
        for name, long_name in (("only", "ndvi"), ("words", "greenness")):
            self.vqz("export", self.folder / f"{name}.zarr", self.folder / f"{name}.tif")
            with rasterio.open(self.folder / f"{name}.tif") as back:
                self.assertEqual((back.descriptions, back.tags(1).get("long_name")), (("B1",), long_name))

    def test_bounds_that_no_grid_implies_are_named(self):
        for clipped in (False, True):
            with self.subTest(clipped=clipped):
                with self.netcdf("bounds.nc", size=(4, 5), places=False) as file:
                    file.createDimension("nv", 2)
                    file.setncatts({"count": np.int32(5), "factor": np.float32(0.5), "title": "t"})
                    for name, direction, own in (("lat", "north", 89.5 - np.arange(4)), ("lon", "east", np.arange(5.0))):
                        variable = file.createVariable(name, "f8", (name,))
                        variable.setncatts({"units": f"degrees_{direction}", "bounds": f"{name}_bnds"})
                        variable[:] = own
                        ends = np.stack([own - 0.5, own + (0.4 if clipped and name == "lat" else 0.5)], 1)
                        file.createVariable(f"{name}_bnds", "f4", (name, "nv"))[:] = ends
                    file.createVariable("v", "f4", ("lat", "lon"))[:] = self.random.random((4, 5))
                cube, remarks = self.ingest(self.folder / "bounds.nc")
                told = [remark for remark in remarks if "left out" in remark]
                self.assertEqual(len(told), clipped, remarks)
                self.assertTrue(not clipped or told[0].endswith("other variables are left out: lat_bnds"), told)
                self.assertEqual([cube.attrs[name] for name in ("count", "factor", "title")], [5, 0.5, "t"])

    def test_packed_coordinates_are_unpacked(self):
        samples = self.random.integers(0, 4, (3, 6, 8)).astype("i1")
        truth = {"time": 10 + 0.25 * np.arange(3), "lat": 50 - 0.5 * np.arange(6), "lon": 5 + 0.5 * np.arange(8)}
        for axes in (("time", "lat", "lon"), ("lon", "lat"), ("lat", "lon")):
            with self.subTest(axes=axes):
                with netCDF4.Dataset(self.folder / "packed.nc", "w") as file:
                    for name, values in truth.items():
                        file.createDimension(name, len(values))
                        variable = file.createVariable(name, "i2", (name,), fill_value=-1)
                        variable.set_auto_maskandscale(False)
                        scale = -0.5 if name == "lat" else 0.5 if name == "lon" else 0.25
                        variable.setncatts({"scale_factor": scale, "add_offset": values[0]})
                        variable[:] = range(len(values))
                    file["time"].units = "days since 2000-01-01"
                    file["lat"].units, file["lon"].units = "degrees_north", "degrees_east"
                    variable = file.createVariable("v", "i1", axes)
                    variable.set_auto_maskandscale(False)
                    variable.setncatts({"_Unsigned": "true"} if axes == ("lat", "lon") else {})
                    order = [("time", "lat", "lon").index(axis) for axis in axes]
                    own = samples if len(axes) == 3 else samples[0]
                    variable[:] = own if len(axes) == 3 else own.T if axes[0] == "lon" else own
                cube, _ = self.ingest(self.folder / "packed.nc")
                np.testing.assert_allclose(cube["x"][:], truth["lon"])
                np.testing.assert_allclose(np.sort(cube["y"][:])[::-1], truth["lat"])
                rows = np.argsort(-cube["y"][:])
                found = cube["data"][:].squeeze()
                np.testing.assert_array_equal(found[..., rows, :], samples if len(order) == 3 else samples[0])
                if "time" in axes:
                    days = xr.open_zarr(self.folder / "cube.zarr", consolidated=False)["time"]
                    expected = np.datetime64("2000-01-11") + np.arange(3) * np.timedelta64(6, "h")
                    np.testing.assert_array_equal(days, expected.astype(days.dtype))

    def test_gdal_unpacks_only_some_coordinates(self):
        for scale, offset, raw in ((0.25, None, 1400), (None, 10, 9), (0.25, 300, 200), (0.01, None, 5000)):
            with self.subTest(scale=scale, offset=offset):
                file = self.netcdf("own.nc", size=(6, 8), places=False)
                for name, direction, first in (("lat", "north", raw if scale == 0.01 else 40), ("lon", "east", raw)):
                    own = (scale, offset) if name == "lon" or scale == 0.01 else (1.0, None)
                    variable = file.createVariable(name, "i4", (name,))
                    variable.set_auto_maskandscale(False)
                    variable.units = f"degrees_{direction}"
                    if own[0] is not None:
                        variable.scale_factor = own[0]
                    if own[1] is not None:
                        variable.add_offset = float(own[1])
                    variable[:] = first + np.arange(len(variable))
                samples = self.random.random((6, 8)).astype("f4")
                file.createVariable("v", "f4", ("lat", "lon"))[:] = samples
                file.close()
                truth = xr.open_dataset(self.folder / "own.nc", engine="netcdf4")
                cube, _ = self.ingest(self.folder / "own.nc")
                np.testing.assert_allclose(cube["x"][:], truth["lon"])
                found = xr.DataArray(cube["data"][:].squeeze(), {"lat": cube["y"][:], "lon": truth["lon"].values}, ("lat", "lon"))
                np.testing.assert_allclose(found.sortby("lat"), truth["v"].sortby("lat"))
                np.testing.assert_allclose(found.sortby("lat")["lat"], truth["lat"].sortby("lat"))
                truth.close()

    def test_what_differs_between_files_is_told(self):
        for name, point in (("a_20200101.tif", "Point"), ("a_20200102.tif", "Area")):
            path = self.geotiff(name, np.ones((1, 20, 30), "u2"))
            with rasterio.open(path, "r+") as file:
                file.update_tags(AREA_OR_POINT=point)
        files = sorted(self.folder.glob("a_*.tif"))
        _, remarks = self.ingest(*files, "--name", "a_{time:%Y%m%d}.tif")
        self.assert_said("values at points in some files, and of areas in others (AREA_OR_POINT)", remarks)
        with self.netcdf("wide.nc") as file:
            file.createVariable("n", "i8", ("lat", "lon"))[:] = 1
            file.createVariable("v", "f4", ("lat", "lon"))[:] = 1
        self.assertIn("variable n: samples are", self.ingest(self.folder / "wide.nc", code=2))

    def test_dimensions_that_no_output_can_have_get_other_names(self):
        cube = xr.Dataset(
            {"v": (("Time", "data", "dim_1", "y", "x"), np.arange(480, dtype="i2").reshape(2, 3, 2, 8, 5))},
            {"Time": ("Time", np.array(["2020-01-01", "2020-01-02"], "M8[ns]"))},
        )
        cube.to_zarr(self.folder / "odd.zarr", zarr_format=3, consolidated=False)
        self.vqz("encode", self.folder / "odd.zarr", self.folder / "e.zarr", "--lossless")
        self.vqz("export", self.folder / "e.zarr", self.folder / "back.zarr")
        back = xr.open_zarr(self.folder / "back.zarr", consolidated=False)
        self.assertEqual(back["data"].dims, ("Time", "dim_1_", "dim_1", "y", "x"))
        np.testing.assert_array_equal(back["data"], cube["v"])
        np.testing.assert_array_equal(back["Time"], cube["Time"])

    def test_missing_dates_are_not_dates(self):
        with self.netcdf("dates.nc") as file:
            file.createDimension("time", 3)
            variable = file.createVariable("time", "f8", ("time",), fill_value=-1)
            variable.units = "days since 2000-01-01"
            variable[:] = np.ma.masked_array([1.0, 2, 3], [0, 1, 0])
            file.createVariable("v", "f4", ("time", "lat", "lon"))[:] = 1
        self.assertIn("entry 2 of time is missing", self.ingest(self.folder / "dates.nc", code=2))

    def test_arrays_of_one_group_open_together(self):
        for day in (1, 2):
            for band, kind in (("B1", "u2"), ("B2", "u2"), ("SCL", "u1"), ("QA", "u1")):
                self.geotiff(f"X_2020010{day}_{band}.tif", np.full((1, 20, 30), ord(band[0]), kind))
        name = "X_{time:%Y%m%d}_{band}.tif"
        for bands in (["B1", "B2", "SCL"], ["B1", "B2", "SCL", "QA"], ["B1", "SCL"]):
            with self.subTest(bands=bands):
                files = [path for path in sorted(self.folder.glob("X_*.tif")) if path.stem.split("_")[2] in bands]
                self.ingest(*files, "--name", name)
                cube = xr.open_zarr(self.folder / "cube.zarr", consolidated=False, decode_coords="all")
                exact = next(array for array in cube.data_vars if array != "data" and cube[array].ndim == 4)
                self.assertEqual(sorted(cube["data"]["band"].values), [band for band in bands if band[0] == "B"])
                self.assertEqual(cube[exact].dims, ("time", f"{exact}_band", "y", "x"))
                self.assertEqual(sorted(cube[exact][f"{exact}_band"].values), sorted(band for band in bands if band[0] != "B"))
                self.vqz("encode", self.folder / "cube.zarr", self.folder / "e.zarr", "--lossless", "--overwrite")
                told = json.loads(self.vqz("info", self.folder / "e.zarr", "--json"))
                roles = {tuple(array["axes"]) for array in told["arrays"] if len(array["axes"] or "") == 4}
                self.assertEqual(roles, {("time", "band", "y", "x")})
                self.vqz("export", self.folder / "e.zarr" / exact, self.folder / "back.nc", "--overwrite")
                with xr.open_dataset(self.folder / "back.nc", engine="netcdf4") as back:
                    np.testing.assert_array_equal(back["data"], cube[exact])

    def test_exports_declare_the_nodata_of_each_band(self):
        samples = self.random.integers(0, 9, (2, 40, 50)).astype("u2")
        self.geotiff("bands.tif", samples)
        path = self.folder / "bands.vrt"
        rasterio.shutil.copy(self.folder / "bands.tif", path, driver="VRT")
        text = path.read_text()
        for band, value in ((1, 0), (2, 7)):
            text = text.replace(f'band="{band}">', f'band="{band}"><NoDataValue>{value}</NoDataValue>')
        path.write_text(text)
        with rasterio.open(path) as file:
            self.assertEqual(file.nodatavals, (0, 7))
            truth = file.read(masked=True).mask
        self.vqz("encode", path, self.folder / "e.zarr", "--lossless")
        for end in ("nc", "zarr"):
            told = json.loads(self.vqz("export", self.folder / "e.zarr", self.folder / f"back.{end}", "--json"))
            self.assertIn("nodata_merged", [remark["kind"] for remark in told["remarks"]])
            options = {"engine": "zarr", "consolidated": False} if end == "zarr" else {"engine": "netcdf4"}
            with self.subTest(end), xr.open_dataset(self.folder / f"back.{end}", **options) as back:
                missing = np.isnan(back["data"].values)
                np.testing.assert_array_equal(missing[0], truth[0])
                # Valid zeros of the other band count as missing, as the remark says.
                np.testing.assert_array_equal(missing[1], truth[1] | (samples[1] == 0))

    def test_words_of_rioxarray_reach_exports(self):
        samples = self.random.integers(0, 99, (3, 20, 30)).astype("u2")
        path = self.geotiff("named.tif", samples)
        with rasterio.open(path, "r+") as file:
            file.descriptions, file.units = ("B2", "B3", "B8"), ("m", "m", "m")
        rioxarray.open_rasterio(path).to_dataset(name="b").to_zarr(self.folder / "b.zarr", zarr_format=3, consolidated=False)
        self.vqz("encode", self.folder / "b.zarr", self.folder / "e.zarr", "--lossless")
        self.vqz("export", self.folder / "e.zarr", self.folder / "back.tif")
        with rasterio.open(self.folder / "back.tif") as back:
            self.assertEqual((back.descriptions, back.units), (("B2", "B3", "B8"), ("m", "m", "m")))

    def test_what_belongs_to_a_variable_is_taken_or_named(self):
        with self.netcdf("own.nc", places=False) as file:
            for name in ("lat2", "lon2"):
                variable = file.createVariable(name, "f8", ("lat", "lon"))
                variable.units = "degrees_north" if name == "lat2" else "degrees_east"
                variable[:] = self.random.random((40, 50))
            for name in ("t", "b"):
                variable = file.createVariable(name, "f4", ("lat", "lon"))
                variable.setncatts({"coordinates": "lon2 lat2", "ancillary_variables": f"{name}_q"})
                variable[:] = self.random.random((40, 50))
                file.createVariable(f"{name}_q", "u1", ("lat", "lon"))[:] = 1
        configuration = self.folder / "own.toml"
        configuration.write_text(f'[[input]]\nfiles = ["{self.folder}/own.nc"]\nvariables = ["t"]\n')
        cube, _ = self.ingest(configuration)
        self.assertTrue({"data", "lat2", "lon2", "t_q"} <= set(cube.array_keys()), sorted(cube.array_keys()))
        self.assertNotIn("b_q", set(cube.array_keys()))
        self.vqz("encode", self.folder / "cube.zarr", self.folder / "e.zarr", "--lossless")
        told = json.loads(self.vqz("export", self.folder / "e.zarr", self.folder / "back.nc", "--json"))
        self.assertEqual([(remark["kind"], remark["array"]) for remark in told["remarks"]], [("left_out", "t_q")])

    def test_single_rows_and_far_longitudes_keep_their_places(self):
        for lat, lon in (([50.0], 5 + 0.5 * np.arange(9)), ([50.0, 49.5], [7.0]), (50 - np.arange(6.0), 350 + np.arange(6.0))):
            with self.subTest(lat=lat, lon=lon):
                with self.netcdf("place.nc", size=(len(lat), len(lon)), places=False) as file:
                    file.title = "small"
                    for name, direction, own in (("lat", "north", lat), ("lon", "east", lon)):
                        variable = file.createVariable(name, "f8", (name,))
                        variable.units = f"degrees_{direction}"
                        variable[:] = own
                    file.createVariable("v", "f4", ("lat", "lon"))[:] = self.random.random((len(lat), len(lon)))
                shutil.copyfile(self.folder / "place.nc", self.folder / "place.h5")
                for name in ("place.nc", "place.h5"):
                    cube, _ = self.ingest(self.folder / name)
                    np.testing.assert_allclose(cube["y"][:], lat)
                    np.testing.assert_allclose(cube["x"][:], lon)
                    self.assertEqual((cube["x"].attrs["units"], cube.attrs["title"]), ("degrees_east", "small"))

    def test_one_file_that_is_matched_twice_is_said_to_be(self):
        self.geotiff("X_B1.tif", np.ones((1, 20, 30), "u2"))
        configuration = self.folder / "twice.toml"
        patterns = (f"{self.folder}/X_B[12].tif", f"{self.folder}/X_B1.tif")
        configuration.write_text("".join(f'[[input]]\nfiles = ["{pattern}"]\n' for pattern in patterns))
        self.assertIn("several patterns match one file", self.ingest(configuration, code=2))

    def test_codes_are_reference_systems(self):
        for key in ("spatial_ref", "crs_wkt"):
            axes = {"y": 5e6 - 10 * np.arange(40.0), "x": 5e5 + 10 * np.arange(50.0), "spatial_ref": ((), 0, {key: "EPSG:32633"})}
            samples = self.random.random((40, 50)).astype("f4")
            cube = xr.Dataset({"data": (("y", "x"), samples, {"grid_mapping": "spatial_ref"})}, axes)
            cube.to_zarr(self.folder / "coded.zarr", zarr_format=3, consolidated=False, mode="w")
            self.vqz("export", self.folder / "coded.zarr", self.folder / "coded.tif", "--overwrite")
            with rasterio.open(self.folder / "coded.tif") as back:
                self.assertEqual(back.crs.to_epsg(), 32633)

    def test_uneven_coordinates_of_files_must_agree(self):
        paths = []
        for number, last in enumerate((-81, -81, -80)):
            with self.netcdf(f"g_2020010{number + 1}.nc", size=(6, 8)) as file:
                file["lat"][:] = [80, 50, 20, -10, -45, last]
                file.createVariable("v", "f4", ("lat", "lon"))[:] = self.random.random((6, 8))
            paths.append(self.folder / f"g_2020010{number + 1}.nc")
        name = ("--name", "g_{time:%Y%m%d}.nc")
        cube, _ = self.ingest(*paths[:2], *name)
        np.testing.assert_array_equal(cube["y"][:], [80, 50, 20, -10, -45, -81])
        self.assertEqual(cube["data"].shape, (2, 1, 6, 8))
        err = self.ingest(*paths, *name, code=2)
        self.assertIn("not evenly spaced, at different places; ingest them separately", err)

    def test_names_of_bands_stay_where_some_have_none(self):
        path = self.geotiff("n.tif", np.ones((3, 8, 8), "u1"))
        with rasterio.open(path, "r+") as file:
            file.descriptions = ("red", None, "nir")
        self.vqz("encode", path, self.folder / "n.zarr", "--lossless")
        self.vqz("decode", self.folder / "n.zarr", self.folder / "d.tif")
        self.vqz("export", path, self.folder / "e.tif")
        for name in ("d.tif", "e.tif"):
            with rasterio.open(self.folder / name) as out:
                self.assertEqual(out.descriptions, ("red", None, "nir"), name)
        for names, wanted in (
            (("red", "red", "nir"), ["red_1", "red_2", "nir"]),
            (("a", "a", "a"), ["B1", "B2", "B3"]),
            (("a", "a", "a_1"), ["B1", "B2", "B3"]),
        ):
            with rasterio.open(path, "r+") as file:
                file.descriptions = names
            cube, remarks = self.ingest(path)
            self.assertEqual(cube["data"].attrs["band_names"], wanted)
            self.assert_said("several of its bands share a name", remarks)


class Records(Case):
    """What `verify` notices by the record alone."""

    programs = (VQZ,)

    def archive(self, name, *options):
        random = np.random.default_rng(2)
        samples = random.integers(0, 9000, (4, 64, 64)).astype("i2")
        self.write("source.zarr", samples, ("time", "y", "x"), chunks=(1, 32, 32), overwrite=True)
        self.vqz("encode", self.folder / "source.zarr", self.folder / name, "--lossless", *options)
        return self.folder / name

    def verified(self, archive, words):
        done = subprocess.run([VQZ, "verify", archive], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(words, done.stdout)
        self.assertIn(words, json.loads(self.vqz("info", archive, "--json"))["arrays"][0]["encoding"]["lost"])

    def test_chunks_that_changed_places_are_noticed(self):
        for options in ((), ("--shard-size", "64")):
            with self.subTest(options):
                archive = self.archive(f"a{len(options)}.zarr", *options)
                self.vqz("verify", archive)
                chunks = sorted(path for path in (archive / "c").rglob("*") if path.is_file())
                kept = chunks[0].read_bytes()
                shutil.copy(chunks[1], chunks[0])
                self.verified(archive, "changed places")
                chunks[1].write_bytes(kept)
                self.verified(archive, "changed places")
                chunks[0].write_bytes(kept)

    def test_edited_metadata_are_noticed(self):
        archive = self.archive("a.zarr")
        document = archive / "zarr.json"
        whole = json.loads(document.read_text())
        for change, words in (
            ({"shape": [4, 64, 60]}, "its shape is [4, 64, 60], [4, 64, 64] was written"),
            ({"data_type": "uint16"}, "its data_type is uint16, int16 was written"),
            ({"fill_value": 7}, "its fill_value is not the one that was written"),
        ):
            with self.subTest(words):
                document.write_text(json.dumps({**whole, **change}))
                self.verified(archive, words)
        edited = json.loads(json.dumps(whole))
        edited["codecs"][0]["configuration"]["nodata"] = [7]
        document.write_text(json.dumps(edited))
        self.verified(archive, "nodata of its codec is [7], [] was written")
        # Records of earlier releases hold counts alone.
        document.write_text(json.dumps(whole))
        for key in ("digest", "shape", "data_type", "fill_value", "nodata"):
            del whole["attributes"]["vqz"][key]
        document.write_text(json.dumps(whole))
        self.vqz("verify", archive)


class Comparisons(Case):
    programs = (VQZ,)

    def test_what_is_no_number_is_equal_to_itself_alone(self):
        samples = np.linspace(0, 1, 64 * 64).astype("f4").reshape(1, 64, 64)
        reference = samples.copy()
        reference[0, 0, :4] = [np.inf, -np.inf, np.nan, np.inf]
        axes = ("band", "y", "x")
        first = self.write("a.zarr", reference, axes, chunks=(1, 64, 64))
        self.vqz("compare", first, first, "--max-error", 0)
        for at, value in ((0, -np.inf), (0, np.nan), (2, np.inf), (1, 3.0)):
            other = reference.copy()
            other[0, 0, at] = value
            second = self.write(f"b{at}.zarr", other, axes, chunks=(1, 64, 64), overwrite=True)
            err = self.vqz("compare", first, second, "--max-error", 0, code=1)
            self.assertIn("1 samples", err)
        # Codes keep each of them.
        self.vqz("encode", first, self.folder / "e.zarr", "--max-error", "0.01")
        self.vqz("compare", first, self.folder / "e.zarr", "--max-error", "0.01")


if __name__ == "__main__":
    unittest.main()
