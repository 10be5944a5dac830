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
    header, contents = read_chunk(data, images, dtype, model)
    nodata = nodata_of(configuration.nodata, dtype)
    samples = images.filled(fill_value, dtype)
    for tile, content, codes in _decoded_tiles(header, contents, images, model):
        v = None
        if codes is not None:
            v = model.decode(codes, header.step)
            if content.corrected:
                v = model.correct(v, header.step)
            v = v[:, : tile.rows, : tile.columns]
        samples[tile.image, :, tile.y, tile.x] = restore(v, content, header.patterns, nodata)
    return images.to_chunk(samples)


def codes_of_chunk(data, shape, dtype, configuration):
    """Codes of a chunk, int32 `[image, plane, patch row, patch column]`, 0 where a patch holds no valid sample."""
    dtype = _supported(dtype)
    model = configuration.model()
    images = Images(configuration.axes, shape)
    header, contents = read_chunk(data, images, dtype, model)
    patches = [-(-n // model.patch) for n in (header.rows, header.columns)]
    all_codes = np.zeros((images.count, model.planes, *patches), np.int32)
    for tile, _, codes in _decoded_tiles(header, contents, images, model):
        if codes is not None:
            all_codes[tile.image, :, tile.patch_rows, tile.patch_columns] = codes
    return all_codes


def _decoded_tiles(header, contents, images, model):
    """Each tile with its content and codes, which are None where no sample is valid.

    In the order in which they are stored: those that a tile refers to stand before it.
    """
    valid = 0
    awaited = set(header.earlier)
    dates = {}
    for number, (tile, data, to) in enumerate(zip(header.tiles, contents, header.earlier)):
        content = read_tile(data, tile, images.bands, header.patterns, model)
        refuse_unless(to is None or to in dates, "tile: refers to one without a valid sample")
        codes = None
        if content.valid.any():
            valid += int(content.valid.sum())
            codes, date = tile_codes(content, header, model, dates.get(to))
            if number in awaited:
                dates[number] = date
        yield tile, content, codes
    stated = header.valid_samples
    refuse_unless(valid == stated, f"{valid} samples are valid, the header states {stated}")


def tile_codes(content, header, model, earlier=None):
    """Codes of a tile, int32 `[plane, patch row, patch column]`, planes in the model's own order.

    With them what the tile leaves to those that refer to it, and `earlier` is what it got in this way; else None.
    """
    valid = any_in_patch(content.valid, model.patch)
    if not header.lz4:
        if not model.has_codebooks:
            return read_scalars(content.code_stream, model.priors, header.step, valid, earlier)
        return read_indices(content.code_stream, model.priors, model.codebooks, model.residual, valid), None
    codes = read_planes(content.code_stream, model.planes, *valid.shape)
    if model.has_codebooks:
        check_indices(codes, model.codebooks, model.residual)
        return codes, None
    ordered = np.empty_like(codes)
    ordered[model.priors.scan] = codes
    return ordered, None


def _supported(dtype):
    dtype = np.dtype(dtype).newbyteorder("=")
    if dtype.name not in DTYPES:
        raise Refused(f"data type {dtype.name}; supported are {', '.join(DTYPES)}")
    return dtype
