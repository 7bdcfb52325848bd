"""A parent's end of the pipe to a worker process: nothing that the other end does, or leaves undone, can hold it up.

A message from the other end is a line. What has come of one is kept until the rest has, while the parent looks to its
other work; and what the other end does not take in time is given up.
"""

from __future__ import annotations

import select
import socket
import time

_PORTION_BYTES = 1 << 18


class Pipe:
    """One end of a pair of sockets, never waited for longer than is said.

    Args:
        end: it becomes non-blocking, and is closed with this.
        most_bytes: of a message.
    """

    def __init__(self, end: socket.socket, most_bytes: int) -> None:
        self._end, self._most_bytes = end, most_bytes
        self._come = bytearray()
        end.setblocking(False)

    @property
    def end(self) -> socket.socket:
        """To wait on: readable when more of a message has come, or the other end is gone."""
        return self._end

    def send(self, message: bytes, seconds: float) -> None:
        """Hand over a message.

        Raises:
            TimeoutError: the other end has not taken it in so many seconds.
            ConnectionError: the other end is gone.
        """
        until = time.monotonic() + seconds
        left = memoryview(message)
        waiting = select.poll()
        waiting.register(self._end, select.POLLOUT)
        while left:
            try:
                left = left[self._end.send(left) :]
            except BlockingIOError:
                seconds = until - time.monotonic()
                if seconds <= 0 or not waiting.poll(seconds * 1000):
                    raise TimeoutError("not taken in time") from None

    def line(self) -> bytes | None:
        """The message that has come, without its end; None while it has not come whole.

        Raises:
            EOFError: the other end is gone.
            ConnectionError: so it is.
            ValueError: it is longer than it may be, or more than one.
        """
        while True:
            try:
                portion = self._end.recv(_PORTION_BYTES)
            except BlockingIOError:
                return None
            if not portion:
                raise EOFError
            place = portion.find(b"\n")
            self._come += portion
            if len(self._come) > self._most_bytes:
                raise ValueError(f"a message of more than {self._most_bytes} bytes")
            if place == len(portion) - 1:
                message, self._come = bytes(self._come[:-1]), bytearray()
                return message
            if place >= 0:
                raise ValueError("more than one message")

    def close(self) -> None:
        """Be done with it."""
        self._end.close()
