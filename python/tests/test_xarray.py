"""xarray: encodings, fits, places, appends."""

from __future__ import annotations

import json
import unittest
import warnings

import dask.array
import numpy as np
import xarray as xr
import zarr
from support import SAMPLE, Case, cube, data
from zarr.storage import FsspecStore

import vqz


class Encodings(Case):
    def written(self, ds, name="out.zarr", **asked):
        path = self.folder / name
        ds.to_zarr(path, encoding=vqz.encoding(ds, **asked), zarr_format=3, mode="w")
        return path

    def test_a_dataset_comes_back(self):
        ds = cube().to_dataset()
        for asked in [
            dict(model="sentinel2-l2a"),
            dict(model="sentinel2-l2a", quality=50, chunks={"y": 64, "x": 64}, shards={"y": 192, "x": 192}),
            dict(max_error=10),
            dict(model="sentinel2-l2a", max_error=20, entropy="lz4"),
            dict(lossless=True, chunks={"time": 4, "y": 96, "x": 96}),
        ]:
            with self.subTest(str(asked)):
                path = self.written(ds, **asked)
                back = xr.open_zarr(path)
                self.assertEqual(back.reflectance.dtype, ds.reflectance.dtype)
                self.assertEqual(back.reflectance.dims, ds.reflectance.dims)
                self.assertEqual(list(back.band.values), list(ds.band.values))
                self.assertEqual(len(zarr.open_array(path / "reflectance").metadata.codecs), 1)
                self.assert_within(back.reflectance.values, ds.reflectance.values, asked.get("max_error", 0 if "lossless" in asked else 5000))
                self.assertTrue(vqz.verify(path)["holds"])

    def test_targets_are_met(self):
        ds = cube().to_dataset()
        found = vqz.statistics(self.written(ds, model="sentinel2-l2a", psnr=46))
        self.assertAlmostEqual(found["reflectance"]["psnr_db"], 46, delta=0.2)
        found = vqz.statistics(self.written(ds, model="sentinel2-l2a", bits=0.4, chunks={"y": 192, "x": 192}))
        self.assertAlmostEqual(found["reflectance"]["bits_per_sample"], 0.4, delta=0.02)
        with self.assertRaises(vqz.TargetNotMetError):
            vqz.encoding(ds, model="sentinel2-l2a", bits=1e-4)

    def test_bands_go_to_a_model_by_name(self):
        ds = cube().to_dataset()
        other = ds.isel(band=[3, 1, 2, 0, *range(4, 12)])
        path = self.written(other, model="sentinel2-l2a", quality=44)
        straight = self.written(ds, "straight.zarr", model="sentinel2-l2a", quality=44)
        found, wanted = xr.open_zarr(path).reflectance, xr.open_zarr(straight).reflectance
        np.testing.assert_array_equal(found.sel(band=wanted.band).values, wanted.values)
        with self.assertRaises(vqz.VqzError) as caught:
            vqz.encoding(ds.assign_coords(band=[f"something{n}" for n in range(12)]), model="sentinel2-l2a")
        self.assertIn("names do not tell", str(caught.exception))

    def test_arrays_of_one_group_may_have_bands_of_their_own(self):
        ds = cube().to_dataset()
        classes = ds.reflectance[:, :1].astype("u1").drop_vars("band").rename(band="SCL_band")
        path = self.written(ds.assign(SCL=classes), lossless=True)
        for name in ("reflectance", "SCL"):
            codec = json.loads((path / name / "zarr.json").read_text())["codecs"][0]
            self.assertEqual(codec["configuration"]["axes"], ["time", "band", "y", "x"])
        np.testing.assert_array_equal(xr.open_zarr(path).SCL.values, classes.values)

    def test_scale_factors_and_nodata_are_kept(self):
        stored = cube().values[:, :3].astype("int16")
        stored[:, :, :20, 30:70] = -9999
        values = np.where(stored == -9999, np.nan, stored * 0.0001).astype("float32")
        ds = xr.Dataset({"r": (("time", "band", "y", "x"), values)})
        ds.r.encoding = {"dtype": "int16", "scale_factor": 0.0001, "_FillValue": np.int16(-9999)}
        path = self.written(ds, max_error=5)
        array = zarr.open_array(path / "r", mode="r")
        self.assertEqual(array.dtype, "int16")
        self.assertEqual(array.fill_value, -9999)
        self.assert_within(array[:], stored, 5)
        np.testing.assert_array_equal(array[:] == -9999, stored == -9999)
        back = xr.open_zarr(path).r
        np.testing.assert_array_equal(np.isnan(back.values), np.isnan(values))
        self.assertLessEqual(float(np.nanmax(np.abs(back.values - values))), 5.01e-4)

    def test_values_that_are_declared_stay_besides_those_that_are_given(self):
        stored = cube().values[:1, :2].astype("int16")
        stored[:, :, :20, 30:70] = -9999
        stored[:, :, 100:110, :] = 0
        values = np.where(stored == -9999, np.nan, stored * 0.0001)
        ds = xr.Dataset({"r": (("time", "band", "y", "x"), values)})
        ds.r.encoding = {"dtype": "int16", "scale_factor": 0.0001, "_FillValue": np.int16(-9999)}
        for nodata in (0, np.nan, [0, -32768]):
            back = zarr.open_array(self.written(ds, max_error=5, nodata=nodata) / "r", mode="r")
            np.testing.assert_array_equal(back[:] == -9999, stored == -9999)
            if np.isfinite(np.asarray(nodata, float)).all():
                np.testing.assert_array_equal(back[:] == 0, stored == 0)

    def test_unsigned_samples_in_signed_storage(self):
        values = (cube().values[0, :2].astype("uint16") * 7).astype("uint16")
        ds = xr.Dataset({"u": (("band", "y", "x"), values)})
        ds.u.encoding = {"dtype": "int16", "_Unsigned": "true", "_FillValue": np.int16(-1)}
        path = self.written(ds, max_error=5)
        self.assertEqual(zarr.open_array(path / "u").dtype, "uint16")
        self.assertLessEqual(int(np.abs(xr.open_zarr(path, mask_and_scale=False).u.values.astype(int) - values).max()), 5)

    def test_bounds_by_variable(self):
        ds = cube().to_dataset()
        ds["scl"] = (("time", "y", "x"), (cube().values[:, 0] // 300).astype("uint8") % 11)
        ds["slope"] = (("y", "x"), (cube().values[0, 0] / 9000).astype("float32"))
        with self.assertWarns(vqz.RemarkWarning) as caught:
            vqz.encoding(ds, max_error=10)
        self.assertEqual(caught.warning.kind, "wide_bound")
        path = self.written(ds, max_error={"reflectance": 10, "slope": 0.01})
        back = xr.open_zarr(path)
        np.testing.assert_array_equal(back.scl.values, ds.scl.values)
        self.assert_within(back.slope.values, ds.slope.values, 0.01)
        self.assert_within(back.reflectance.values, ds.reflectance.values, 10)
        with self.assertRaises(vqz.VqzError):
            vqz.encoding(ds, max_error={"reflectence": 10})

    def test_what_nothing_is_known_about(self):
        empty = (cube() * 0).to_dataset()
        for asked in (dict(model="sentinel2-l2a", psnr=45), dict(max_error_of_range=0.01)):
            with self.assertRaises(vqz.VqzError) as caught:
                vqz.encoding(empty, **asked)
            self.assertIn("the same everywhere", str(caught.exception))
        for chunks in ({"x": 33.7}, {"x": -7}, {"z": 3}):
            with self.assertRaises(vqz.VqzError):
                vqz.encoding(cube().to_dataset(), lossless=True, chunks=chunks)
        self.assertEqual(vqz.encoding(cube().to_dataset(), lossless=True, shards={"x": -1, "y": -1})["reflectance"]["shards"][2:], (192, 192))

    def test_floats_keep_their_gaps(self):
        values = cube().values[0, :2].astype("float32") / 7
        values[:, 5:9, :] = np.nan
        ds = xr.Dataset({"t": (("level", "latitude", "longitude"), values)})
        back = xr.open_zarr(self.written(ds, max_error=0.5)).t
        np.testing.assert_array_equal(np.isnan(back.values), np.isnan(values))
        self.assertLessEqual(float(np.nanmax(np.abs(back.values - values))), 0.5)

    def test_classes_stay_exact_under_a_bound(self):
        ds = cube().to_dataset()
        classes = (cube().values[:, 0] // 300).astype("uint8")
        ds["classes"] = (("time", "y", "x"), classes, {"flag_values": [0, 1, 2], "flag_meanings": "water land cloud"})
        back = xr.open_zarr(self.written(ds, max_error=20))
        np.testing.assert_array_equal(back.classes.values, classes)
        self.assert_within(back.reflectance.values, ds.reflectance.values, 20)

    def test_what_others_name_as_ancillary_stays_exact(self):
        generator = np.random.default_rng(5)
        flags = xr.DataArray(generator.integers(0, 65536, (192, 192)).astype("u2"), dims=("y", "x"))
        ds = cube().to_dataset(name="r").assign(qa=flags)
        ds.r.attrs["ancillary_variables"] = "qa"
        for number, asked in enumerate((dict(max_error=9), dict(max_error={"r": 9, "qa": 3}), dict(model="sentinel2-l2a", psnr=45))):
            with self.subTest(asked):
                path = self.folder / f"{number}.zarr"
                ds.to_zarr(path, encoding=vqz.encoding(ds, **asked))
                found = xr.open_zarr(path).load()
                np.testing.assert_array_equal(found.qa.values, ds.qa.values)
                self.assertFalse((found.r.values == ds.r.values).all())

    def test_a_nodata_value_that_no_sample_can_be_is_said(self):
        ds = xr.Dataset({"v": (("y", "x"), np.arange(4096, dtype="u1").reshape(64, 64))})
        with self.assertWarnsRegex(vqz.VqzWarning, "nodata -9999 is given, which no uint8 can be"):
            encoding = vqz.encoding(ds, max_error={"v": 3}, nodata=-9999)
        self.assertNotIn("nodata", encoding["v"]["serializer"].configuration)

    def test_chunks_that_are_gone_when_it_is_sealed_are_said(self):
        path = self.folder / "out.zarr"
        ds = cube().to_dataset(name="r")
        ds.to_zarr(path, encoding=vqz.encoding(ds, lossless=True))
        self.assertEqual(vqz.seal(path)["r"]["chunks"], 4)
        vqz.seal(path)
        (path / "r/c/1/0/0/0").unlink()
        for of in (path, FsspecStore.from_url(f"file://{path}")):
            with self.assertWarnsRegex(vqz.VqzWarning, "r has 3 chunks, 4 were recorded"):
                vqz.seal(of)
            array = zarr.open_array(path / "r", mode="r+")
            array.attrs["vqz"] = {**array.attrs["vqz"], "chunks": 4}

    def test_gaps_of_other_data_are_no_second_coding(self):
        generator = np.random.default_rng(3)
        for low in (0, 500):
            samples = (low + generator.random((2, 128, 128)) * 100).astype("f4")
            samples[:, :40] = np.nan
            ds = xr.Dataset({"v": (("band", "y", "x"), samples)})
            ds.to_zarr(self.folder / f"{low}.zarr", encoding=vqz.encoding(ds, max_error=0.01))
            xr.open_zarr(self.folder / f"{low}.zarr").load()

    def test_what_does_not_fit_the_model_is_said(self):
        ds = cube().to_dataset()
        ds["ndvi"] = (("time", "y", "x"), ds.reflectance.values[:, 7].astype("float32"))
        with self.assertWarns(vqz.RemarkWarning) as caught:
            encoding = vqz.encoding(ds, model="sentinel2-l2a")
        self.assertIn("ndvi: it has 1 bands", str(caught.warning))
        self.assertEqual(list(encoding), ["reflectance"])

    def test_the_record_of_another_archive_is_told(self):
        path = self.written(cube().to_dataset(), lossless=True)
        vqz.seal(path)
        part = xr.open_zarr(path).isel(time=[0])
        with self.assertWarns(vqz.RemarkWarning) as caught:
            other = self.written(part, "other.zarr", lossless=True)
        self.assertEqual(caught.warning.kind, "foreign_record")
        with self.assertWarnsRegex(vqz.RemarkWarning, "has 1 chunks, 4 were recorded. Unless that record came with data from another"):
            vqz.seal(other)
        self.assertTrue(vqz.verify(other)["holds"])
        (path / "reflectance/c/1/0/0/0").unlink()
        self.assertFalse(vqz.verify(path)["holds"])

    def test_codes_are_read_without_decoding(self):
        path = self.written(cube().to_dataset(), model="sentinel2-l2a", quality=50, chunks={"y": 96, "x": 96})
        codes = vqz.codes(path)
        self.assertEqual(codes.dims, ("time", "plane", "patch_y", "patch_x"))
        self.assertEqual(codes.sizes["patch_y"], 12)
        self.assertEqual(list(codes.patch_x.values), list(range(0, 192, 16)))
        # The strongest plane follows the brightness of the patches.
        bright = cube().mean("band").coarsen(y=16, x=16).mean().values.ravel()
        strongest = codes.isel(plane=0).values.ravel()
        self.assertGreater(abs(np.corrcoef(bright, strongest)[0, 1]), 0.9)
        with self.assertRaises(vqz.UnsupportedError):
            vqz.codes(self.written(cube().to_dataset(), "exact.zarr", lossless=True))

    def test_samples_in_another_unit_are_refused(self):
        ds = (cube() / 10000).astype("float32").to_dataset(name="reflectance")
        with self.assertRaises(vqz.VqzError) as caught:
            vqz.encoding(ds, model="sentinel2-l2a")
        self.assertIn("another unit", str(caught.exception))

    def test_chunks_align_with_those_of_dask(self):
        big = xr.concat([cube().isel(time=0)] * 2, "time").pad(x=(0, 1808), y=(0, 1808), mode="wrap")
        for size, wanted in [(2000, 1000), (1000, 1000), (512, 512), (4000, 1000)]:
            with self.subTest(size):
                ds = big.chunk(time=1, y=size, x=size).to_dataset(name="r")
                encoding = vqz.encoding(ds, model="sentinel2-l2a")["r"]
                self.assertEqual(encoding["chunks"][2:], (wanted, wanted))
        ds = big.chunk(time=1, y=1700, x=2000).to_dataset(name="r")
        path = self.folder / "aligned.zarr"
        ds.to_zarr(path, encoding=vqz.encoding(ds, model="sentinel2-l2a"))
        for chunks in ({"band": 4}, {"y": (700, 300, 1000)}):
            with self.subTest(str(chunks)), self.assertRaises(vqz.VqzError) as caught:
                vqz.encoding(big.chunk(time=1, y=2000, x=2000).chunk(chunks).to_dataset(name="r"), model="sentinel2-l2a", chunks={"y": 512, "x": 512})
            self.assertIn(".chunk(", str(caught.exception))

    def test_region_writes_and_appends(self):
        ds = cube().to_dataset()
        path = self.written(ds.isel(time=slice(0, 2)), model="sentinel2-l2a", quality=46)
        first = zarr.open_array(path / "reflectance", mode="r")[:]
        ds.isel(time=slice(2, 4)).to_zarr(path, append_dim="time")
        ds.isel(time=slice(1, 2)).drop_vars("band").to_zarr(path, region={"time": slice(1, 2)}, mode="r+")
        back = xr.open_zarr(path).reflectance
        self.assertEqual(back.sizes["time"], 4)
        np.testing.assert_array_equal(back.values[:2], first)
        self.assert_within(back.values, ds.reflectance.values, 5000)
        sealed = vqz.seal(path)["reflectance"]
        self.assertEqual(sealed["chunks"], 4)
        self.assertTrue(vqz.verify(path)["holds"])


class Places(Case):
    def test_rioxarray_gets_its_place_back(self):
        import rioxarray  # noqa: F401

        da = cube().isel(time=0, drop=True).astype("int16")
        da = da.assign_coords(x=600005 + 10.0 * np.arange(192), y=5000000 - 10.0 * np.arange(192))
        da = da.rio.write_crs("EPSG:32632").rio.write_nodata(-9999).rio.write_transform()
        ds = da.to_dataset(name="reflectance")
        path = self.folder / "place.zarr"
        ds.to_zarr(path, encoding=vqz.encoding(ds, model="sentinel2-l2a", quality=50))
        back = xr.open_zarr(path, decode_coords="all").reflectance
        self.assertEqual(back.rio.crs.to_epsg(), 32632)
        self.assertEqual(back.rio.transform(), da.rio.transform())
        self.assertEqual(float(back.rio.encoded_nodata if back.rio.nodata is None or np.isnan(back.rio.nodata) else back.rio.nodata), -9999)
        self.assertEqual(list(back.band.values), list(da.band.values))

    def test_real_rasters_go_there_and_back(self):
        import rioxarray

        folder = data()
        if folder is None:
            self.skipTest("VQZ_DATA names no folder with rasters")
        paths = sorted(folder.rglob("*.tif"))[:400:40]
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(path.name):
                da = rioxarray.open_rasterio(path)
                if da.dtype.name not in ("uint8", "int16", "uint16", "int32", "float32", "float64"):
                    continue
                ds = da.to_dataset(name="pixels")
                out = self.folder / f"{path.stem}.zarr"
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", vqz.VqzWarning)
                    ds.to_zarr(out, encoding=vqz.encoding(ds, lossless=True), mode="w")
                back = xr.open_zarr(out, decode_coords="all", mask_and_scale=False).pixels
                np.testing.assert_array_equal(back.values, da.values)
                self.assertEqual(back.rio.crs, da.rio.crs)
                self.assertEqual(back.rio.transform(), da.rio.transform())
                self.assertEqual(back.rio.nodata, da.rio.nodata)


class Fits(Case):
    def test_every_kind_of_input(self):
        da = cube()
        inputs = {
            "DataArray": da,
            "Dataset": da.to_dataset(),
            "list": [da.isel(time=[0, 1]), da.isel(time=[2, 3])],
            "dask": da.chunk(time=1, y=100, x=100),
            "zarr": zarr.open_array(SAMPLE, mode="r"),
        }
        for name, given in inputs.items():
            with self.subTest(name):
                model = vqz.fit(given, name="mine", patch=8)
                self.assertEqual(len(model.bands), 12)
                self.assertTrue(model.can_encode)
                self.assertEqual(model.summary["samples"], da.size)
        model = vqz.fit(da.values, axes=["time", "band", "y", "x"], bands=list(da.band.values), patch=8)
        self.assertEqual(model.bands, list(da.band.values))

    def test_a_seed_chooses_the_windows(self):
        lazy = cube().pad(x=(0, 832), y=(0, 832), mode="wrap").chunk(time=1, y=512, x=512)
        asked = dict(samples=2.5e6, patch=8)
        first, again, other = (vqz.fit(lazy, seed=seed, **asked) for seed in (3, 3, 4))
        self.assertEqual(first.sha256, again.sha256)
        self.assertNotEqual(first.sha256, other.sha256)
        self.assertLess(first.summary["samples"], 3.5e6)

    def test_models_are_kept(self):
        model = vqz.fit(cube(), name="kept", patch=8, licence="CC-BY-4.0")
        path = model.save(self.folder / "kept.vqm")
        self.assertEqual(vqz.Model.open(path), model)
        self.assertIn("kept", model.card)
        self.assertIn("CC-BY-4.0", model._repr_html_())
        with self.assertRaises(FileExistsError):
            model.save(path)
        # What was fitted can be used at once.
        ds = cube().to_dataset()
        ds.to_zarr(self.folder / "out.zarr", encoding=vqz.encoding(ds, model=model, quality=45))
        self.assertGreater(vqz.statistics(self.folder / "out.zarr")["reflectance"]["psnr_db"], 44)

    def test_variables_that_can_not_be_fitted_to_are_left_out(self):
        ds = cube().to_dataset(name="r").assign(mask=(("y", "x"), np.ones((192, 192), bool)))
        with self.assertWarnsRegex(vqz.VqzWarning, "mask: it is stored as bool"):
            self.assertEqual(len(vqz.fit(ds, patch=8).bands), 12)

    def test_bad_inputs(self):
        for given, arguments, words in [
            (np.zeros((4, 4)), {}, "axes="),
            (xr.DataArray(np.zeros(5), dims="x"), {}, "exactly one must be y"),
            (xr.Dataset(), {}, "nothing to fit"),
            ("file.tif", {}, "holds no samples"),
            (cube(), {"bands": ["a"]}, "12 bands"),
            (cube() * 0, {}, "gives no peak"),
            (cube(), {"samples": 0}, "above 0"),
        ]:
            with self.subTest(words), self.assertRaises(vqz.VqzError) as caught:
                vqz.fit(given, **arguments)
            self.assertIn(words, str(caught.exception))


class DaskArrays(Case):
    def test_an_array_is_stored(self):
        samples = cube().values
        lazy = dask.array.from_array(samples, chunks=(1, 12, 96, 96))
        codec = vqz.Vqz("sentinel2-l2a", axes=["time", "band", "y", "x"], quality=48)
        array = zarr.create_array(
            self.folder / "out.zarr", shape=samples.shape, dtype=samples.dtype, chunks=(1, 12, 96, 96), serializer=codec, compressors=None
        )
        lazy.store(array, lock=False)
        self.assert_within(zarr.open_array(self.folder / "out.zarr", mode="r")[:], samples, 3000)


if __name__ == "__main__":
    unittest.main()
