"""The way in and the way out, for every pairing of a format with a spelling of nodata, a kind of mask, an encoding of time and an order of axes.

Each input is written by the library that people write it with, goes through `vqz ingest` (or, as Zarr, straight through
`vqz encode`), an archive without loss and `vqz export`, and is then read by xarray and rasterio: the same samples, the
same missing ones, at the same place, under the same names and dates.
"""

import itertools
import unittest
import warnings

import netCDF4
import numpy as np
import rasterio
import rasterio.shutil
import xarray as xr
import zarr
from rasterio.transform import from_origin

from support import VQZ, Case, skipped

DATES = np.array(["2019-03-01T00:00", "2019-03-02T12:00"], "datetime64[s]")
LATITUDES = 47.0 - 0.25 * (np.arange(12) + 0.5)
LONGITUDES = 5.0 + 0.25 * (np.arange(16) + 0.5)
TRANSFORM = from_origin(5.0, 47.0, 0.25, 0.25)
NAMES = ("red", "nir")
NODATA = -999

# How a calendar counts the two dates, from an origin of its own.
TIMES = {
    "days": ("days since 2019-02-28", "standard", (1.0, 2.5)),
    "hours with a zone": ("hours since 2019-02-28 18:00:00 -06:00", "gregorian", (0.0, 36.0)),
    "seconds": ("seconds since 1970-01-01T00:00:00Z", "proleptic_gregorian", tuple(DATES.astype(np.int64))),
    "before 1582": ("days since 0001-01-01", "standard", (737120.0, 737121.5)),
    "no leap days": ("days since 2016-02-01", "noleap", (1123.0, 1124.5)),
}
ORDERS = (("time", "lat", "lon"), ("time", "lon", "lat"), ("lat", "lon", "time"))


def samples(dtype="int16"):
    """`(date, band, row, column)`, no two alike but those that are missing, and where samples are valid."""
    values = np.arange(2 * 2 * 12 * 16).reshape(2, 2, 12, 16) + 100
    valid = np.ones(values.shape, bool)
    valid[:, :, 2:5, 3:9] = False
    return values.astype(dtype), valid


