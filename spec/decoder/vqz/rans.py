"""Binary range asymmetric numeral system: bytes to decisions, given their probabilities.

The last stage before bytes; masks and codes are read through it. A stream that was cut or altered almost never ends in
the state it has to end in.
"""

from .refusal import Refused, refuse_unless

LOWEST = 1 << 23


class Rans:
    def __init__(self, stream):
        refuse_unless(len(stream) >= 4, "rANS stream: shorter than its initial state")
        self.state = int.from_bytes(stream[:4], "little")
        refuse_unless(LOWEST <= self.state < 1 << 31, "rANS stream: the initial state is out of range")
        self.stream = stream
        self.at = 4

    def decide(self, p):
        """One decision, with probability `p` (in 65536ths) of being 1."""
        state = self.state
        low = state & 0xFFFF
        if low < p:
            bit, state = 1, p * (state >> 16) + low
        else:
            bit, state = 0, (65536 - p) * (state >> 16) + low - p
        while state < LOWEST:
            if self.at == len(self.stream):
                raise Refused("rANS stream: runs out")
            state = state << 8 | self.stream[self.at]
            self.at += 1
        self.state = state
        return bit

    def number(self, bits):
        """A number in plain bits, highest first."""
        value = 0
        for _ in range(bits):
            value = value << 1 | self.decide(32768)
        return value

    def finish(self):
        refuse_unless(self.state == LOWEST, "rANS stream: ends in another state than it should")
        refuse_unless(self.at == len(self.stream), f"rANS stream: {len(self.stream) - self.at} bytes are left over")
