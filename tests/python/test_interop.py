"""Arrays by zarr-python through vqz and back, compared sample by sample with what zarrs reads."""

import json
import unittest

import numpy as np
import zarr

from support import MODEL, Case, configuration, data, manifest, sample, skipped

PEAK = 10000


def two_dates():
    """A series of two dates out of the sample, with a corner of no data (0)."""
    image, _ = sample()
    series = np.stack([image, image[:, ::-1, ::-1] * 0.9 + 20]).astype(np.uint16)
    series[series == 0] = 1
    y, x = np.indices(series.shape[-2:])
    series[:, :, x + y < 60] = 0
    return series


class Interop(Case):
    def there_and_back(self, source, samples, quality, *options):
        """Encodes and decodes; returns what zarr-python reads after it made sure that zarrs reads the same."""
        archive, plain = self.folder / "archive.zarr", self.folder / "plain.zarr"
        self.vqz("encode", source, archive, "--model", MODEL, "--quality", quality, *options, "--overwrite")
        self.vqz("decode", archive, plain, "--overwrite")
        decoded = zarr.open_array(plain, mode="r")
        self.assertEqual(decoded.dtype, samples.dtype)
        found = decoded[...]
        by_zarrs, _ = self.read_by_zarrs(archive, samples)
        np.testing.assert_array_equal(found.view(f"u{found.itemsize}"), by_zarrs.view(f"u{found.itemsize}"))
        return found, decoded, archive

    def test_a_series_with_nodata(self):
        samples = two_dates()
        attributes = {"title": "two dates", "_FillValue": 0, "spatial_ref": {"crs_wkt": "none"}}
        source = self.write(
            "source.zarr",
            samples,
            ["time", "band", "y", "x"],
            chunks=(1, 12, 100, 100),
            fill_value=0,
            attributes=attributes,
        )
        for options in (
            ["--chunk-size", 128],
            ["--chunk-size", 64, "--shard-size", 256],
            ["--chunk-size", 128, "--entropy", "lz4"],
        ):
            with self.subTest(options=options):
                found, decoded, archive = self.there_and_back(source, samples, 46, *options, "--nodata", "0")
                np.testing.assert_array_equal(found == 0, samples == 0)
                self.assertGreater(self.psnr(samples, found, PEAK, samples != 0), 42)
                self.assertEqual(decoded.metadata.dimension_names, ("time", "band", "y", "x"))
                self.assertEqual(decoded.attrs["title"], "two dates")
                self.assertEqual(decoded.attrs["spatial_ref"], {"crs_wkt": "none"})
                self.assertEqual(configuration(archive)["axes"], ["time", "band", "y", "x"])

    def test_floats_with_nan(self):
        image, _ = sample()
        samples = image.astype(np.float32) + np.float32(0.25)
        samples[:, :40, :30] = np.nan
        samples[3, 50:60, 50:60] = -np.inf
        source = self.write("source.zarr", samples, ["band", "y", "x"], chunks=(12, 128, 128), fill_value="NaN")
        found, _, _ = self.there_and_back(source, samples, 50)
        valid = np.isfinite(samples)
        masked = ~valid
        np.testing.assert_array_equal(found.view(np.uint32)[masked], samples.view(np.uint32)[masked])
        self.assertTrue(np.isfinite(found[valid]).all())
        self.assertGreater(self.psnr(samples, found, PEAK, valid), 46)

    def test_the_figures_of_compare_are_those_of_numpy(self):
        image, _ = sample()
        source = self.write("source.zarr", image, ["band", "y", "x"], chunks=(12, 256, 256), fill_value=0)
        found, _, archive = self.there_and_back(source, image, 42)
        printed = json.loads(self.vqz("compare", source, archive, "--peak", PEAK, "--json"))
        overall = printed["rasters"][0]["overall"]
        self.assertAlmostEqual(overall["psnr_db"], self.psnr(image, found, PEAK), places=2)
        error = np.abs(image.astype(np.int64) - found.astype(np.int64)).max()
        self.assertEqual(overall["max_error"], error)
        self.vqz("compare", source, archive, "--peak", PEAK, "--min-psnr", 90, code=1)

    def test_engines_decode_alike(self):
        image, _ = sample()
        samples = image.astype(np.float32)
        source = self.write("source.zarr", samples, ["band", "y", "x"], chunks=(12, 256, 256), fill_value="NaN")
        archive = self.folder / "archive.zarr"
        self.vqz("encode", source, archive, "--model", MODEL, "--quality", 46)
        decoded = {}
        for engine in ("native", "tract", "onnxruntime"):
            plain = self.folder / f"{engine}.zarr"
            self.vqz("decode", archive, plain, "--engine", engine)
            decoded[engine] = zarr.open_array(plain, mode="r")[...]
        tolerance = manifest()["tolerance"]
        for engine in ("tract", "onnxruntime"):
            worst = np.abs(decoded[engine].astype(np.float64) - decoded["native"]).max()
            self.assertLessEqual(worst, tolerance, f"{engine} is off by {worst}, the model states {tolerance}")

    def test_bad_input_is_told(self):
        image, _ = sample()
        source = self.write("thirteen.zarr", np.concatenate([image, image[:1]]), ["band", "y", "x"])
        printed = self.vqz("encode", source, self.folder / "out.zarr", "--model", MODEL, code=2)
        self.assertIn("13 bands", printed)
        self.assertIn("--bands", printed)
        source = self.write("complex.zarr", image.astype(np.complex64), ["band", "y", "x"])
        printed = self.vqz("encode", source, self.folder / "out.zarr", "--model", MODEL, code=2)
        self.assertIn("complex64", printed)
        self.assertFalse((self.folder / "out.zarr").exists())

    def test_a_geotiff(self):
        import rasterio

        image, _ = sample()
        tif = self.folder / "scene.tif"
        profile = {
            "driver": "GTiff",
            "count": image.shape[0],
            "height": image.shape[1],
            "width": image.shape[2],
            "dtype": image.dtype,
            "crs": "EPSG:32633",
            "transform": rasterio.Affine(10, 0, 500000, 0, -10, 5000000),
            "tiled": True,
        }
        with rasterio.open(tif, "w", **profile) as file:
            file.write(image)
        archive, back = self.folder / "archive.zarr", self.folder / "back.tif"
        self.vqz("encode", tif, archive, "--model", MODEL, "--quality", 46)
        self.vqz("decode", archive, back)
        by_zarrs, _ = self.read_by_zarrs(archive, image)
        with rasterio.open(back) as file:
            np.testing.assert_array_equal(file.read(), by_zarrs)
            self.assertEqual(file.crs.to_epsg(), 32633)
            self.assertEqual(file.transform, profile["transform"])

    def test_real_rasters(self):
        folder = data()
        if folder is None:
            skipped(self, "no real rasters; set VQZ_DATA to a folder that holds some")
        import rasterio

        files = sorted((folder / "test/sentinel2-l2a").glob("*.tif"))
        if not files:
            skipped(self, f"{folder} holds no test/sentinel2-l2a/*.tif")
        with rasterio.open(files[0]) as file:
            samples = file.read()
        source = self.write("source.zarr", samples, ["band", "y", "x"], chunks=(12, 132, 132), fill_value=0)
        found, _, archive = self.there_and_back(source, samples, 42)
        self.assertGreater(self.psnr(samples, found, PEAK), 39)
        stored = sum(file.stat().st_size for file in archive.rglob("*") if file.is_file() and file.name != "zarr.json")
        bits = stored * 8 / samples.size
        print(f"{files[0].name}: {bits:.3f} bits per sample at {self.psnr(samples, found, PEAK):.2f} dB")
        self.assertLess(bits, 0.5)


if __name__ == "__main__":
    unittest.main()
