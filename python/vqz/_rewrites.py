"""Notices samples that were decoded from a lossy archive when they are about to be coded again.

A codec sees chunks, not where they come from. So the fingerprints of the chunks that were decoded last are kept, and each chunk
that is encoded is looked up among them.
"""

from __future__ import annotations

import warnings
import zlib
from collections import OrderedDict
from threading import Lock

import numpy as np

from vqz.warnings import RewriteWarning

# Chunks that are remembered: as many as a copy of an array has in flight, and more.
_MOST = 4096
# Bytes of a chunk that its fingerprint is made of.
_SAMPLED = 1 << 15

_decoded: OrderedDict[tuple[int, ...], None] = OrderedDict()
_lock = Lock()


def _fingerprint(samples: np.ndarray) -> tuple[int, ...] | None:
    """Of samples spread over a chunk, or None where they are all equal, as they are in many chunks."""
    flat = samples.reshape(-1)
    step = max(1, flat.size * flat.itemsize // _SAMPLED)
    taken = np.ascontiguousarray(flat[::step])
    if taken.size < 2 or bool((taken == taken[0]).all()):
        return None
    return (*samples.shape, zlib.crc32(taken.view(np.uint8)), int(taken.size))


def decoded(samples: np.ndarray) -> None:
    """Remember a whole chunk that was decoded with errors."""
    found = _fingerprint(samples)
    if found is None:
        return
    with _lock:
        _decoded[found] = None
        if len(_decoded) > _MOST:
            _decoded.popitem(last=False)


def about_to_encode(samples: np.ndarray) -> None:
    """Warn if a chunk that is about to be coded with errors was decoded with errors before."""
    with _lock:
        if not _decoded:
            return
    found = _fingerprint(samples)
    if found is None:
        return
    with _lock:
        seen = found in _decoded
    if seen:
        warnings.warn(
            RewriteWarning(
                "samples that were decoded from a lossy vqz archive are coded a second time, which changes them again. To copy "
                "an archive as it is, copy its files. To write plain samples, call ds.drop_encoding() first. To write changed "
                "samples to an archive, go on, and mind that errors add up"
            ),
            stacklevel=2,
        )
