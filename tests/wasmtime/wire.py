"""
How the core and its host write to each other (docs/host.md): numbers are little-endian; a span
is its length (u32) and its bytes, 0xffffffff is absent.
"""

ABSENT = 0xFFFFFFFF


def u8(value):
    return value.to_bytes(1, "little")


def u32(value):
    return value.to_bytes(4, "little")


def u64(value):
    return value.to_bytes(8, "little")


def span(value):
    """Of bytes, of text, of None: absent."""
    if value is None:
        return u32(ABSENT)
    data = value.encode() if isinstance(value, str) else value
    return u32(len(data)) + data


def pairs(fields):
    packed = [span(name) + span(value) for name, value in fields.items()]
    return u32(len(packed)) + b"".join(packed)


class Reader:
    def __init__(self, data):
        self.rest = memoryview(data)

    def take(self, size):
        if size > len(self.rest):
            raise ValueError("the core says less than it should")
        taken, self.rest = self.rest[:size], self.rest[size:]
        return bytes(taken)

    def u8(self):
        return self.take(1)[0]

    def u32(self):
        return int.from_bytes(self.take(4), "little")

    def u64(self):
        return int.from_bytes(self.take(8), "little")

    def span(self):
        size = self.u32()
        return None if size == ABSENT else self.take(size)

    def text(self):
        return self.span().decode()

    def list(self, read):
        return [read() for _ in range(self.u32())]

    def pairs(self):
        return self.list(lambda: (self.text(), self.text()))
