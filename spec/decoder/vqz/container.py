"""The container: a chunk's header, and the bytes of its tiles.

Everything is checked before it is used: checksums first, then every field against what the chunk can hold.
"""

import google_crc32c

from .cursor import Cursor
from .header import KNOWN_FLAGS, read_header
from .refusal import UnsupportedVersion, refuse_unless

MAGIC = b"VQZ"


def read_chunk(data, images, dtype, model):
    """The header of a chunk, and the bytes of each of its tiles (none where it is masked throughout)."""
    source = Cursor(data, "chunk")
    refuse_unless(source.take(3) == MAGIC, "chunk: does not begin with VQZ")
    version = source.byte()
    if version not in KNOWN_FLAGS:
        raise UnsupportedVersion(f"chunk: container version {version}; this reader knows {sorted(KNOWN_FLAGS)}")
    length = source.varint("length of the header", 1 << 28)
    body = Cursor(source.take(length), "header")
    _check_crc(source.data[: source.at], source.take(4), "header")
    header = read_header(body, version, images, dtype, model)
    total = sum(header.lengths)
    refuse_unless(total == source.left, f"chunk: tiles of {total} bytes, {source.left} follow the header")
    contents = [source.take(length) for length in header.lengths]
    # All of them before the first is decoded.
    for content in contents:
        if content:
            _check_crc(content[:-4], content[-4:], "tile")
    return header, contents


def _check_crc(data, stored, what):
    refuse_unless(google_crc32c.value(data).to_bytes(4, "little") == stored, f"{what}: the checksum differs")
