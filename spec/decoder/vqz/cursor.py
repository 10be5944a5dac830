"""Reading fields off bytes, front to back.

Used by the container, its tiles, the code streams and the priors: every length is checked against what is left before
anything is read, and nothing may be left over.
"""

import numpy as np

from .refusal import Refused, refuse_unless


class Cursor:
    def __init__(self, data, what):
        self.data = bytes(data)
        self.at = 0
        self.what = what

    @property
    def left(self):
        return len(self.data) - self.at

    def take(self, count):
        if count > self.left:
            raise Refused(f"{self.what}: ends after {len(self.data)} bytes, {count - self.left} too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self):
        return self.take(1)[0]

    def varint(self, name, most):
        """An unsigned LEB128 in the fewest bytes."""
        value, shift = 0, 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if value > most:
                raise Refused(f"{self.what}: {name} is above {most}")
            if byte < 0x80:
                refuse_unless(byte or not shift, f"{self.what}: {name} takes more bytes than it needs")
                return value
            shift += 7
            refuse_unless(shift < 64, f"{self.what}: {name} has no end")

    def array(self, dtype, *shape):
        """Little-endian numbers, as an array of the machine's own order."""
        dtype = np.dtype(dtype)
        count = int(np.prod(shape, dtype=np.int64))
        raw = np.frombuffer(self.take(count * dtype.itemsize), dtype.newbyteorder("<"))
        return raw.astype(dtype.newbyteorder("=")).reshape(shape)

    def end(self):
        refuse_unless(not self.left, f"{self.what}: {self.left} bytes are left over")
