"""Rounds: the daily share of `verify` that `run` makes by itself, in a process that gives way to all others."""

from __future__ import annotations

import datetime as dt
import logging
import os
import subprocess
import time
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from cli.parts import PARENT_VARIABLE
from dossier.catalogue.database import Catalogue
from dossier.verifications import is_due

_LOOK_SECONDS = 60.0
# A round that could not be made leaves no trace by which the next would wait.
_REST_SECONDS = 3600.0
_STOP_SECONDS = 10.0

log = logging.getLogger(__name__)


class Rounds:
    """Starts a round when it is due, one at a time.

    Args:
        catalogue: says when it is.
        edossier: the command, with its home.
        days: in how many everything comes round; 0: no rounds are made.
    """

    def __init__(self, catalogue: Catalogue, edossier: Sequence[str], days: int) -> None:
        self._catalogue, self._days = catalogue, days
        # The niceness of one who wants nothing but what is left over.
        self._command = ["nice", "-n", "19", *edossier, "verify", "--share", f"1/{days}", "--json"]
        self._process: subprocess.Popen[bytes] | None = None
        self._next_look = time.monotonic() + _LOOK_SECONDS

    def keep_up(self) -> None:
        """To be called several times a second; looks once a minute."""
        if self._process is not None and self._process.poll() is not None:
            log.info("verify 1/%d: exit code %d", self._days, self._process.returncode)
            self._process = None
        if self._days and self._process is None and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _LOOK_SECONDS
            if self._is_due():
                self._next_look += _REST_SECONDS
                environment = {**os.environ, PARENT_VARIABLE: str(os.getpid())}
                self._process = subprocess.Popen(self._command, env=environment, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        """End the round that is under way; what it has compared stays compared."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _is_due(self) -> bool:
        try:
            with self._catalogue.reading() as session:
                return is_due(session, dt.datetime.now().astimezone())
        except SQLAlchemyError as error:  # locked, or the disk is full
            log.warning("verify: %s", str(error).splitlines()[0])
            return False
