"""Decoding a chunk: from its bytes to samples, or to the integer codes that they are made of."""

import numpy as np

from .container import read_chunk, read_tile
from .indices import check_indices, read_indices
from .planes import read_planes
from .refusal import Refused, refuse_unless
from .restore import nodata_of, restore
from .scalars import read_scalars
from .tiling import Images, any_in_patch

DTYPES = ("uint8", "int16", "uint16", "int32", "float32", "float64")


def decode_chunk(data, shape, dtype, fill_value, configuration):
    """Samples of a chunk, in its shape and data type."""
    dtype = _supported(dtype)
    model = configuration.model()
    images = Images(configuration.axes, shape)
    header, tiles = read_chunk(data, images, dtype, model)
    nodata = nodata_of(configuration.nodata, dtype)
    samples = images.filled(fill_value, dtype)
    valid = 0
    for tile, bytes_ in tiles:
        content = read_tile(bytes_, tile, images.bands, header.patterns, model)
        v = None
        if content.valid.any():
            codes = tile_codes(content, header, model)
            v = model.decode(codes, header.step)
            if content.corrected:
                v = model.correct(v, header.step)
            v = v[:, : tile.rows, : tile.columns]
            valid += int(content.valid.sum())
        samples[tile.image, :, tile.y, tile.x] = restore(v, content, header.patterns, nodata)
    _check_valid(valid, header)
    return images.to_chunk(samples)


def codes_of_chunk(data, shape, dtype, configuration):
    """Codes of a chunk, int32 `[image, plane, patch row, patch column]`, 0 where a patch holds no valid sample."""
    dtype = _supported(dtype)
    model = configuration.model()
    images = Images(configuration.axes, shape)
    header, tiles = read_chunk(data, images, dtype, model)
    patches = [-(-n // model.patch) for n in (header.rows, header.columns)]
    codes = np.zeros((images.count, model.planes, *patches), np.int32)
    valid = 0
    for tile, bytes_ in tiles:
        content = read_tile(bytes_, tile, images.bands, header.patterns, model)
        if content.valid.any():
            codes[tile.image, :, tile.patch_rows, tile.patch_columns] = tile_codes(content, header, model)
            valid += int(content.valid.sum())
    _check_valid(valid, header)
    return codes


def tile_codes(content, header, model):
    """Codes of a tile, int32 `[plane, patch row, patch column]`, planes in the model's own order."""
    valid = any_in_patch(content.valid, model.patch)
    if not header.lz4:
        if model.has_codebooks:
            return read_indices(content.code_stream, model.priors, model.codebooks, model.residual, valid)
        return read_scalars(content.code_stream, model.priors, header.step, valid)
    codes = read_planes(content.code_stream, model.planes, *valid.shape)
    if model.has_codebooks:
        check_indices(codes, model.codebooks, model.residual)
        return codes
    ordered = np.empty_like(codes)
    ordered[model.priors.scan] = codes
    return ordered


def _supported(dtype):
    dtype = np.dtype(dtype).newbyteorder("=")
    if dtype.name not in DTYPES:
        raise Refused(f"data type {dtype.name}; supported are {', '.join(DTYPES)}")
    return dtype


def _check_valid(found, header):
    refuse_unless(found == header.valid_samples, f"{found} samples are valid, the header states {header.valid_samples}")
