"""The codec's configuration, as it stands in an array's metadata."""

import base64
import binascii
import re
from dataclasses import dataclass

from .model import find_model, load_embedded
from .refusal import Refused, check_keys, refuse_unless

EMBEDDED_MOST = 4 << 20


@dataclass(frozen=True)
class Configuration:
    """What a reader needs of it: one axis for each dimension, nodata values, and where the model is."""

    axes: tuple
    nodata: tuple
    sha256: str
    embedded: bytes | None

    @classmethod
    def parse(cls, value):
        check_keys(value, "configuration", ("model", "axes", "quality"), ("entropy", "nodata", "promise"))
        model = value["model"]
        check_keys(model, "model", ("name", "sha256"), ("decoder",))
        refuse_unless(isinstance(model["name"], str), "configuration: the model's name is no string")
        sha256 = model["sha256"]
        hexadecimal = isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256)
        refuse_unless(hexadecimal, "configuration: sha256 is not 64 lower-case hexadecimal digits")
        _number(value["quality"], "quality")
        refuse_unless(0 <= value["quality"] <= 200, f"configuration: quality is {value['quality']}, not 0 to 200")
        refuse_unless(value.get("entropy", "rans") in ("rans", "lz4"), "configuration: unknown entropy coder")
        promise = value.get("promise", {"kind": "quality"})
        refuse_unless(promise == {"kind": "quality"}, "configuration: unknown promise")
        nodata = value.get("nodata", [])
        refuse_unless(isinstance(nodata, (list, tuple)), "configuration: nodata is no array")
        embedded = _embedded(model["decoder"]) if "decoder" in model else None
        return cls(_axes(value["axes"]), tuple(_nodata(x) for x in nodata), sha256, embedded)

    def model(self):
        return find_model(self.sha256) if self.embedded is None else load_embedded(self.embedded, self.sha256)


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


def _embedded(text):
    try:
        package = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise Refused(f"configuration: the decoder is not base64: {error}") from None
    refuse_unless(len(package) <= EMBEDDED_MOST, "configuration: the decoder is larger than 4 MiB")
    return package
