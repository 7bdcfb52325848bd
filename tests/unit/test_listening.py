"""How the site listens."""

from __future__ import annotations

import asyncio
import socket

import pytest

from cli.parts import _listen
from dossier.errors import SettingsError


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


def test_who_comes_before_the_site_is_up_waits_for_it() -> None:
    # The address is told as soon as there is a listener; before this, a browser sent there at once was turned away.
    with _listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname(), 20) as early:
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(b"x")
        assert early.recv(1) == b"x"


def test_a_port_that_is_taken_is_said_at_start() -> None:
    with _listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port}"):
            _listen("127.0.0.1", port)
