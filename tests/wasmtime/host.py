"""
A host for the module that is deployed, as small as a host can be: see docs/host.md, and
shim/worker.js, which does the same on Cloudflare's platform.

    python host.py --module build/latchkey.wasm --config latchkey.json --port 8787

Says "ready" when it listens, on 127.0.0.1 only; TLS is the business of whatever stands before it.
"""

import argparse
import asyncio
import ipaddress
import os
import re
import sqlite3
import sys
import time
from collections import Counter
from fnmatch import fnmatchcase

import aiohttp
import wasmtime
from aiohttp import web
from yarl import URL

from store import TABLES, Copies, Ledger
from wire import Reader, pairs, span, u8, u32, u64

OK, FAILED, TOO_LARGE = 0, 1, 3
RESPONSE = 0
MAX_RUNS = 64
LINE_LIMIT = 1 << 17  # the core has lower limits for URLs and headers, and answers in better words
AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z._-]+)(:[0-9]+)?")
FAULT = b'{"error":"server_error","error_description":"See the gateway\'s log."}'


# ---- the core: one instance for all requests, dropped when it traps ----


class Core:
    def __init__(self, path, configuration, secrets):
        self.engine = wasmtime.Engine()
        self.module = wasmtime.Module.from_file(self.engine, path)
        self.configuration = span(configuration) + pairs(secrets)
        self.load()

    def load(self):
        self.store = wasmtime.Store(self.engine)
        self.exports = wasmtime.Instance(self.store, self.module, []).exports(self.store)
        problem = self.call("configure", self.configuration)
        if problem:
            raise ValueError(problem.decode())

    def call(self, name, data):
        store, exports, memory = self.store, self.exports, self.exports["memory"]
        at = exports["input"](store, len(data))
        if at == 0:
            raise OverflowError("more input than the core has memory for")
        memory.write(store, data, at)
        output = exports[name](store, len(data))
        said = memory.read(store, output, output + exports["output_size"](store))
        exports["wipe"](store)
        return said

    def run(self, journal):
        try:
            if self.exports is None:
                self.load()
            return Reader(self.call("run", journal))
        except Exception:
            self.exports = None
            raise


# ---- one request ----


