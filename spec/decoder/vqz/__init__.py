"""A decoder of the Zarr codec `vqz`, written from the text of its specification.

It is here to keep that text honest: it shares no code with the codec, favours clarity over speed, and decodes every
golden archive. The modules follow a chunk: header, container, tile, mask, codes (`scalars` with `dates`, `indices`,
`planes`), model, `restore`. Where something is promised, `corrections`, `samples` (both by `prediction`) or `classes`.
"""

from .chunk import codes_of_chunk, decode_chunk
from .configuration import Configuration
from .model import Model, load_package
from .refusal import MissingModel, Refused, UnsupportedVersion
from .zarr_codec import register

__all__ = [
    "Configuration",
    "MissingModel",
    "Model",
    "Refused",
    "UnsupportedVersion",
    "codes_of_chunk",
    "decode_chunk",
    "load_package",
    "register",
]
