"""A worker process seen from its parent: started, given tasks, watched, and ended when it takes too long."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from pathlib import Path

from dossier.confinement import Confinement, without_settings
from dossier.errors import EdossierError, MachineFailed, PageTimeout, WorkerDied
from pipeline.crew.answers import MOST_BYTES, understood
from pipeline.crew.pipe import Pipe
from pipeline.crew.tasks import Answer, Task
from pipeline.crew.worker import ReaderFactory, page_reader, serve

# Processes are started afresh, not forked: a fork would inherit locks and threads of the parent half way.
_CONTEXT = multiprocessing.get_context("spawn")

# What decoding and reading write is pictures for screens, a few MB each; models and sources take some twenty files.
_PICTURE_BYTES = 1_000_000_000
# A dossier of ten thousand colour pages has some tens of GB; what is larger has gone wrong.
_PDF_BYTES = 100_000_000_000
# A task that does not fit into the pipe waits for a process that is being started, a second or a few.
_HAND_OVER_SECONDS = 60.0


def workbench(memory_bytes: int) -> Confinement:
    """What a process may have that looks into files, reads pages or makes pictures."""
    return Confinement(memory_bytes, _PICTURE_BYTES)


def bindery(memory_bytes: int) -> Confinement:
    """What a process may have that writes PDFs; it has the pictures of several pages open at a time."""
    return Confinement(memory_bytes, _PDF_BYTES, open_files=1024)


WORKBENCH = workbench(8_000_000_000)


class WorkerProcess:
    """One worker process at a time, renewed after a number of tasks and after every accident.

    Args:
        models_dir: where the OCR models are.
        time_limit: seconds that a task may take.
        renew_after: tasks after which the process is replaced.
        reader_factory: what makes its page reader.
        niceness: by how much it gives way to others that want a processor (nice(2)).
        confinement: what it may have.
    """

    def __init__(
        self,
        models_dir: Path,
        time_limit: float,
        renew_after: int,
        reader_factory: ReaderFactory = page_reader,
        niceness: int = 0,
        confinement: Confinement = WORKBENCH,
    ) -> None:
        self._confinement = confinement
        self._reader_factory = reader_factory
        self._niceness = niceness
        self._models_dir = models_dir
        self._time_limit = time_limit
        self._renew_after = renew_after
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Pipe | None = None
        self._kind: type[Task] | None = None
        self._tasks_done = 0
        self._deadline = 0.0

    @property
    def pid(self) -> int | None:
        """The process id, while there is one."""
        return self._process.pid if self._process else None

    @property
    def connection(self) -> socket.socket | None:
        """To wait on: readable when there is an answer, or some of it, or when the process has died."""
        return self._pipe.end if self._pipe else None

    def keep_ready(self, first: type[Task]) -> None:
        """Have a process that has loaded what its first task takes, of a kind; to be called while it has none in hand.

        Returns at once: the process loads by itself. One that dies of it is started again with the next task only,
        which then says why.
        """
        if self._process is None:
            self._start(first)

    def begin(self, task: Task, time_limit: float | None = None) -> None:
        """Hand over a task; the worker must be idle.

        Raises:
            PageTimeout: the process does not take it.
        """
        if self._process is None or not self._process.is_alive():
            self._start()
        assert self._pipe is not None
        seconds = time_limit or self._time_limit
        self._deadline = time.monotonic() + seconds
        self._kind = type(task)
        message = pickle.dumps((task, seconds))
        try:
            try:
                self._pipe.send(message, min(seconds, _HAND_OVER_SECONDS))
            except ConnectionError:
                self._start()
                self._pipe.send(message, min(seconds, _HAND_OVER_SECONDS))
        except TimeoutError:
            self.stop()
            raise PageTimeout("not begun") from None

    def answer(self) -> Answer | EdossierError | WorkerProcess:
        """The answer to the task in hand; the worker itself while there is none yet.

        A process that died or takes too long, or says what is no answer, is ended and answers with that error.
        """
        assert self._pipe is not None and self._process is not None and self._kind is not None
        was_alive = self._process.is_alive()
        try:
            line = self._pipe.line()
            answer = None if line is None else understood(line, self._kind)
        except (EOFError, ConnectionError):
            return self._died()
        except ValueError as error:
            self.stop()
            return WorkerDied(str(error))
        if line is not None:
            self._tasks_done += 1
            if self._tasks_done >= self._renew_after:
                self.stop()
            return answer
        if not was_alive:
            return self._died()
        if time.monotonic() > self._deadline:
            self.stop()
            return PageTimeout()
        return self

    def perform(self, task: Task, time_limit: float | None = None) -> Answer:
        """Hand over a task and wait for its answer.

        Raises:
            EdossierError: the answer, where it is an error.
        """
        self.begin(task, time_limit)
        assert self._pipe is not None
        while True:
            if self._pipe is not None:
                wait([self._pipe.end], 0.5)
            answer = self.answer()
            if isinstance(answer, EdossierError):
                raise answer
            if not isinstance(answer, WorkerProcess):
                return answer

    def stop(self) -> None:
        """End the process at once, with whatever it has started: it leads a group of its own."""
        if self._process is not None:
            if self._process.pid is not None:
                # There is no such group while it is only just starting, or once all of it has ended.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def _start(self, first: type[Task] | None = None) -> None:
        self.stop()
        ours, theirs = socket.socketpair()
        self._process = _CONTEXT.Process(
            target=serve,
            args=(theirs, self._models_dir, self._reader_factory, first, self._niceness, self._confinement),
            daemon=True,
        )
        with _without_settings():
            self._process.start()
        theirs.close()
        self._pipe = Pipe(ours, MOST_BYTES)
        self._tasks_done = 0

    def _died(self) -> EdossierError:
        assert self._process is not None
        self._process.join(timeout=5)
        code = self._process.exitcode
        never_worked = self._tasks_done == 0 and code == 1
        self.stop()
        if never_worked:
            # Python itself gave up before the first answer: something is missing or broken in the installation.
            return MachineFailed("a worker process does not start")
        if code == -signal.SIGXCPU:
            return PageTimeout()
        return WorkerDied(_told(code))


@contextmanager
def _without_settings() -> Iterator[None]:
    """What is started meanwhile gets none of the settings that this process was given: passwords are among them."""
    kept = dict(os.environ)
    try:
        for name in kept.keys() - without_settings(kept).keys():
            del os.environ[name]
        yield
    finally:
        os.environ.update(kept)


def _told(code: int | None) -> str:
    """How a process ended: by the name of the signal, where it was one."""
    if code is not None and code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit {code}"
