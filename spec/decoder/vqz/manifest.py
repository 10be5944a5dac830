"""`model.json`, the manifest: what a model is for, and the figures that decoding needs."""

import json
import math

from .refusal import Refused, UnsupportedVersion, check_keys, refuse_unless


def read_manifest(content):
    """`model.json`, checked against the specification."""
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refused(f"manifest: {error}") from None

    texts = ("name", "architecture", "licence", "training_data", "encoder_sha256")
    figures = ("version", "patch", "window", "planes", "peak", "tolerance", "bands", "calibration")
    check_keys(manifest, "manifest", (*texts, *figures, "format", "quantiser"), ("codebooks",))
    for key in texts:
        _text(manifest[key], key)
    refuse_unless(manifest["format"] == "vqz-model", "manifest: the format is not vqz-model")
    if type(manifest["version"]) is not int or manifest["version"] != 0:
        raise UnsupportedVersion(f"manifest: version {manifest['version']}; this reader knows 0")
    bands = manifest["bands"]
    refuse_unless(isinstance(bands, list) and 1 <= len(bands) <= 4096, "manifest: bands are not a list of 1 to 4096")
    for band in bands:
        check_keys(band, "manifest: a band", ("name", "offset", "scale"), ("unit", "wavelength_nm"))
        _text(band["name"], "a band's name")
        _number(band["offset"], "a band's offset")
        _number(band["scale"], "a band's scale", positive=True)
    refuse_unless(manifest["patch"] in (8, 16, 32), f"manifest: patch is {manifest['patch']!r}, not 8, 16 or 32")
    _whole(manifest["window"], "window", 1, 1)
    _whole(manifest["planes"], "planes", 1, 65536)
    quantiser = manifest["quantiser"]
    refuse_unless(quantiser in ("fsq", "vq", "rvq"), f"manifest: quantiser {quantiser!r}, not fsq, vq or rvq")
    right = ("codebooks" in manifest) == (quantiser != "fsq")
    refuse_unless(right, f"manifest: the quantiser is {quantiser}, which goes with codebooks unless it is fsq")
    _number(manifest["peak"], "peak", positive=True)
    _number(manifest["tolerance"], "tolerance")
    refuse_unless(manifest["tolerance"] >= 0, "manifest: the tolerance is below 0")
    _check_calibration(manifest["calibration"])
    if "codebooks" in manifest:
        _check_codebooks(manifest)
    return manifest


def _check_calibration(points):
    refuse_unless(isinstance(points, list) and len(points) >= 2, "manifest: calibration is not a list of two or more")
    for point in points:
        check_keys(point, "manifest: a point of the calibration", ("step", "psnr_db"))
        _whole(point["step"], "a step", -32768, 32767)
        _number(point["psnr_db"], "a PSNR")
    pairs = zip(points, points[1:])
    ordered = all(a["step"] > b["step"] and a["psnr_db"] < b["psnr_db"] for a, b in pairs)
    refuse_unless(ordered, "manifest: the calibration is not by falling step and rising PSNR")


def _check_codebooks(manifest):
    books = manifest["codebooks"]
    check_keys(books, "manifest: codebooks", ("groups", "stages", "size", "width"))
    _whole(books["groups"], "groups", 1, 64)
    _whole(books["stages"], "stages", 1, 1 if manifest["quantiser"] == "vq" else 64)
    _whole(books["size"], "size", 2, 65536)
    _whole(books["width"], "width", 1, 4096)
    planes = books["groups"] * books["stages"]
    refuse_unless(manifest["planes"] == planes, "manifest: planes are not groups × stages")
    refuse_unless(planes * books["size"] <= 1 << 20, "manifest: more than 2^20 entries")
    refuse_unless(planes * books["size"] * books["width"] <= 1 << 26, "manifest: more than 2^26 numbers")


def _whole(value, what, least, most):
    right = type(value) is int and least <= value <= most
    refuse_unless(right, f"manifest: {what} is {value!r}, {least} to {most} are allowed")


def _number(value, what, positive=False):
    right = type(value) in (int, float) and math.isfinite(value) and (value > 0 or not positive)
    refuse_unless(right, f"manifest: {what} is {value!r}, which is not allowed")


def _text(value, what):
    refuse_unless(isinstance(value, str), f"manifest: {what} is no string")
