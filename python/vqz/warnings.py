"""The warnings of this package: what may ruin data, or is not what was meant. Filter them by class."""

from __future__ import annotations

import warnings

__all__ = ["CompressorWarning", "RemarkWarning", "RewriteWarning", "VqzWarning"]


class VqzWarning(UserWarning):
    """The base of all warnings of vqz."""


class RemarkWarning(VqzWarning):
    """Something that was found in the data, such as samples unlike those that a model was fitted to.

    Parameters
    ----------
    message : str
        What was found.
    kind : str
        The name of this kind of remark, which stays the same from release to release.
    array : str, optional
        The array that it is about.
    """

    def __init__(self, message: str, kind: str = "", array: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.array = array


class RewriteWarning(VqzWarning):
    """Samples that were decoded from a lossy archive are about to be coded again, which changes them again."""


class CompressorWarning(VqzWarning):
    """A compressor stands behind the codec: it costs time, gains nothing, and prevents reading parts of chunks."""


def remark_all(remarks: list[tuple[str, str, str | None, str]], stacklevel: int = 3) -> None:
    """Warn of what a call found out, except for notes, which say that nothing is wrong."""
    for kind, severity, array, text in remarks:
        if severity != "note":
            message = f"{array}: {text}" if array and array not in text else text
            warnings.warn(RemarkWarning(message, kind, array), stacklevel=stacklevel)
