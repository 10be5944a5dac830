"""The codec for zarr-python 3: read only, inside shards as well.

`register()` makes `zarr.open_array` understand arrays whose metadata name the codec, by either of its names.
"""

import asyncio
from dataclasses import dataclass

import numpy as np
from zarr.abc.codec import ArrayBytesCodec
from zarr.registry import register_codec

from .chunk import decode_chunk
from .configuration import Configuration
from .refusal import refuse_unless

# The codec's name, then the name that it had before its first release.
NAMES = ("vqz", "vqvae")


@dataclass(frozen=True)
class VqzCodec(ArrayBytesCodec):
    is_fixed_size = False

    # The name and the configuration as they stand in the metadata, and the configuration as it was understood.
    name: str
    source: dict
    configuration: Configuration

    @classmethod
    def from_dict(cls, data):
        refuse_unless(data.get("name") in NAMES, f"a codec of the name {data.get('name')!r}")
        refuse_unless(data.keys() == {"name", "configuration"}, "codec: more or less than a name and a configuration")
        return cls(data["name"], data["configuration"], Configuration.parse(data["configuration"]))

    def to_dict(self):
        return {"name": self.name, "configuration": self.source}

    async def _decode_single(self, chunk_data, chunk_spec):
        samples = await asyncio.to_thread(
            decode_chunk,
            chunk_data.to_bytes(),
            chunk_spec.shape,
            chunk_spec.dtype.to_native_dtype(),
            chunk_spec.fill_value,
            self.configuration,
        )
        return chunk_spec.prototype.nd_buffer.from_numpy_array(np.ascontiguousarray(samples))

    async def _encode_single(self, chunk_data, chunk_spec):
        raise NotImplementedError("this reader does not write")

    def compute_encoded_size(self, input_byte_length, chunk_spec):
        raise NotImplementedError("the size of a chunk is not known before it is encoded")


def register():
    for name in NAMES:
        register_codec(name, VqzCodec)
