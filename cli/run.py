"""`edossier run`: watch, work, index and serve as processes of their own; one that dies is started again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import typer

from cli.context import Context, context_of, people, stop_signal
from cli.parts import PARENT_VARIABLE, HostOption, PortOption
from cli.rounds import Rounds
from dossier.errors import SettingsError
from pipeline import models

PARTS = ("watch", "work", "index", "serve")
_SHORTEST_LIFE_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 30.0
_STOP_SECONDS = 10.0


@dataclass
class Part:
    """A part's process, when it was started, and how long to wait before the next start."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    has_lived: bool = False

    def keep_alive(self) -> None:
        """Start the process, or start it again when it has died; at once the first time, later with longer pauses.

        Raises:
            SettingsError: the part says that its settings cannot work; starting it again would not help.
        """
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            if code == SettingsError.exit_code and not self.has_lived:
                raise SettingsError(f"{self.name}: see the message above")
            lived = now - self.started
            self.has_lived = self.has_lived or lived > _SHORTEST_LIFE_SECONDS
            self.pause = 0.0 if lived > _SHORTEST_LIFE_SECONDS else min(self.pause * 2 + 1, _LONGEST_PAUSE_SECONDS)
            people.print(f"{self.name} 已退出（{code}），重新启动")
            self.process, self.started = None, now
        if now >= self.started + self.pause:
            self.process = subprocess.Popen(self.command, env={**os.environ, PARENT_VARIABLE: str(os.getpid())})
            self.started = now

    def stop(self) -> None:
        """Ask the process to end; insist after a while."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run(typer_context: typer.Context, host: HostOption = None, port: PortOption = None) -> None:
    """Watch, read, index and serve until stopped. 启动全部服务。"""
    context = context_of(typer_context)
    with stop_signal() as should_stop:
        run_parts(context, should_stop, host, port)


def run_parts(
    context: Context,
    should_stop: Callable[[], bool],
    host: str | None,
    port: int | None,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Keep the parts alive until told to stop.

    Args:
        context: the home.
        should_stop: asked several times a second.
        host, port: where to serve, if not where the settings say.
        meanwhile: called several times a second.

    Raises:
        HomeBusy: another `run` has this home.
    """
    # Settings and catalogue are checked here once, so that a fault is said once and by the right process.
    _ = context.settings, context.catalogue
    models.check(context.models_dir)
    served = [*(["--host", host] if host else []), *(["--port", str(port)] if port is not None else [])]
    parts = [Part(name, [*_command(context), name, *(served if name == "serve" else [])]) for name in PARTS]
    rounds = Rounds(context.catalogue, _command(context), context.settings.verify_days)
    with context.home.hold("run"):
        people.print(f"收件箱：{context.home.inbox}", markup=False)
        try:
            while not should_stop():
                for part in parts:
                    part.keep_alive()
                rounds.keep_up()
                meanwhile()
                time.sleep(0.2)
        finally:
            rounds.stop()
            for part in parts:
                part.stop()


def _command(context: Context) -> list[str]:
    return [sys.executable, "-m", "cli.main", "--home", str(context.home.root)]
