"""The ledger and the read-mostly copies, in SQLite."""

import asyncio
import time
from contextlib import suppress
from types import SimpleNamespace

from wire import Reader, span, u8, u32

CHECK, MATCH, READ, WRITE, TOUCH, DELETE, WAIT, DERIVE = range(1, 9)
APPLIED, CONFLICT = 0, 2
KEEP_EXPIRY = 2**64 - 1

TABLES = """
CREATE TABLE IF NOT EXISTS rows (shard TEXT, key TEXT, version INTEGER NOT NULL,
    expires INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (shard, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ends ON rows (expires);
CREATE TABLE IF NOT EXISTS copies (key TEXT PRIMARY KEY, expires INTEGER NOT NULL,
    value BLOB NOT NULL) WITHOUT ROWID;
"""


class Ledger:
    """Shards of rows with a version and an expiry. It knows no OAuth."""

    def __init__(self, db):
        self.db = db
        self.changed = asyncio.Condition()  # whatever it is: those who wait look at their row

    async def apply(self, shard, step):
        """All or nothing, in one transaction, with nothing awaited inside."""
        r = Reader(step)
        begun = r.u64()  # a lifetime is counted from when the row is written
        operations = r.list(lambda: read_operation(r))
        for o in operations:
            if o.op == WAIT:
                await self.wait(shard, o)
        with self.db:
            self.db.execute("BEGIN IMMEDIATE")
            answer = self.run(shard, operations, begun)
        async with self.changed:
            self.changed.notify_all()
        return answer

    def row(self, shard, key):
        columns = "SELECT version, expires, value FROM rows"
        there = "WHERE (shard, key) = (?, ?) AND expires > ?"
        found = self.db.execute(f"{columns} {there}", (shard, key, now())).fetchone()
        return found or (0, 0, None)

    def run(self, shard, operations, begun):
        rows = [self.row(shard, o.key) for o in operations]
        answer = b"".join(
            u32(version) + span(value)
            for o, (version, _, value) in zip(operations, rows)
            if o.op == READ
        )
        for o in operations:
            if o.op == DERIVE:
                o.value = derived(o, self.row(shard, o.source)[2])
        if not all(is_true(o, row) for o, row in zip(operations, rows)):
            return u8(CONFLICT) + answer
        for o, row in zip(operations, rows):
            self.write(shard, o, row, begun)
        self.db.execute("DELETE FROM rows WHERE expires <= ?", (now(),))
        return u8(APPLIED) + answer

    def write(self, shard, o, row, begun):
        version, expires, _ = row
        end = expires if o.expires == KEEP_EXPIRY else o.expires - begun + now()
        place = (shard, o.key)
        if o.op in (WRITE, DERIVE):
            values = (*place, version + 1, end, o.value)
            self.db.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?)", values)
        elif o.op == TOUCH and version > 0:
            values = (end, *place)
            self.db.execute("UPDATE rows SET expires = ? WHERE (shard, key) = (?, ?)", values)
        elif o.op == DELETE:
            self.db.execute("DELETE FROM rows WHERE (shard, key) = (?, ?)", place)

    async def wait(self, shard, o):
        """Ends when the row's version is another one, or after o.ms."""

        async def change():
            async with self.changed:
                await self.changed.wait_for(lambda: self.row(shard, o.key)[0] != o.version)

        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(change(), o.ms / 1000)


def read_operation(r):
    o = SimpleNamespace(op=r.u8(), key=r.text(), expires=KEEP_EXPIRY)
    if o.op in (CHECK, WAIT):
        o.version = r.u32()
    if o.op == WAIT:
        o.ms = r.u32()
    if o.op in (WRITE, TOUCH, DERIVE):
        o.expires = r.u64()
    if o.op in (WRITE, MATCH):
        o.value = r.span()
    if o.op == DERIVE:
        o.head, o.source, o.mask = r.span(), r.text(), r.span()
    return o


def is_true(o, row):
    version, _, value = row
    if o.op == CHECK:
        return o.version == version
    if o.op == MATCH:
        return value is not None and value.startswith(o.value)
    return o.op != DERIVE or o.value is not None


def derived(o, source):
    """The head, and then the end of the source under the mask; None if there is not as much."""
    if source is None or len(source) < len(o.mask):
        return None
    end = source[-len(o.mask) :]
    return o.head + bytes(a ^ b for a, b in zip(end, o.mask))


def now():
    return int(time.time())


class Copies:
    """What may be lost and is then made anew."""

    def __init__(self, db):
        self.db = db

    def get(self, key):
        query = "SELECT value FROM copies WHERE key = ? AND expires > ?"
        found = self.db.execute(query, (key, now())).fetchone()
        return found and found[0]

    def put(self, key, value, ttl):
        with self.db:
            self.db.execute("DELETE FROM copies WHERE expires <= ?", (now(),))
            row = (key, now() + ttl, value)
            self.db.execute("INSERT OR REPLACE INTO copies VALUES (?, ?, ?)", row)
