"""Groups that xarray wrote, through vqz and back: missing values, coordinates, calendars and attributes as xarray reads them."""

import json
import math
import unittest
import warnings

import numpy as np
import xarray as xr

from support import VQZ, Case

warnings.filterwarnings("ignore", message=".*(calendar|SerializationWarning|consolidated|multiple fill).*")


def smooth(*shape):
    """Samples that no bound keeps by chance."""
    return (280 + 9 * np.sin(np.arange(math.prod(shape)) * 0.37)).astype(np.float32).reshape(shape)


class Conventions(Case):
    programs = (VQZ,)

    def written(self, dataset, **encoding):
        source = self.folder / "source.zarr"
        dataset.to_zarr(source, zarr_format=3, mode="w", consolidated=False, encoding=encoding)
        return source

    def there_and_back(self, dataset, *options, **encoding):
        """Encodes and decodes; returns what xarray reads before and after."""
        source, archive, plain = self.written(dataset, **encoding), self.folder / "a.zarr", self.folder / "p.zarr"
        self.vqz("encode", source, archive, *options, "--overwrite")
        self.vqz("decode", archive, plain, "--overwrite")
        return xr.open_zarr(source, consolidated=False), xr.open_zarr(plain, consolidated=False)

    def exported(self, dataset, end, *options):
        source, archive, output = self.written(dataset), self.folder / "a.zarr", self.folder / f"x.{end}"
        self.vqz("encode", source, archive, "--lossless", "--overwrite")
        told = json.loads(self.vqz("export", archive, output, *options, "--overwrite", "--json"))
        opened = xr.open_zarr(output, consolidated=False) if end == "zarr" else xr.open_dataset(output, engine="netcdf4")
        with opened:
            return opened.load(), told["remarks"]

    def test_missing_values_stay_missing(self):
        samples = smooth(40, 50)
        samples[5:12, 3:30] = np.nan
        for name, encoding in {
            "float32": {"_FillValue": np.float32(-9999)},
            "float64": {"_FillValue": -9999.0, "dtype": "f8"},
            "no finite number": {"_FillValue": np.float32("inf")},
            "packed": {"_FillValue": -32768, "dtype": "i2", "scale_factor": 0.01, "add_offset": 273.15},
            "missing_value": {"_FillValue": None, "missing_value": np.float32(1e20)},
        }.items():
            with self.subTest(name):
                dataset = xr.Dataset({"t": (("y", "x"), samples)})
                before, after = self.there_and_back(dataset, "--max-error", 0.5 if name != "packed" else 20, t=encoding)
                np.testing.assert_array_equal(np.isnan(before.t.values), np.isnan(samples))
                np.testing.assert_array_equal(np.isnan(after.t.values), np.isnan(samples))

    def test_attributes_hold_any_number(self):
        attributes = {"nodata": math.nan, "least": -math.inf, "id": 10**30, "ticks": 2**53 + 1, "list": [1, math.nan]}
        dataset = xr.Dataset({"t": (("y", "x"), smooth(16, 16), attributes)}, attrs={"limit": math.inf})
        source = self.folder / "source.zarr"
        dataset.to_zarr(source, zarr_format=3, consolidated=True)
        self.vqz("encode", source, self.folder / "a.zarr", "--lossless")
        self.vqz("decode", self.folder / "a.zarr", self.folder / "p.zarr")
        found = json.loads((self.folder / "p.zarr/t/zarr.json").read_text())["attributes"]
        for key, value in attributes.items():
            np.testing.assert_equal(found[key], value)
        self.assertEqual(json.loads((self.folder / "p.zarr/zarr.json").read_text())["attributes"], {"limit": math.inf})

    def test_consolidated_metadata_are_made_anew(self):
        inner = xr.Dataset({"v": (("y", "x"), smooth(16, 16))}, attrs={"limit": math.nan})
        tree = xr.DataTree.from_dict({"/": xr.Dataset({"t": (("y", "x"), smooth(16, 16))}), "/a/b": inner})
        source, archive, plain = self.folder / "source.zarr", self.folder / "a.zarr", self.folder / "p.zarr"
        tree.to_zarr(source, zarr_format=3, consolidated=True)
        self.vqz("encode", source, archive, "--lossless")
        self.vqz("decode", archive, plain)
        for place in (archive, plain):
            group = json.loads((place / "zarr.json").read_text())
            members = group["consolidated_metadata"]["metadata"]
            self.assertEqual(sorted(members), ["a", "a/b", "a/b/v", "t"])
            for name, metadata in members.items():
                own = json.loads((place / name / "zarr.json").read_text())
                own.pop("consolidated_metadata", None)
                np.testing.assert_equal(metadata, own)
        found = xr.open_datatree(plain, engine="zarr", consolidated=True)
        np.testing.assert_array_equal(found["a/b/v"], inner.v)
        # What has none gets none.
        tree.to_zarr(source, zarr_format=3, mode="w", consolidated=False)
        self.vqz("encode", source, archive, "--lossless", "--overwrite")
        self.assertNotIn("consolidated_metadata", json.loads((archive / "zarr.json").read_text()))

    def test_places_in_two_dimensions_are_exact(self):
        y, x = np.mgrid[0:20, 0:30]
        coordinates = {"lat": (("y", "x"), 45 + 0.01 * y + 0.003 * x), "lon": (("y", "x"), 7 + 0.01 * x - 0.002 * y)}
        dataset = xr.Dataset({"t": (("y", "x"), smooth(20, 30))}, coords={**coordinates, "height": 2.0})
        before, after = self.there_and_back(dataset, "--max-error", 0.5)
        for name in ("lat", "lon", "height"):
            np.testing.assert_array_equal(after[name], before[name])
        for end in ("nc", "zarr"):
            found, remarks = self.exported(dataset, end)
            self.assertEqual(remarks, [])
            for name in ("lat", "lon", "height"):
                np.testing.assert_array_equal(found.data.coords[name], dataset[name])

    def test_calendars_survive_export(self):
        for calendar in ("noleap", "all_leap", "360_day", "julian", "standard", "proleptic_gregorian"):
            times = xr.date_range("1999-12-30", periods=70, freq="D", calendar=calendar, use_cftime=True)
            dataset = xr.Dataset({"t": (("time", "y", "x"), np.ones((70, 8, 8), "u1"))}, coords={"time": times})
            for end in ("nc", "zarr"):
                with self.subTest(calendar=calendar, end=end):
                    found, remarks = self.exported(dataset, end, "--dates", "3..60")
                    self.assertEqual(remarks, [])
                    self.assertEqual([str(t)[:10] for t in found.time.values], [str(t)[:10] for t in times[3:61]])

    def test_every_coordinate_is_exported(self):
        latitudes = np.degrees(np.arctan(np.sinh(np.linspace(1.2, 0.8, 12))))
        degrees = {"units": "degrees_north", "standard_name": "latitude", "bounds": "lat_bnds"}
        dataset = xr.Dataset(
            {
                "v": (("valid_time", "level", "lat", "lon"), np.ones((2, 3, 12, 10), "i2")),
                "lat_bnds": (("lat", "nv"), np.stack([latitudes - 0.5, latitudes + 0.5], 1)),
            },
            coords={
                "valid_time": np.array(["2020-01-01T06", "2020-02-01T06"], "M8[ns]"),
                "level": ("level", np.array([850, 500, 250]), {"units": "hPa"}),
                "lat": ("lat", latitudes, degrees),
                "lon": ("lon", np.arange(10) * 0.25 - 3, {"units": "degrees_east"}),
                "number": 7,
                "step": ("valid_time", np.array([6, 12], "m8[h]").astype("m8[ns]")),
            },
        )
        for end in ("nc", "zarr"):
            with self.subTest(end):
                found, remarks = self.exported(dataset, end)
                self.assertEqual([remark for remark in remarks if remark["kind"] != "location_unclear"], [])
                np.testing.assert_array_equal(found.valid_time, dataset.valid_time)
                np.testing.assert_array_equal(found.level, dataset.level)
                np.testing.assert_array_equal(found.lat, latitudes)
                np.testing.assert_array_equal(found.data.number, 7)
                np.testing.assert_array_equal(found.data.step, dataset.step)
                np.testing.assert_array_equal(found[found.lat.attrs.get("bounds", "lat_bnds")], dataset.lat_bnds)
                self.assertEqual((found.lat.attrs["units"], found.level.attrs["units"]), ("degrees_north", "hPa"))

    def test_a_stale_transform_gives_way_to_coordinates(self):
        import rioxarray  # noqa: F401

        y, x = 5000000 - 10 * (np.arange(30) + 0.5), 500000 + 10 * (np.arange(40) + 0.5)
        whole = xr.Dataset({"v": (("y", "x"), np.arange(1200, dtype="i2").reshape(30, 40))}, coords={"y": y, "x": x})
        whole = whole.rio.write_crs("EPSG:32633").rio.write_transform()
        for name, part in {
            "a part": whole.isel(y=slice(5, 20), x=slice(10, 30)),
            "every second pixel": whole.isel(y=slice(0, None, 2), x=slice(0, None, 2)),
            "a row": whole.isel(y=slice(7, 8)),
            "upwards": whole.isel(y=slice(None, None, -1)),
        }.items():
            with self.subTest(name):
                source, archive, output = self.written(part), self.folder / "a.zarr", self.folder / "x.tif"
                self.vqz("encode", source, archive, "--lossless", "--overwrite")
                told = json.loads(self.vqz("export", archive, output, "--overwrite", "--json"))
                self.assertIn("location_unclear", [remark["kind"] for remark in told["remarks"]])
                import rasterio

                with rasterio.open(output) as found:
                    expected = part.v.rio.transform(recalc=True)
                    if name == "a row":
                        expected = rasterio.transform.from_origin(500000, part.y.item() + 5, 10, 10)
                    self.assertTrue(found.transform.almost_equals(expected), f"{found.transform} {expected}")


if __name__ == "__main__":
    unittest.main()
