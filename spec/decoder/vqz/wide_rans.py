"""The wide rANS of prediction streams: 64 bits of state, words of 32 bits, and events of any share besides decisions.

Stands where `rans` does for masks and codes, and answers to the same calls, so counters decide by either.
"""

from .refusal import Refused, refuse_unless

LOWEST = 1 << 32


class WideRans:
    def __init__(self, stream):
        refuse_unless(len(stream) >= 8, "prediction stream: shorter than its initial state")
        refuse_unless(len(stream) % 4 == 0, f"prediction stream: {len(stream)} bytes are no whole words")
        self.state = int.from_bytes(stream[:8], "little")
        refuse_unless(self.state >= LOWEST, "prediction stream: the initial state is out of range")
        self.stream = stream
        self.at = 8

    def advance(self, start, frequency):
        """Past the event that takes `[start, start + frequency)`, which holds the state's low bits."""
        state = frequency * (self.state >> 16) + (self.state & 0xFFFF) - start
        if state < LOWEST:
            if self.at == len(self.stream):
                raise Refused("prediction stream: runs out")
            state = state << 32 | int.from_bytes(self.stream[self.at : self.at + 4], "little")
            self.at += 4
        self.state = state

    @property
    def low(self):
        return self.state & 0xFFFF

    def decide(self, p):
        """One decision, with probability `p` (in 65536ths) of being 1."""
        if self.state & 0xFFFF < p:
            self.advance(0, p)
            return 1
        self.advance(p, 65536 - p)
        return 0

    def plain(self, bits):
        """A plain number of 0 to 16 bits."""
        shift = 16 - bits
        value = (self.state & 0xFFFF) >> shift
        self.advance(value << shift, 1 << shift)
        return value

    def finish(self):
        refuse_unless(self.state == LOWEST, "prediction stream: ends in another state than it should")
        left = len(self.stream) - self.at
        refuse_unless(not left, f"prediction stream: {left} bytes are left over")