class Exchange:
    """What is wanted for one request; each effect reads what it is and returns what came of it."""

    def __init__(self, host, request, url):
        self.host = host
        self.request = request
        self.url = url
        self.sent = None  # the request's body
        self.forwarding = None  # the runtime's response, as a future
        self.gone = False

    async def serve(self):
        r = self.request
        journal = u64(int(time.time())) + span(os.urandom(32)) + span(r.method) + span(self.url)
        ours = {"cf-connecting-ip": r.remote, "cf-ray": os.urandom(8).hex()}
        journal += pairs({**joined(r.raw_headers), **ours})
        for _ in range(MAX_RUNS):
            out = self.host.core.run(journal)
            if out.u8() == RESPONSE:
                status, headers, body = out.u32(), out.pairs(), out.span()
                self.later(out)
                return web.Response(status=status, headers=headers, body=body or None)
            if not out.u8() and self.gone:
                return None  # nothing is half done, and nobody waits
            effects = out.list(out.span)
            self.later(out)
            answers = await asyncio.gather(*map(self.perform, effects))
            for answer in answers:
                if isinstance(answer, web.StreamResponse):
                    return answer
            journal += b"".join(map(span, answers))
        raise RuntimeError("a request that does not end")

    def later(self, out):
        for effect in out.list(out.span):
            self.host.background(self.perform(effect))
        if line := out.text():
            print(line, flush=True)

    async def perform(self, effect):
        r = Reader(effect)
        try:
            return await self.EFFECTS[r.u8()](self, r)
        except (Exception, asyncio.CancelledError):
            return u8(FAILED)  # what failed is the core's to judge

    async def body(self, r):
        self.sent = await read_all(self.request.content, r.u32())
        return u8(TOO_LARGE if self.sent is None else OK) + span(self.sent)

    async def ledger(self, r):
        shard, _cache_ms = r.text(), r.u32()  # a host without a cache always asks the ledger
        return await self.host.ledger.apply(shard, r.span())

    async def kv_get(self, r):
        key, _cache_ms = r.text(), r.u32()
        return u8(OK) + span(self.host.copies.get(key))

    async def kv_put(self, r):
        self.host.copies.put(r.text(), r.span(), r.u32())

    async def fetch(self, r):
        method, url, headers, body = r.text(), r.text(), r.pairs(), r.span()
        timeout = aiohttp.ClientTimeout(total=r.u32() / 1000)
        async with self.host.request(method, url, headers, body, timeout) as response:
            content = await read_all(response.content, r.u32())
            head = u32(response.status) + pairs(joined(response.raw_headers))
            return u8(TOO_LARGE) if content is None else u8(OK) + head + span(content)

    async def limit(self, r):
        return u8(OK) + u8(self.host.allows(r.text()))

    async def forward(self, r):
        """Returns the runtime's response, unless it has the status that the core wants back."""
        method, url, headers = r.text(), r.text(), r.pairs()
        body = self.sent if r.u8() else None
        returned, kept, added = r.u32(), r.list(r.text), r.pairs()
        timeout = aiohttp.ClientTimeout(total=None)
        coming = self.host.request(method, url, headers, body, timeout)
        self.forwarding = asyncio.ensure_future(coming)
        response = await self.forwarding
        if response.status == returned:
            response.close()
            return u8(OK)
        answer = web.StreamResponse(status=response.status)
        if "Content-Encoding" not in response.headers:
            answer.content_length = response.content_length
        for name, value in joined(response.raw_headers).items():
            if any(fnmatchcase(name, pattern) for pattern in kept):
                answer.headers[name] = value.decode(errors="replace")
        answer.headers.update(added)
        return answer

    async def keep(self, r):
        return bytes(r.rest)

    EFFECTS = [None, body, ledger, kv_get, kv_put, fetch, limit, forward, keep]

    async def send(self, answer):
        """Each piece of the runtime's answer as it comes; if it breaks off, so does ours."""
        if isinstance(answer, web.Response):
            return answer
        await answer.prepare(self.request)
        try:
            async for piece in self.forwarding.result().content.iter_any():
                await answer.write(piece)
        except aiohttp.ClientError:
            self.request.transport.abort()
        return answer

    def leave(self):
        """The client has its answer, or has gone: then nobody waits for the runtime's."""
        self.gone = True
        if self.forwarding:
            self.forwarding.cancel()
            self.forwarding.add_done_callback(close)


def close(future):
    if not future.cancelled() and not future.exception():
        future.result().close()


async def read_all(stream, limit):
    everything = bytearray()
    async for piece in stream.iter_any():
        everything += piece
        if len(everything) > limit:
            return None
    return bytes(everything)


def joined(raw_headers):
    """Names in lower case, each once (RFC 9110 section 5.3)."""
    fields = {}
    for name, value in raw_headers:
        name = name.decode("latin-1").lower()
        fields[name] = fields[name] + b", " + value if name in fields else value
    return fields


# ---- the platform ----


class PublicResolver(aiohttp.ThreadedResolver):
    """A name that leads to this network is somebody's trick. The core judges addresses itself."""

    async def resolve(self, host, *args, **kwargs):
        found = await super().resolve(host, *args, **kwargs)
        for address in (ipaddress.ip_address(each["host"]) for each in found):
            address = getattr(address, "ipv4_mapped", None) or address
            if host != "localhost" and not address.is_global:
                raise OSError("not a public address")
        return found


