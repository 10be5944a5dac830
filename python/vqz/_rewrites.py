"""Notices samples that were decoded from a lossy archive when they are about to be coded again.

A codec sees chunks, not where they come from. So fingerprints of rows of the chunks that were decoded last are kept, and rows of each
chunk that is encoded are looked up among them. Rows are compared, not chunks, because a part of a chunk may have been written anew.
"""

from __future__ import annotations

import os
import warnings
import zlib
from collections import OrderedDict
from threading import Lock

import numpy as np

from vqz.warnings import RewriteWarning

# Rows that are remembered: of as many chunks as a copy of an array has in flight, and more.
_MOST = 1 << 16
# Rows of a chunk that are looked at.
_ROWS = 24

_decoded: OrderedDict[tuple[int, int], None] = OrderedDict()
_lock = Lock()


def _renew_lock() -> None:
    global _lock
    _lock = Lock()


# Another thread may hold it while a process forks.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def _fingerprints(samples: np.ndarray) -> list[tuple[int, int]]:
    """Of rows spread over a chunk, but of none whose samples are all equal, as many are."""
    rows = np.ascontiguousarray(samples).reshape(-1, samples.shape[-1])
    # A step that shares no factor with usual numbers of rows, so that rows of all bands and parts are looked at.
    at = np.arange(_ROWS)
    chosen = rows[at * rows.shape[0] // _ROWS + at * 7 % max(1, rows.shape[0] // _ROWS)]
    # Bytes are compared, for NaN equals nothing.
    bytes_ = np.ascontiguousarray(chosen).view(np.uint8).reshape(*chosen.shape, chosen.dtype.itemsize)
    varied = bytes_[(bytes_ != bytes_[:, :1]).any(axis=(1, 2))]
    return [(row.nbytes, zlib.crc32(row)) for row in varied]


def decoded(samples: np.ndarray) -> None:
    """Remember a whole chunk that was decoded with errors."""
    found = _fingerprints(samples)
    with _lock:
        _decoded.update(dict.fromkeys(found))
        while len(_decoded) > _MOST:
            _decoded.popitem(last=False)


def about_to_encode(samples: np.ndarray) -> None:
    """Warn if rows of a chunk that is about to be coded with errors were decoded with errors before."""
    with _lock:
        if not _decoded:
            return
    found = _fingerprints(samples)
    with _lock:
        seen = any(row in _decoded for row in found)
    if seen:
        warnings.warn(
            RewriteWarning(
                "samples that were decoded from a lossy vqz archive are coded a second time, which changes them again. To copy "
                "an archive as it is, copy its files. To write plain samples, call ds.drop_encoding() first. To write to a part of "
                "an archive, write whole chunks; or go on, and mind that errors add up"
            ),
            stacklevel=2,
        )
