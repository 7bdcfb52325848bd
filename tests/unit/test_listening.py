"""How the site listens."""

from __future__ import annotations

import asyncio
import socket

from cli.parts import _listen


def test_an_answers_body_does_not_wait_until_its_head_is_acknowledged() -> None:
    async def options() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with _listen("127.0.0.1", 0) as listener:
            server = await asyncio.start_server(connected, sock=listener)
            async with server:
                _, writer = await asyncio.open_connection(*listener.getsockname())
                no_delay = await asyncio.wait_for(found, 20)
                writer.close()
        return no_delay

    assert asyncio.run(options()) == 1
