"""The codec's configuration, as it stands in an array's metadata."""

import base64
import binascii
import math
import re
from dataclasses import dataclass

from .model import find_model, load_embedded
from .refusal import Refused, check_keys, refuse_unless

EMBEDDED_MOST = 4 << 20


@dataclass(frozen=True)
class Configuration:
    """What a reader needs of it: one axis for each dimension, the order of bands, nodata values, and where the model is."""

    axes: tuple
    # For each band of the model, the array's band; empty where both have the same order.
    band_order: tuple
    nodata: tuple
    # None without a model.
    sha256: str | None
    embedded: bytes | None

    @classmethod
    def parse(cls, value):
        check_keys(value, "configuration", ("axes",), ("model", "band_order", "quality", "entropy", "nodata", "promise"))
        quality = _number(value.get("quality", 0), "quality")
        refuse_unless(0 <= quality <= 200, f"configuration: quality is {quality}, not 0 to 200")
        refuse_unless(value.get("entropy", "rans") in ("rans", "lz4"), "configuration: unknown entropy coder")
        promises = _promises(value.get("promise", {"kind": "quality"}))
        refuse_unless(promises or "model" in value, "configuration: lacks a model, where nothing is promised")
        nodata = value.get("nodata", [])
        refuse_unless(isinstance(nodata, (list, tuple)), "configuration: nodata is no array")
        model = _model(value["model"]) if "model" in value else (None, None)
        order = _band_order(value.get("band_order", []))
        return cls(_axes(value["axes"]), order, tuple(_nodata(x) for x in nodata), *model)

    def model(self):
        """The model; None for arrays without one."""
        if self.sha256 is None:
            return None
        return find_model(self.sha256) if self.embedded is None else load_embedded(self.embedded, self.sha256)


def _model(value):
    """Hash, and the decoding half or None."""
    check_keys(value, "model", ("name", "sha256"), ("decoder",))
    refuse_unless(isinstance(value["name"], str), "configuration: the model's name is no string")
    sha256 = value["sha256"]
    hexadecimal = isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256)
    refuse_unless(hexadecimal, "configuration: sha256 is not 64 lower-case hexadecimal digits")
    return sha256, _embedded(value["decoder"]) if "decoder" in value else None


def _promises(promise):
    """Is anything promised? What, readers take from each chunk's header."""
    check_keys(promise, "promise", ("kind",), ("bound", "stable"))
    kind = promise["kind"]
    refuse_unless(kind in ("quality", "max_error", "lossless"), f"configuration: unknown promise {kind!r}")
    if kind != "max_error":
        check_keys(promise, "promise", ("kind",))
        return kind == "lossless"
    check_keys(promise, "promise", ("kind", "bound"), ("stable",))
    refuse_unless(isinstance(promise.get("stable", False), bool), "configuration: stable is neither true nor false")
    bounds = promise["bound"]
    refuse_unless(isinstance(bounds, (list, tuple)) and bounds, "configuration: the bound is no array of numbers")
    right = all(math.isfinite(_number(bound, "a bound")) and bound >= 0 for bound in bounds)
    refuse_unless(right, f"configuration: a bound of {bounds} is not finite, or below 0")
    return True


def _number(value, what):
    refuse_unless(type(value) in (int, float), f"configuration: {what} is {value!r}, which is no number")
    return value


def _nodata(value):
    if isinstance(value, str):
        refuse_unless(value in ("NaN", "Infinity", "-Infinity"), f"configuration: nodata {value!r} is no number")
        return float(value)
    return _number(value, "nodata")


def _axes(axes):
    strings = isinstance(axes, (list, tuple)) and all(isinstance(axis, str) for axis in axes)
    refuse_unless(strings and 2 <= len(axes) <= 6, "configuration: axes are not 2 to 6 strings")
    once = all(axes.count(axis) == 1 for axis in "yx") and all(axes.count(axis) <= 1 for axis in ("band", "time"))
    refuse_unless(once, f"configuration: axes {list(axes)} lack y or x, or have one twice")
    return tuple(axes)


def _band_order(order):
    numbers = isinstance(order, (list, tuple)) and all(type(band) is int for band in order)
    refuse_unless(numbers, "configuration: the order of bands is no array of integers")
    once = sorted(order) == list(range(len(order)))
    refuse_unless(once, f"configuration: the order of bands, {list(order)}, does not hold each band once")
    return tuple(order)


def _embedded(text):
    try:
        package = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise Refused(f"configuration: the decoder is not base64: {error}") from None
    refuse_unless(len(package) <= EMBEDDED_MOST, "configuration: the decoder is larger than 4 MiB")
    return package
