"""An office that is killed and started again while others talk to it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dossier import api_keys
from dossier.catalogue.database import Catalogue
from dossier.home import Home


class Office:
    """A home, and the process that serves it until it is killed.

    Attributes:
        home: the home.
        catalogue: its catalogue, open in this process.
        secret: of an API key that reads and writes.
        address: where it is served; the same after each start.
        kills: how often it was killed.
    """

    def __init__(self, root: Path) -> None:
        self.home = Home.at(root)
        self.catalogue = Catalogue.open(self.home)
        with self.catalogue.writing() as session:
            _, self.secret = api_keys.add_key(session, "办案系统", ["read", "write"], (), "test")
        self.kills = 0
        self._port = 0  # the system chooses one at the first start
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        script = Path(__file__).with_name("office_process.py")
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, str(script), str(self.home.root), str(self._port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())

    def kill(self) -> None:
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self.kills += 1

    def kill_and_start(self) -> None:
        self.kill()
        self.start()