class Host:
    def __init__(self, core, db, limit, scheme):
        self.core = core
        self.scheme = scheme
        self.ledger = Ledger(db)
        self.copies = Copies(db)
        self.limit = limit
        self.seen = Counter()
        self.tasks = set()

    def allows(self, key):
        this = key, time.time() // 60
        self.seen[this] += 1
        return self.limit is None or self.seen[this] <= self.limit

    def background(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def request(self, method, url, headers, body, timeout):
        """Redirects are answers; decompressed, so that limits count what it really is."""
        return self.http.request(
            method, URL(url, encoded=True), headers=headers, data=body,
            timeout=timeout, allow_redirects=False,
        )

    def url_of(self, request):
        """As in docs/host.md: with one host, in lower case, without a default port."""
        (authority,) = request.headers.getall("Host", [])
        if not AUTHORITY.fullmatch(authority):
            raise ValueError
        return f"{URL(f'{self.scheme}://{authority}').origin()}{request.rel_url.raw_path_qs}"

    async def handle(self, request):
        try:
            exchange = Exchange(self, request, self.url_of(request))
        except ValueError:
            return web.Response(status=400)
        try:
            # A client that leaves does not leave a sign-in half done.
            answer = await asyncio.shield(self.background(exchange.serve()))
            return await exchange.send(answer)
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return web.Response(status=500, body=FAULT, content_type="application/json")
        finally:
            exchange.leave()

    async def connected(self, _app):
        """While the application runs, and until what was deferred is done."""
        async with aiohttp.ClientSession(
            # None is kept: its other end could close it just as something is sent that must not be
            # sent twice.
            connector=aiohttp.TCPConnector(limit=0, force_close=True, resolver=PublicResolver()),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=["accept", "content-type", "user-agent"],
            max_line_size=LINE_LIMIT, max_field_size=LINE_LIMIT,
        ) as self.http:
            yield
            if self.tasks:
                await asyncio.wait(self.tasks, timeout=2)

    def run(self, port):
        app = web.Application(handler_args={
            "auto_decompress": False, "max_headers": 1024,
            "max_line_size": LINE_LIMIT, "max_field_size": LINE_LIMIT,
        })
        app.router.add_route("*", "/{path:.*}", self.handle)
        app.on_response_prepare.append(only_ours)
        app.cleanup_ctx.append(self.connected)
        web.run_app(
            app, host="127.0.0.1", port=port, handler_cancellation=True, access_log=None,
            shutdown_timeout=1, print=lambda _: print("ready", flush=True),
        )


async def only_ours(_, response):
    del response.headers["Server"]


def bare(_protocol, _request, status=500, *_):
    """aiohttp would say, and log, what it cannot parse; there may be a token in it."""
    return web.Response(status=status)


web.RequestHandler.handle_error = bare


def read_secrets(path):
    """NAME=value lines, as in .dev.vars."""
    line = re.compile(r"""^\s*(\w+)\s*=\s*(['"]?)(.*)\2\s*$""", re.M)
    return {name: value for name, _, value in line.findall(open(path).read())}


def main():
    arguments = argparse.ArgumentParser(description="Latchkey under wasmtime, on 127.0.0.1.")
    arguments.add_argument("--module", required=True, help="build/latchkey.wasm")
    arguments.add_argument("--config", required=True, help="latchkey.json")
    arguments.add_argument("--port", required=True, type=int)
    arguments.add_argument("--secrets", default=os.devnull, help="a file like .dev.vars")
    arguments.add_argument("--store", default=":memory:", help="an SQLite file; else in memory")
    arguments.add_argument("--limit", type=int, help="how often in a minute one key may pass")
    arguments.add_argument("--scheme", default="http", help="https behind something that ends TLS")
    given = arguments.parse_args()
    try:
        core = Core(given.module, open(given.config).read(), read_secrets(given.secrets))
        db = sqlite3.connect(given.store, isolation_level=None)
        db.executescript(TABLES)
        Host(core, db, given.limit, given.scheme).run(given.port)
        db.close()
    except (OSError, ValueError) as problem:
        sys.exit(f"{given.config}: {problem}" if isinstance(problem, ValueError) else str(problem))


if __name__ == "__main__":
    main()
