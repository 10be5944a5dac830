"""Decoding a chunk: from its bytes to samples, or to the integer codes that they are made of."""

import numpy as np

from .classes import read_classes
from .container import read_chunk
from .corrections import corrected
from .indices import check_indices, read_indices
from .planes import read_planes
from .refusal import Refused, refuse_unless
from .restore import nodata_of, restore
from .samples import read_samples
from .scalars import read_scalars
from .tile import CLASSES, PICTURE, SAMPLES, WITHIN_BOUND, read_tile
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
    order = band_order(configuration, images)
    for tile, content, _, values in _decoded_tiles(header, contents, images, dtype, model):
        samples[tile.image][order, tile.y, tile.x] = restore(values, content, header.patterns, nodata)
    return images.to_chunk(samples)


def codes_of_chunk(data, shape, dtype, configuration):
    """Codes of a chunk, int32 `[image, plane, patch row, patch column]`, 0 where a patch holds no valid sample.

    They are 0 throughout tiles without a picture.
    """
    dtype = _supported(dtype)
    model = configuration.model()
    images = Images(configuration.axes, shape)
    header, contents = read_chunk(data, images, dtype, model)
    refuse_unless(model, "a chunk without a model has no codes")
    patches = [-(-n // model.patch) for n in (header.rows, header.columns)]
    all_codes = np.zeros((images.count, model.planes, *patches), np.int32)
    for tile, _, codes, _ in _decoded_tiles(header, contents, images, dtype, model):
        if codes is not None:
            all_codes[tile.image, :, tile.patch_rows, tile.patch_columns] = codes
    return all_codes


def _decoded_tiles(header, contents, images, dtype, model):
    """Each tile with its content, codes (None without a picture) and values of samples (None where none is valid).

    In the order in which they are stored: those that a tile refers to stand before it.
    """
    valid = 0
    awaited = set(header.earlier)
    dates = {}
    for number, (tile, data, to) in enumerate(zip(header.tiles, contents, header.earlier)):
        content = read_tile(data, tile, images.bands, header, model)
        codes, values, date = None, None, None
        if content.valid.any():
            valid += int(content.valid.sum())
            refuse_unless(to is None or dates[to], "tile: refers to one that leaves nothing to refer to")
            codes, values, date = _decoded(content, tile, header, dtype, model, dates.get(to))
        else:
            refuse_unless(to is None, "tile: refers to an earlier date, without a valid sample")
        if number in awaited:
            dates[number] = date
        yield tile, content, codes, values
    stated = header.valid_samples
    refuse_unless(valid == stated, f"{valid} samples are valid, the header states {stated}")


def _decoded(content, tile, header, dtype, model, earlier):
    """Codes of a tile with a valid sample, values of its samples, and what it leaves to tiles that refer to it."""
    source = content.source
    if content.kind == SAMPLES:
        values, planes = read_samples(source, content.valid, dtype, header.promise, earlier or ())
        return None, values, planes
    may_refer = content.kind == PICTURE
    refuse_unless(earlier is None or may_refer, "tile: refers to an earlier date, which its mode does not")
    if content.kind == CLASSES:
        return None, read_classes(source.take(source.left), content.valid), None
    length = source.left
    if content.kind == WITHIN_BOUND:
        length = source.varint("length of the code stream", source.left)
    codes, date = tile_codes(source.take(length), content.valid, header, model, earlier)
    v = model.decode(codes, header.step)
    if content.corrected:
        v = model.correct(v, header.step)
    v = v[:, : tile.rows, : tile.columns]
    if content.kind == PICTURE:
        return codes, v, date
    return codes, corrected(v, source, content.valid, dtype, header.promise, model), None


def tile_codes(stream, valid_samples, header, model, earlier=None):
    """Codes of a tile, int32 `[plane, patch row, patch column]`, planes in the model's own order.

    With them what the tile leaves to those that refer to it, and `earlier` is what it got in this way; else None.
    """
    valid = any_in_patch(valid_samples, model.patch)
    if not header.lz4:
        if not model.has_codebooks:
            return read_scalars(stream, model.priors, header.step, valid, earlier)
        return read_indices(stream, model.priors, model.codebooks, model.residual, valid), None
    codes = read_planes(stream, model.planes, *valid.shape)
    if model.has_codebooks:
        check_indices(codes, model.codebooks, model.residual)
        return codes, None
    ordered = np.empty_like(codes)
    ordered[model.priors.scan] = codes
    return ordered, None


def band_order(configuration, images):
    """Which of the array's bands each band of a tile is."""
    order = list(configuration.band_order) or list(range(images.bands))
    refuse_unless(len(order) == images.bands, f"an order of {len(order)} bands for {images.bands}")
    return order


def _supported(dtype):
    dtype = np.dtype(dtype).newbyteorder("=")
    if dtype.name not in DTYPES:
        raise Refused(f"data type {dtype.name}; supported are {', '.join(DTYPES)}")
    return dtype
