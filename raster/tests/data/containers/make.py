#!/usr/bin/env python3
"""Makes the files of this folder: variables in groups, and bytes with a sign, as the netCDF library writes them. Run it in this folder."""

import netCDF4
import numpy as np


def variable(group, name, dimensions, first, kind="i2"):
    shape = [len(group.dimensions[d]) for d in dimensions]
    samples = first + np.arange(np.prod(shape)).reshape(shape)
    group.createVariable(name, kind, dimensions)[:] = samples


def soil(path):
    with netCDF4.Dataset(path, "w") as file:
        for name, first in [("am", 0), ("pm", 100)]:
            group = file.createGroup(name)
            for dimension, extent in [("y", 3), ("x", 4)]:
                group.createDimension(dimension, extent)
            variable(group, "moisture", ("y", "x"), first)
        am = file["am"]
        variable(am, "density", ("y", "x"), 200)
        for dimension, extent in [("depth", 2), ("sample", 2), ("r", 1), ("c", 2)]:
            am.createDimension(dimension, extent)
        variable(am, "profile", ("depth", "sample", "r", "c"), 300)


def flags(path):
    with netCDF4.Dataset(path, "w") as file:
        for dimension, extent in [("y", 2), ("x", 3)]:
            file.createDimension(dimension, extent)
        file.createVariable("flag", "i1", ("y", "x"))[:] = np.array([[-128, -1, 0], [1, 5, 127]], "int8")


soil("soil.nc")
flags("flags.nc")