class Matrix(Case):
    programs = (VQZ,)

    def through(self, source, *options, encode=False):
        """The archive of an input, its export to NetCDF as xarray opens it, and the folder of its GeoTIFFs."""
        archive, cube = self.folder / "archive.zarr", self.folder / "cube.zarr"
        for file in self.folder.glob("out*"):
            file.unlink()
        if not encode:
            self.vqz("ingest", *source, cube, "--overwrite", *options)
            source = [cube]
        self.vqz("encode", *source, archive, "--lossless", "--overwrite")
        self.vqz("verify", archive, "--against", *source)
        self.vqz("export", archive, self.folder / "out.nc", "--overwrite")
        self.vqz("export", archive, self.folder / "out.tif", "--overwrite")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with xr.open_dataset(self.folder / "out.nc") as opened:
                return opened.load()

    def check(self, found, values, valid, dates=DATES, names=NAMES):
        array = found["data"] if "data" in found else found[list(found.data_vars)[0]]
        row, column = (next(name for name in array.dims if name in names_of) for names_of in (("y", "lat"), ("x", "lon")))
        array = array.transpose(*(name for name in ("time", "band") if name in array.dims), ..., row, column)
        wanted = np.where(valid, values, np.nan).astype(np.float64)
        np.testing.assert_allclose(array[row].values, LATITUDES, atol=1e-6)
        np.testing.assert_allclose(array[column].values, LONGITUDES, atol=1e-6)
        if "band" in array.dims:
            # A band of transparency, which GDAL knows by its kind alone, stays as a further one.
            array = array.isel(band=slice(wanted.shape[1]))
        got = array.values.astype(np.float64).reshape(wanted.shape)
        np.testing.assert_array_equal(got, wanted)
        if dates is not None:
            np.testing.assert_array_equal(found["time"].values.astype("datetime64[s]"), dates)
        if names is not None:
            self.assertEqual([str(name) for name in np.atleast_1d(found["band"].values)][: len(names)], list(names))
        files = sorted(self.folder.glob("out*.tif"))
        self.assertTrue(files)
        with rasterio.open(files[0]) as tif:
            np.testing.assert_allclose(tif.transform[:6], TRANSFORM[:6], atol=1e-6)
            masked = tif.read(range(1, 1 + wanted.shape[1]), masked=True).astype(np.float64).filled(np.nan)
            np.testing.assert_array_equal(masked, wanted[0])

    def write_tiffs(self, values, valid, mask, driver):
        """A file for each date, with both bands."""
        files = []
        for date, image, good in zip(DATES, values, valid):
            path = self.folder / f"s_{date.astype('datetime64[m]').item():%Y%m%dT%H%M}.tif"
            profile = dict(driver="GTiff", count=2, height=12, width=16, dtype=image.dtype, crs="EPSG:4326", transform=TRANSFORM)
            whole = good.all(axis=0)
            if mask == "nodata":
                image, profile["nodata"] = np.where(good, image, NODATA), NODATA
            elif mask == "NaN":
                image, profile["nodata"] = np.where(good, image, np.nan), np.nan
            elif mask == "alpha":
                profile["count"] = 3
            plain = self.folder / "plain.tif"
            internal = mask != "sidecar"
            with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal):
                with rasterio.open(plain if driver == "COG" else path, "w", **profile) as out:
                    out.write(image.astype(values.dtype), [1, 2])
                    if mask == "alpha":
                        out.write(np.where(whole, 255, 0).astype(values.dtype), 3)
                        out.colorinterp = [*out.colorinterp[:2], rasterio.enums.ColorInterp.alpha]
                    elif mask in ("internal", "sidecar"):
                        out.write_mask(np.where(whole, 255, 0).astype("uint8"))
                    for number, name in enumerate(NAMES, 1):
                        out.set_band_description(number, name)
                if driver == "COG":
                    rasterio.shutil.copy(plain, path, driver="COG")
            files.append(path)
        return files

    def test_tiffs(self):
        kinds = [("int16", "nodata"), ("float32", "nodata"), ("float32", "NaN"), ("float32", "internal"), ("float64", "sidecar")]
        kinds += [("int16", "internal"), ("uint16", "sidecar"), ("float32", "alpha"), ("int16", "alpha")]
        for driver, (dtype, mask) in itertools.product(("GTiff", "COG"), kinds):
            if driver == "COG" and mask == "sidecar":
                continue
            with self.subTest(driver=driver, dtype=dtype, mask=mask):
                values, valid = samples(dtype)
                files = self.write_tiffs(values, valid, mask, driver)
                try:
                    # Integers without a nodata value are told one, as the refusal asks for it where there is none to take.
                    given = ["--nodata=0"] if np.issubdtype(values.dtype, np.integer) and mask != "nodata" else []
                    found = self.through(files, "--name", "s_{time:%Y%m%dT%H%M}.tif", *given)
                    self.check(found, values, valid)
                finally:
                    for file in self.folder.glob("s_*"):
                        file.unlink()

    def write_netcdf(self, path, values, valid, kind, nodata, time, order):
        units, calendar, numbers = TIMES[time]
        with netCDF4.Dataset(path, "w", format=kind) as file:
            file.createDimension("time", 2)
            for name, numbers_of, unit, standard in (
                ("lat", LATITUDES, "degrees_north", "latitude"),
                ("lon", LONGITUDES, "degrees_east", "longitude"),
            ):
                file.createDimension(name, len(numbers_of))
                variable = file.createVariable(name, "f8", (name,))
                variable.units, variable.standard_name = unit, standard
                variable[:] = numbers_of
            variable = file.createVariable("time", "f8", ("time",))
            variable.units, variable.calendar, variable.standard_name = units, calendar, "time"
            variable[:] = numbers
            for band, name in enumerate(NAMES):
                fill = {"_FillValue": NODATA, "both": NODATA, "NaN": np.nan}.get(nodata)
                variable = file.createVariable(name, values.dtype, order, fill_value=fill)
                variable.set_auto_maskandscale(False)
                if nodata == "missing_value":
                    variable.missing_value = values.dtype.type(NODATA)
                if nodata == "both":
                    variable.missing_value = values.dtype.type(NODATA - 1)
                missing = np.full(values[:, band].shape, np.nan if nodata == "NaN" else NODATA)
                if nodata == "both":
                    missing[:, 3:] = NODATA - 1
                cube = np.where(valid[:, band], values[:, band], missing).astype(values.dtype)
                axes = ["time", "lat", "lon"]
                variable[:] = cube.transpose([axes.index(axis) for axis in order])

    def test_netcdf(self):
        path = self.folder / "in.nc"
        spellings = ("_FillValue", "missing_value", "both", "NaN")
        combinations = [(kind, nodata, "days", ORDERS[0]) for kind in ("NETCDF4", "NETCDF3_CLASSIC") for nodata in spellings]
        combinations += [("NETCDF4", "_FillValue", time, ORDERS[0]) for time in TIMES]
        combinations += [(kind, "_FillValue", "seconds", order) for kind in ("NETCDF4", "NETCDF3_64BIT_OFFSET") for order in ORDERS]
        for kind, nodata, time, order in combinations:
            with self.subTest(kind=kind, nodata=nodata, time=time, order=order):
                values, valid = samples("float32" if nodata == "NaN" else "int16")
                self.write_netcdf(path, values, valid, kind, nodata, time, order)
                self.check(self.through([path]), values, valid)

    def test_hdf5(self):
        """Variables in a group, without coordinates: names come from the variables, and place and dates are not known."""
        values, valid = samples("float32")
        path = self.folder / "in.h5"
        with netCDF4.Dataset(path, "w") as file:
            group = file.createGroup("Retrieval")
            group.createDimension("y", 12)
            group.createDimension("x", 16)
            for band, name in enumerate(NAMES):
                variable = group.createVariable(name, "f4", ("y", "x"), fill_value=NODATA)
                variable.set_auto_maskandscale(False)
                variable[:] = np.where(valid[0, band], values[0, band], NODATA)
        self.vqz("ingest", path, self.folder / "cube.zarr")
        found = zarr.open_group(self.folder / "cube.zarr", mode="r")
        # The driver lists variables in an order of its own.
        for at, name in enumerate(found["band"][:]):
            band = next(number for number, known in enumerate(NAMES) if str(name).endswith(known))
            wanted = np.where(valid[0, band], values[0, band], np.float32(NODATA))
            np.testing.assert_array_equal(np.squeeze(found["data"][...])[at], wanted)

    def test_grib(self):
        values, _ = samples("float64")
        valid = np.ones(values.shape, bool)
        profile = dict(driver="GTiff", count=1, height=12, width=16, dtype="float64", crs="EPSG:4326", transform=TRANSFORM)
        with rasterio.open(self.folder / "plain.tif", "w", **profile) as out:
            out.write(values[0, :1])
        path = self.folder / "in.grb2"
        try:
            rasterio.shutil.copy(self.folder / "plain.tif", path, driver="GRIB", DATA_ENCODING="IEEE_FLOATING_POINT")
        except Exception as error:  # rasterio is built with other drivers on every platform.
            skipped(self, f"rasterio can't write GRIB here: {error}")
        self.check(self.through([path]), values[:1, :1], valid[:1, :1], dates=None, names=None)

    def dataset(self, values, valid, nodata, time, order):
        units, calendar, numbers = TIMES[time]
        attributes, encoding = {}, {}
        filled = np.where(valid, values, np.nan if nodata == "NaN" else NODATA).astype(values.dtype)
        if nodata in ("base64", "NaN"):
            filled = np.where(valid, values, np.nan).astype(values.dtype)
            encoding["_FillValue"] = np.float32(NODATA) if nodata == "base64" else np.float32(np.nan)
        elif nodata == "text":
            attributes["nodata"] = str(NODATA)
        elif nodata == "list":
            attributes["missing_value"] = [NODATA]
        elif nodata != "NaN":
            attributes[nodata] = NODATA
        data = xr.DataArray(
            filled, dims=("time", "band", "lat", "lon"), name="data", attrs=attributes,
            coords={
                "time": ("time", np.array(numbers), {"units": units, "calendar": calendar, "standard_name": "time"}),
                "band": list(NAMES),
                "lat": ("lat", LATITUDES, {"units": "degrees_north", "standard_name": "latitude"}),
                "lon": ("lon", LONGITUDES, {"units": "degrees_east", "standard_name": "longitude"}),
            },
        )  # fmt: skip
        return data.transpose(*order).to_dataset(), {"data": encoding}

    def test_zarr_of_xarray(self):
        plain = ("time", "band", "lat", "lon")
        spellings = (("float32", "base64"), ("float32", "NaN"), ("int16", "nodata"), ("float32", "text"), ("int16", "list"))
        combinations = [(dtype, nodata, "days", plain) for dtype, nodata in (*spellings, ("int16", "missing_value"))]
        combinations += [("int16", "nodata", time, plain) for time in TIMES]
        combinations += [("int16", "nodata", "days", order) for order in (("band", "time", "lon", "lat"), ("lat", "lon", "band", "time"))]
        for dtype, nodata, time, order in combinations:
            with self.subTest(dtype=dtype, nodata=nodata, time=time, order=order):
                values, valid = samples(dtype)
                dataset, encoding = self.dataset(values, valid, nodata, time, order)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    dataset.to_zarr(self.folder / "in.zarr", mode="w", zarr_format=3, encoding=encoding)
                self.check(self.through([self.folder / "in.zarr"], encode=True), values, valid)

    def test_zarr_of_zarr_python(self):
        """An array with names of dimensions and a fill value, and coordinates beside it that zarr-python wrote."""
        for dtype, nodata in (("int16", NODATA), ("float32", "NaN"), ("float64", float(NODATA))):
            with self.subTest(dtype=dtype, nodata=nodata):
                values, valid = samples(dtype)
                group = zarr.open_group(self.folder / "in.zarr", mode="w", zarr_format=3)
                fill = np.nan if nodata == "NaN" else nodata
                units, calendar, numbers = TIMES["days"]

                def write(name, content, dimensions, attributes, **options):
                    options.setdefault("fill_value", 0)
                    array = group.create_array(
                        name, shape=content.shape, dtype=content.dtype, dimension_names=dimensions, attributes=attributes, **options
                    )
                    array[...] = content

                filled = np.where(valid, values, fill).astype(dtype)
                write("data", filled, ("time", "band", "lat", "lon"), {"_FillValue": nodata, "band_names": list(NAMES)}, fill_value=fill)
                write("lat", LATITUDES, ("lat",), {"units": "degrees_north"})
                write("lon", LONGITUDES, ("lon",), {"units": "degrees_east"})
                write("time", np.array(numbers), ("time",), {"units": units, "calendar": calendar})
                self.check(self.through([self.folder / "in.zarr"], encode=True), values, valid)

    def test_npy(self):
        values, _ = samples("uint16")
        np.save(self.folder / "in.npy", values.transpose(0, 2, 3, 1))
        (self.folder / "c.toml").write_text(
            '[[input]]\nfiles = ["in.npy"]\nbands = ["red", "nir"]\ncrs = "EPSG:4326"\nbounds = [5.0, 44.0, 9.0, 47.0]\n'
            'times = ["2019-03-01T00:00:00", "2019-03-02T12:00:00"]\n'
        )
        self.check(self.through([self.folder / "c.toml"]), values, np.ones(values.shape, bool))


if __name__ == "__main__":
    unittest.main()
