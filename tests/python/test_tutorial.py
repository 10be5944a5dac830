"""docs/tutorial.md, command by command, and what comes out of it, read by others."""

import shutil
import unittest

import numpy as np
import rasterio
import zarr

import examples


class Tutorial(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder, cls.out = examples.run("docs/tutorial.md")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def test_every_command_ran(self):
        text = "\n".join(self.out)
        self.assertGreaterEqual(len(self.out), 7)
        self.assertIn("nothing was written", text)
        self.assertIn("all decode, and what they state is true", text)

    def test_the_cube_holds_the_files(self):
        data = zarr.open_array(str(self.folder / "trial" / "cube.zarr" / "data"), mode="r")
        for date, year in enumerate(["20120731", "20140720", "20150926"]):
            with rasterio.open(self.folder / "trial" / "scenes" / f"m_4709963_se_14_1_{year}.tif") as scene:
                np.testing.assert_array_equal(data[date], scene.read())

    def test_the_cog_lies_where_the_file_lay(self):
        with rasterio.open(self.folder / "trial" / "naip-2015.tif") as cog, \
                rasterio.open(self.folder / "trial" / "scenes" / "m_4709963_se_14_1_20150926.tif") as scene:
            self.assertEqual(cog.crs, scene.crs)
            self.assertEqual(cog.transform, scene.transform)
            self.assertEqual(cog.nodata, scene.nodata)
            self.assertEqual(cog.descriptions, ("red", "green", "blue", "nir"))
            error = cog.read().astype(int) - scene.read()
            psnr = 20 * np.log10(255 / np.sqrt((error**2).mean()))
            self.assertAlmostEqual(psnr, 42, delta=1.0)
            with rasterio.open(self.folder / "trial" / "corner.tif") as corner:
                self.assertEqual((corner.count, corner.height, corner.width), (3, 128, 128))
                np.testing.assert_array_equal(corner.read(), cog.read([1, 2, 3])[:, :128, :128])


if __name__ == "__main__":
    unittest.main()
