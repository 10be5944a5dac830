"""How good an encoding should be, as all calls take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vqz._vqz import VqzError

DEFAULT_QUALITY = 42.0


@dataclass(frozen=True)
class Quality:
    """What is asked for: at most one of ``quality``, ``psnr``, ``bits`` and ``ratio``, and at most one promise."""

    quality: float | None = None
    psnr: float | None = None
    bits: float | None = None
    ratio: float | None = None
    max_error: float | Sequence[float] | None = None
    max_error_of_range: float | None = None
    stable: bool = False
    lossless: bool = False
    entropy: str = "rans"

    def __post_init__(self) -> None:
        targets = [name for name in ("quality", "psnr", "bits", "ratio") if getattr(self, name) is not None]
        if len(targets) > 1:
            raise VqzError(f"{' and '.join(targets)} are given; ask for one of them")
        promises = [name for name in ("max_error", "max_error_of_range") if getattr(self, name) is not None]
        promises += ["lossless"] if self.lossless else []
        if len(promises) > 1:
            raise VqzError(f"{' and '.join(promises)} are given; promise one of them")
        for name in targets + promises:
            value = getattr(self, name)
            if not np.all(np.isfinite(np.asarray(value, dtype=float))):
                raise VqzError(f"{name} is {value}, finite numbers are allowed")
            if name != "lossless" and name != "quality" and np.any(np.asarray(value, dtype=float) < 0):
                raise VqzError(f"{name} is {value}, which is below 0; the maximum error, and what is asked for, are 0 or more")
        if self.entropy not in ("rans", "lz4"):
            raise VqzError(f"the entropy coder is {self.entropy!r}; choose rans, which is small, or lz4, which is fast")
        if self.stable and self.max_error is None:
            raise VqzError("stable is given without max_error, which it is about")

    def nominal(self) -> float:
        """The quality in dB that is not searched for."""
        return DEFAULT_QUALITY if self.quality is None else float(self.quality)

    def bounds(self) -> list[float] | None:
        """The maximum errors, one or one for each band."""
        if self.max_error is None:
            return None
        return [float(bound) for bound in np.atleast_1d(np.asarray(self.max_error, dtype=float))]

    def promise(self) -> dict[str, Any]:
        """The promise as it stands in the codec's configuration."""
        if self.lossless:
            return {"kind": "lossless"}
        bounds = self.bounds()
        if bounds is None:
            return {"kind": "quality"}
        return {"kind": "max_error", "bound": bounds, **({"stable": True} if self.stable else {})}

    def native(self) -> dict[str, Any]:
        """For the native part."""
        target = None
        for name in ("quality", "psnr", "bits", "ratio"):
            if getattr(self, name) is not None:
                target = (name, float(getattr(self, name)))
        part = self.max_error_of_range
        return {
            "target": target,
            "max_error": self.bounds(),
            "max_error_of_range": None if part is None else float(part),
            "stable": self.stable,
            "lossless": self.lossless,
            "entropy": self.entropy,
        }


def nodata_texts(nodata: Any) -> list[str]:
    """Values that mean "no data", as texts."""
    if nodata is None:
        return []
    values = [nodata] if isinstance(nodata, str) or np.ndim(nodata) == 0 else list(nodata)
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        raise VqzError(f"nodata is {value}, numbers are allowed")
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise VqzError(f"nodata is {value!r}, numbers are allowed, and NaN") from None
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def nodata_json(nodata: Any) -> list[Any]:
    """Values that mean "no data", as they stand in the codec's configuration."""
    values: list[Any] = []
    for text in nodata_texts(nodata):
        number = float(text)
        if not np.isfinite(number):
            values.append("NaN" if np.isnan(number) else "Infinity" if number > 0 else "-Infinity")
        else:
            values.append(int(text) if text.lstrip("-").isdigit() else number)
    return values
