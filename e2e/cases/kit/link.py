"""A link between regions that is slow or flaps: a TCP proxy in front of one region's API server.

    with Link(region) as link:
        join.join(home, fleet, {region.name: link.server})
        link.delay = 0.3      # seconds, each way
        link.up = False       # what is open breaks, what is new is refused
"""
import asyncio
import threading

from lib import network

CHUNK = 1 << 16


class Link:
    def __init__(self, region):
        self._target = (region.layout.host, region.layout.port("api"))
        self.delay, self._up = 0.0, True
        self._loop = asyncio.new_event_loop()
        self._open, self._server = set(), None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, network.LINKS, 0))
        return self

    def __exit__(self, *_):
        self.up = False
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def server(self) -> str:
        """The address to give to peers; the region's certificate holds it."""
        host, port = self._server.sockets[0].getsockname()
        return f"https://{host}:{port}"

    @property
    def up(self) -> bool:
        return self._up

    @up.setter
    def up(self, value: bool) -> None:
        self._up = value
        if not value:
            self._loop.call_soon_threadsafe(self._break)

    def flap(self, times: int, every: float) -> None:
        """Down and up again, so often."""
        pause = threading.Event()
        for _ in range(times):
            self.up = False
            pause.wait(every)
            self.up = True
            pause.wait(every)

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def _break(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _close(self) -> None:
        self._server.close()
        self._break()
        await asyncio.sleep(0.05)

    async def _serve(self, reader, writer) -> None:
        if not self._up:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(
                *self._target, local_addr=(network.LINKS, 0))
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._open -= {writer, far_writer}

    async def _pass(self, reader, writer) -> None:
        """Delays each piece without holding up those behind it."""
        pieces: asyncio.Queue = asyncio.Queue()

        async def receive():
            try:
                while data := await reader.read(CHUNK):
                    pieces.put_nowait((self._loop.time() + self.delay, data))
            except OSError:
                pass
            pieces.put_nowait((0.0, b""))

        async def send():
            try:
                while True:
                    due, data = await pieces.get()
                    if not data:
                        break
                    await asyncio.sleep(max(0.0, due - self._loop.time()))
                    writer.write(data)
                    await writer.drain()
            except OSError:
                pass
            writer.close()

        await asyncio.gather(receive(), send())
