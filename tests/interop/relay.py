"""A relay between a client and its server that a test can cut: the network as phones know it."""
import asyncio
import socket
import struct

from waiting import until


class Relay:
    """Stands where clients look for `server` and forwards their connections to it. Runs in the
    test's loop. To a client it looks like a server: it has a domain, an address and a port."""

    def __init__(self, server, port):
        self.domain = server.domain
        self.address = server.address
        self.client_port = port
        self._to = (server.address, server.client_port)
        self._lines = set()    # the tasks that forward
        self._streams = set()
        self._listener = None
        self._passes = asyncio.Event()  # clear: what comes is swallowed
        self._passes.set()

    async def start(self):
        self._listener = await asyncio.start_server(
            self._forward, self.address, self.client_port)
        return self

    def swallow(self):
        """From now on nothing gets through, and nobody notices, until the connections are cut."""
        self._passes.clear()

    async def cut(self):
        """Resets every connection, on both sides and without any goodbye. New ones are accepted."""
        lines = set(self._lines)  # a browser connects again before the last of them has ended
        for stream in self._streams:
            stream.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            stream.transport.abort()
        self._passes.set()
        await until(lambda: not lines & self._lines, "all connections of the relay end")

    async def go_down(self):
        """Cuts, and accepts nobody until start()."""
        if self._listener:
            self._listener.close()
            self._listener = None
        await self.cut()

    async def _forward(self, reader, writer):
        task = asyncio.current_task()
        self._lines.add(task)
        self._streams.add(writer)
        streams = [writer]
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._to)
            streams.append(server_writer)
            self._streams.add(server_writer)
            await asyncio.gather(self._pump(reader, server_writer),
                                 self._pump(server_reader, writer))
        except OSError:
            pass  # one side is gone without a goodbye, and so is the other
        finally:
            for stream in streams:
                stream.transport.abort()
            self._streams.difference_update(streams)
            self._lines.discard(task)

    async def _pump(self, reader, writer):
        """Until that side closes its half of the connection, which is passed on like all else."""
        while data := await reader.read(65536):
            if self._passes.is_set():
                writer.write(data)
                await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
