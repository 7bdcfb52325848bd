"""What a process that works on foreign bytes cannot do, tried from within; and what becomes of one that runs wild."""

from __future__ import annotations

import ctypes
import fcntl
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
from typing import Any, NoReturn

import pytest

from dossier import confinement
from dossier.confinement import Held, held_here
from dossier.errors import EdossierError, PageTimeout, PageTooHeavy, WorkerDied
from pipeline.binding.searchable_pdf import PdfInfo
from pipeline.crew.answers import written
from pipeline.crew.tasks import AssembleTask, ReadTask
from pipeline.crew.worker_process import WORKBENCH, WorkerProcess, workbench
from pipeline.files.sources import PageSource
from tests.integration.test_ordinary_user import NOBODY, ROOT, interpreter

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


def _refused(call: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, call)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), call)


def _look_into_parent(_: Path) -> None:
    _refused("ptrace", 16, os.getppid(), 0, 0)


def _copy_from_parent(_: Path) -> None:
    _refused("process_vm_readv", os.getppid(), None, 0, None, 0, 0)


def _open_memory_of_parent(_: Path) -> None:
    os.close(os.open(f"/proc/{os.getppid()}/mem", os.O_RDWR))


def _read_environment_of_parent(_: Path) -> None:
    Path(f"/proc/{os.getppid()}/environ").read_bytes()


def _signal_parent(_: Path) -> None:
    os.kill(os.getppid(), 0)


def _signal_all(_: Path) -> None:
    os.kill(-1, 0)


def _signal_thread_of_parent(_: Path) -> None:
    _refused("tgkill", os.getppid(), os.getppid(), 0)


def _queue_signal_for_parent(_: Path) -> None:
    _refused("sigqueue", os.getppid(), 0, None)


def _have_parent_sent_signals(folder: Path) -> None:
    with (folder / "asked").open("wb") as file:
        fcntl.fcntl(file, fcntl.F_SETOWN, os.getppid())


def _open_parent(_: Path) -> None:
    os.close(os.pidfd_open(os.getppid()))


def _take_file_of_parent(_: Path) -> None:
    _refused("syscall", 438, os.open(f"/proc/{os.getppid()}", os.O_RDONLY), 0, 0)


def _limit_parent(_: Path) -> None:
    resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)


def _leave_group(_: Path) -> None:
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    raise OSError(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "setpgid")


def _say_settings(_: Path) -> None:
    begun_with = Path("/proc/self/environ").read_bytes() if os.geteuid() == 0 else b""
    settings = [name for name in os.environ if "EDOSSIER" in name]
    raise WorkerDied(f"settings: {settings}, {begun_with.count(b'EDOSSIER_')}")


def _move_and_abort(folder: Path) -> None:
    for name in ("here", "there"):
        (folder / name).mkdir()
    (folder / "here/page").touch()
    (folder / "here/page").rename(folder / "there/page")
    os.abort()


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
        with suppress(OSError):
            os.setsid()
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
        _order, _order_in_an_error, _take_nothing_more, _copy_from_parent, _open_memory_of_parent,
        _read_environment_of_parent, _signal_parent, _signal_all, _signal_thread_of_parent, _queue_signal_for_parent,
        _have_parent_sent_signals, _open_parent, _take_file_of_parent, _limit_parent, _leave_group, _say_settings,
        _move_and_abort,
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


@pytest.mark.parametrize(
    "deed",
    [
        "start_program", "look_into_parent", "copy_from_parent", "signal_parent", "signal_all",
        "signal_thread_of_parent", "queue_signal_for_parent", "have_parent_sent_signals", "open_parent",
        "take_file_of_parent", "limit_parent", "leave_group",
    ],
)  # fmt: skip
def test_a_decoder_starts_no_program_and_sends_no_other_process_signals(
    deed: str, worker: WorkerProcess, held: Held, tmp_path: Path
) -> None:
    if not held.programs:
        pytest.skip("this kernel filters no system calls")

    assert "Errno 13" in outcome(worker, f"{tmp_path}/{deed}").detail


def _knows_domains() -> bool:
    """Whether this kernel has a Landlock that can be used: its second version, or a later one."""
    return ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) >= 2


@pytest.mark.skipif(not _knows_domains(), reason="this kernel knows no domains")
def test_a_decoder_looks_into_no_other_process(worker: WorkerProcess) -> None:
    """What a process was begun with, root may see: that is tried as somebody else, below."""

    assert "Errno 13" in outcome(worker, "open_memory_of_parent").detail
    if os.geteuid() != 0:
        assert "Errno 13" in outcome(worker, "read_environment_of_parent").detail


LOOK = f"""
import os, sys
from pathlib import Path
from {confinement.__name__} import Confinement, confine
if sys.argv[1] == "confined":
    confine(Confinement(10**9, 0))
for name in ("environ", "mem"):
    try:
        (Path("/proc") / str(os.getppid()) / name).open("rb").close()
    except PermissionError:
        print(name)
"""
START = f"""
import subprocess, sys
from {confinement.__name__} import close_to_others
if sys.argv[1] == "closed":
    close_to_others()
subprocess.run([sys.executable, "-c", *sys.argv[2:]], check=True)
"""


def _kept_from(parent: str, child: str) -> list[str]:
    """What of its parent, closed or open, a child of an ordinary user cannot see, confined or free."""
    ordinary: dict[str, Any] = {}
    python: str | None = sys.executable
    if os.geteuid() == 0:
        python, ordinary = interpreter(), {"user": NOBODY, "group": NOBODY, "extra_groups": ()}
    if python is None:
        pytest.skip("this Python lies in a folder that others may not enter")
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [python, "-c", START, parent, LOOK, child], env=environment, cwd="/", capture_output=True, text=True,
        check=True, **ordinary,
    ).stdout.split()  # fmt: skip


def test_an_ordinary_user_looks_neither_from_a_confined_process_nor_into_one_that_is_closed() -> None:
    if _kept_from("open", "free"):
        pytest.skip("nobody looks into other processes here")

    assert _kept_from("closed", "free") == ["environ", "mem"]
    if _knows_domains():
        assert _kept_from("open", "confined") == ["environ", "mem"]


def test_every_command_is_closed_to_what_its_user_starts() -> None:
    script = (
        "import atexit, ctypes, sys; from cli.main import main; sys.argv = ['edossier', '--help'];"
        "atexit.register(lambda: print('open:', ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))); main()"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout

    assert said.endswith("open: 0\n")


def test_no_setting_goes_along_to_a_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDOSSIER_ELASTICSEARCH_PASSWORD", "secret")
    process = WorkerProcess(tmp_path, 60.0, 100, Deed)
    try:
        assert outcome(process, "say_settings").detail == "settings: [], 0"
        assert os.environ["EDOSSIER_ELASTICSEARCH_PASSWORD"] == "secret"
    finally:
        process.stop()


def test_a_decoder_may_move_its_files_and_end_itself(worker: WorkerProcess, tmp_path: Path) -> None:
    assert outcome(worker, f"{tmp_path}/move_and_abort").detail == "SIGABRT"
    assert (tmp_path / "there/page").exists()


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
    assert held.processes or not _knows_domains()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert held_here() == Held(False, False, "", False, False)


def test_where_no_filter_is_known_nothing_is_claimed_of_programs() -> None:
    script = (
        f"import platform; platform.machine = lambda: 'vax'; import {confinement.__name__} as c;"
        "print(c.confine(c.Confinement(10**9, 0)))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "programs=False" in answer.stdout and "network='seccomp'" not in answer.stdout
