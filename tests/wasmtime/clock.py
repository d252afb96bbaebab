"""
host.py under a clock that can be stopped. POST /__clock with a time in seconds: there it stands;
with nothing: it is as late as it is. Steps of the ledger and copies go by it, too.
"""

import time

from aiohttp import web

import host

now = time.time
stopped = None
time.time = lambda: now() if stopped is None else stopped


class Host(host.Host):
    async def handle(self, request):
        global stopped
        if request.path != "/__clock":
            return await super().handle(request)
        text = await request.text()
        stopped = int(text) if text else None
        return web.Response()


host.Host = Host
host.main()
