"""What a process that works on foreign bytes cannot do, tried from within; and what becomes of one that runs wild."""

from __future__ import annotations

import ctypes
import os
import pickle
import resource
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from dossier import confinement
from dossier.confinement import Held, held_here
from dossier.errors import EdossierError, PageTimeout, PageTooHeavy, WorkerDied
from pipeline.binding.searchable_pdf import PdfInfo
from pipeline.crew.answers import written
from pipeline.crew.tasks import AssembleTask, ReadTask
from pipeline.crew.worker_process import WORKBENCH, WorkerProcess, workbench
from pipeline.files.sources import PageSource

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits of Linux")

SOURCE = PageSource(0, "picture", 1, 1, 300.0)
TASK = ReadTask(Path("nowhere"), SOURCE, Path("nowhere"))


class Deed:
    """A "reader" that does something forbidden and says how it went."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: Path, source: PageSource) -> NoReturn:
        deed = DEEDS[path.name]
        deed(self._folder if path == Path(path.name) else path.parent)
        raise WorkerDied("went through")


def _fill_memory(_: Path) -> None:
    held = [bytearray(100_000_000) for _ in range(1000)]
    raise AssertionError(len(held))


def _connect(_: Path) -> None:
    with socket.create_connection(("127.0.0.1", 9), timeout=1):
        pass


def _send(_: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"a", ("127.0.0.1", 9))


def _call_by_name(_: Path) -> None:
    with socket.socket(socket.AF_UNIX) as speaker:
        speaker.connect("\0somebody")


def _start_program(_: Path) -> None:
    subprocess.run(["true"], check=True)


def _look_into_parent(_: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, os.getppid(), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def _write_much(folder: Path) -> None:
    with (folder / "much").open("wb") as file:
        file.truncate(WORKBENCH.file_bytes)
        file.seek(WORKBENCH.file_bytes)
        file.write(b"a")


def _open_many(folder: Path) -> None:
    held = [(folder / "open").open("wb") for _ in range(2000)]
    raise AssertionError(len(held))


def _say(said: bytes) -> None:
    """Write to the pipe to the parent, as whoever has taken over this process can."""
    for place in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if int(place.name) > 2 and str(place.readlink()).startswith("socket"):
                os.write(int(place.name), said)


def _half_answer(_: Path) -> None:
    _say(b'{"done"')
    time.sleep(3600)


def _endless_answer(_: Path) -> None:
    portion = b"a" * 1_000_000
    while True:
        _say(portion)


def _two_answers(_: Path) -> None:
    _say(written(PageTooHeavy()) * 2)
    time.sleep(3600)


def _answer_of_another_kind(_: Path) -> None:
    _say(b'{"done":null}\n')
    time.sleep(3600)


def _order(folder: Path) -> None:
    """What the parent would run if it unpickled what it is told: as a bare pickle, and with a length before it."""

    class Order:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str, ...]]:
            return os.mkdir, (str(folder / "obeyed"),)

    order = pickle.dumps(Order())
    _say(struct.pack("!i", len(order)) + order + b"\n")
    time.sleep(3600)


def _order_in_an_error(folder: Path) -> None:
    class Order:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str, ...]]:
            return os.mkdir, (str(folder / "obeyed"),)

    error = WorkerDied("with an order")
    error.order = Order()  # type: ignore[attr-defined]
    raise error


def _take_nothing_more(_: Path) -> None:
    _say(written(WorkerDied("the last word")))
    time.sleep(3600)


def _say_dump_size(_: Path) -> None:
    raise WorkerDied(f"dumps of {resource.getrlimit(resource.RLIMIT_CORE)} bytes")


def _hang(folder: Path) -> None:
    child = os.fork()
    if child == 0:
        time.sleep(3600)
    (folder / "child").write_text(str(child))
    while True:
        time.sleep(1)


def _spin(_: Path) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (1, resource.RLIM_INFINITY))
    while True:
        pass


def _die(_: Path) -> None:
    ctypes.string_at(0)


DEEDS = {
    deed.__name__.strip("_"): deed
    for deed in (
        _fill_memory, _connect, _send, _call_by_name, _start_program, _look_into_parent, _write_much, _open_many,
        _say_dump_size, _hang, _spin, _die, _half_answer, _endless_answer, _two_answers, _answer_of_another_kind,
        _order, _order_in_an_error, _take_nothing_more,
    )
}  # fmt: skip


MEMORY_BYTES = 2_000_000_000


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    folder = tmp_path_factory.mktemp("worker")
    process = WorkerProcess(folder, 60.0, 100, Deed, confinement=workbench(MEMORY_BYTES))
    yield process
    process.stop()


@pytest.fixture(scope="module")
def held() -> Held:
    return held_here()


def outcome(worker: WorkerProcess, deed: str, seconds: float | None = None) -> EdossierError:
    with pytest.raises(EdossierError) as raised:
        worker.perform(replace(TASK, path=Path(deed)), seconds)
    return raised.value


def test_a_page_that_takes_too_much_memory_is_stopped_with_that_reason(worker: WorkerProcess) -> None:
    error = outcome(worker, "fill_memory")

    assert isinstance(error, PageTooHeavy)
    assert "内存" in error.chinese and "memory" in error.english


@pytest.mark.parametrize("deed", ["connect", "send", "call_by_name"])
def test_a_decoder_reaches_no_network_and_no_service_of_this_machine(
    deed: str, worker: WorkerProcess, held: Held
) -> None:
    if held.network != "seccomp":
        pytest.skip("this kernel filters no system calls")

    assert "Permission denied" in outcome(worker, deed).detail


@pytest.mark.parametrize("deed", ["start_program", "look_into_parent"])
def test_a_decoder_starts_no_program_and_looks_into_no_other_process(
    deed: str, worker: WorkerProcess, held: Held
) -> None:
    if not held.programs:
        pytest.skip("this kernel filters no system calls")

    assert "Errno 13" in outcome(worker, deed).detail


@pytest.mark.parametrize(("deed", "said"), [("write_much", "File too large"), ("open_many", "Too many open files")])
def test_a_decoder_writes_no_endless_file_and_opens_no_more_than_it_needs(
    deed: str, said: str, worker: WorkerProcess
) -> None:
    assert said in outcome(worker, deed).detail


def test_a_crash_leaves_no_dump_of_a_page_behind(worker: WorkerProcess) -> None:
    assert outcome(worker, "say_dump_size").detail == "dumps of (0, 0) bytes"


def test_a_hanging_page_is_ended_with_all_that_it_started_and_the_next_one_is_worked_on(
    worker: WorkerProcess, tmp_path: Path
) -> None:
    """T11."""
    outcome(worker, "say_dump_size")  # the process is there: what follows has its time for itself
    hung = outcome(worker, f"{tmp_path}/hang", 3.0)

    assert isinstance(hung, PageTimeout)
    assert "超时" in hung.chinese and "too long" in hung.english
    assert _is_gone(int((tmp_path / "child").read_text()))
    assert str(outcome(worker, "say_dump_size").detail).startswith("dumps")


def test_a_crash_is_told_by_its_signal_and_the_next_page_is_worked_on(worker: WorkerProcess) -> None:
    crash = outcome(worker, "die")

    assert isinstance(crash, WorkerDied)
    assert crash.detail == "SIGSEGV"
    assert isinstance(outcome(worker, "spin"), PageTimeout)
    assert outcome(worker, "say_dump_size").detail.startswith("dumps")


@pytest.mark.timeout(60)
def test_half_an_answer_holds_nobody_up_longer_than_its_task_may_take(worker: WorkerProcess) -> None:
    outcome(worker, "say_dump_size")  # the process is there
    assert isinstance(outcome(worker, "half_answer", 2.0), PageTimeout)
    assert outcome(worker, "say_dump_size").detail.startswith("dumps")


@pytest.mark.timeout(60)
def test_a_process_that_takes_no_task_holds_nobody_up_longer_than_the_task_may_take(worker: WorkerProcess) -> None:
    large = AssembleTask((), PdfInfo("a" * 10_000_000), (), Path("nowhere"))
    assert outcome(worker, "take_nothing_more").detail == "the last word"

    with pytest.raises(PageTimeout):
        worker.perform(large, 2.0)

    assert outcome(worker, "say_dump_size").detail.startswith("dumps")


@pytest.mark.timeout(100)
@pytest.mark.parametrize("deed", ["endless_answer", "two_answers", "answer_of_another_kind"])
def test_who_says_what_is_no_answer_is_ended(deed: str, worker: WorkerProcess) -> None:
    error = outcome(worker, deed)

    assert isinstance(error, WorkerDied)
    assert error.detail
    assert worker.pid is None


@pytest.mark.timeout(60)
@pytest.mark.parametrize("deed", ["order", "order_in_an_error"])
def test_a_decoder_that_has_been_taken_over_has_its_parent_do_nothing(
    deed: str, worker: WorkerProcess, tmp_path: Path
) -> None:
    assert isinstance(outcome(worker, f"{tmp_path}/{deed}", 5.0), WorkerDied)
    assert not (tmp_path / "obeyed").exists()


def _is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has asked about yet (a zombie) has."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_what_holds_here_is_tried_and_not_assumed(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    assert held.limits and held.privileges
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert held_here() == Held(False, False, "", False)


def test_where_no_filter_is_known_nothing_is_claimed_of_programs() -> None:
    script = (
        f"import platform; platform.machine = lambda: 'vax'; import {confinement.__name__} as c;"
        "print(c.confine(c.Confinement(10**9, 0)))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "programs=False" in answer.stdout and "network='seccomp'" not in answer.stdout
