"""docs/tutorial.md, command by command, and what comes out of it, read by others."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import rasterio
import zarr

from support import ROOT, VQZ


class Tutorial(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="vqz-tutorial-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        environment = {**os.environ, "PATH": f"{VQZ.parent}:{os.environ['PATH']}"}
        for name in ["sample", "models"]:
            shutil.copytree(ROOT / name, cls.folder / name)
        blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text(), flags=re.S)
        cls.out = []
        for block in blocks:
            done = subprocess.run(["sh", "-e", "-c", block], cwd=cls.folder, env=environment, text=True,
                                  capture_output=True, timeout=600)
            if done.returncode:
                raise AssertionError(f"{block}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
            cls.out.append(done.stdout)

    def test_every_command_ran(self):
        text = "\n".join(self.out)
        self.assertGreaterEqual(len(self.out), 7)
        self.assertIn("nothing was written", text)
        self.assertIn("all decode, and hold what they state", text)

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
