"""Confinement: a process that works on foreign bytes has little it could do harm with, whatever they make of it.

Decoders are large C libraries; one that a hostile file has taken over, or that merely runs wild, should find no memory
to eat up, no network to speak to, no program to start, and no other process to look into or to send signals. All of
this is within reach of an ordinary user: limits of resources (setrlimit(2)), no new privileges (prctl(2)), a filter of
system calls (seccomp(2)), and a domain of its own (landlock(7)). Where the kernel knows no such filter, a network of
its own without any way out takes its place; where it knows no such domain, the processes of this program are closed to
all that their user starts (prctl(2), PR_SET_DUMPABLE), which those of other programs need not be.

What it does not do: hide files from the process. It reads what its user may read, and writes as long as the limits let
it.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import resource
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38
_SECCOMP_SET_MODE_FILTER, _SECCOMP_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC = 1, 2, 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x1000_0000, 0x4000_0000
# linux/filter.h and linux/seccomp.h: load a word, compare, return; what a filter may answer.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF_0000, 0x0005_0000 | errno.EACCES, 0x8000_0000
_SETTING = "EDOSSIER_"
_CALL_AT, _MACHINE_AT = 0, 4
_OTHER_CALLS = 0x4000_0000
"""Calls of the x32 kind on x86-64, which would pass by the numbers of the others."""
_FIRST_ARGUMENT_AT, _ARGUMENT_BYTES = 16, 8
# asm-generic/fcntl.h, asm-generic/sockets.h: who is sent a signal when a file has something to say.
_OWNER_OF_FILE, _OWNER_OF_FILE_EX, _OWNER_OF_SOCKET, _GROUP_OF_SOCKET = 8, 15, 0x8901, 0x8902
# linux/landlock.h
_LANDLOCK_CREATE, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_VERSION, _LANDLOCK_BENEATH, _LANDLOCK_EXECUTE, _LANDLOCK_REFER = 1, 1, 1, 1 << 13


@dataclass(frozen=True, slots=True)
class _Calls:
    """The numbers of system calls on one kind of machine (linux/audit.h, asm/unistd.h)."""

    machine: int
    seccomp: int
    socket: int
    execve: int
    execveat: int
    ptrace: int
    process_vm_readv: int
    process_vm_writev: int
    kcmp: int
    perf_event_open: int
    setsid: int
    setpgid: int
    rt_sigqueueinfo: int
    rt_tgsigqueueinfo: int
    kill: int
    tkill: int
    tgkill: int
    prlimit64: int
    fcntl: int
    ioctl: int
    pidfd_send_signal: int = 424
    io_uring_setup: int = 425
    pidfd_open: int = 434
    pidfd_getfd: int = 438
    process_madvise: int = 440
    process_mrelease: int = 448

    @property
    def refused(self) -> tuple[int, ...]:
        """No socket (a ring could open one, too), no other program, no look into other processes, no signal to them;
        and no way out of the group of processes that is ended as a whole.
        """
        return (
            self.socket, self.io_uring_setup, self.execve, self.execveat, self.ptrace, self.process_vm_readv,
            self.process_vm_writev, self.kcmp, self.perf_event_open, self.process_madvise, self.process_mrelease,
            self.pidfd_open, self.pidfd_getfd, self.pidfd_send_signal, self.rt_sigqueueinfo, self.rt_tgsigqueueinfo,
            self.setsid, self.setpgid,
        )  # fmt: skip

    @property
    def to_oneself(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Calls whose first argument is a process: which it may be. `abort` is a signal to oneself."""
        own = os.getpid()
        return (self.kill, (own,)), (self.tkill, (own,)), (self.tgkill, (own,)), (self.prlimit64, (0, own))

    @property
    def not_for(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Calls whose second argument says what is asked, and what must not be: that another be sent signals."""
        return (
            (self.fcntl, (_OWNER_OF_FILE, _OWNER_OF_FILE_EX)),
            (self.ioctl, (_OWNER_OF_SOCKET, _GROUP_OF_SOCKET)),
        )  # fmt: skip


def _generic(machine: int) -> _Calls:
    return _Calls(
        machine=machine, seccomp=277, socket=198, execve=221, execveat=281, ptrace=117, process_vm_readv=270,
        process_vm_writev=271, kcmp=272, perf_event_open=241, setsid=157, setpgid=154, rt_sigqueueinfo=138,
        rt_tgsigqueueinfo=240, kill=129, tkill=130, tgkill=131, prlimit64=261, fcntl=25, ioctl=29,
    )  # fmt: skip


_MACHINES = {
    "x86_64": _Calls(
        machine=0xC000_003E,
        seccomp=317,
        socket=41,
        execve=59,
        execveat=322,
        ptrace=101,
        process_vm_readv=310,
        process_vm_writev=311,
        kcmp=312,
        perf_event_open=298,
        setsid=112,
        setpgid=109,
        rt_sigqueueinfo=129,
        rt_tgsigqueueinfo=297,
        kill=62,
        tkill=200,
        tgkill=234,
        prlimit64=302,
        fcntl=72,
        ioctl=16,
    ),
    "aarch64": _generic(0xC000_00B7),
    "loongarch64": _generic(0xC000_0102),
    "riscv64": _generic(0xC000_00F3),
}


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a process may have.

    Attributes:
        memory_bytes: of its address space, libraries and models included.
        file_bytes: of a file that it writes.
        open_files: at a time.
    """

    memory_bytes: int
    file_bytes: int
    open_files: int = 512


@dataclass(frozen=True, slots=True)
class Held:
    """What holds of a confinement on this machine.

    Attributes:
        limits: memory, processor time, size and number of files, no core dump.
        privileges: no program can give it more rights than it has.
        network: why it reaches none: "seccomp" (it cannot open a socket), "namespace" (it has a network of its own,
            without any way out), or "" where it is not cut off.
        programs: it can start no other program, nor send another process signals.
        processes: it cannot look into the memory of another process, nor into what it was started with; as root, not
            into the memory.
    """

    limits: bool
    privileges: bool
    network: str
    programs: bool
    processes: bool


def confine(confinement: Confinement) -> Held:
    """Shut this process in, and whatever it starts; there is no way back.

    To be called before other threads are started.
    """
    limits = _limit(confinement)
    if sys.platform != "linux":
        return Held(limits, False, "", False, False)
    libc = ctypes.CDLL(None, use_errno=True)
    privileges = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    processes = privileges and _enter_domain(libc)
    filtered = privileges and _filter_calls(libc)
    network = "seccomp" if filtered else "namespace" if _leave_network(libc) else ""
    close_to_others()
    return Held(limits, privileges, network, filtered, processes)


def close_to_others() -> None:
    """Close the memory of this process, and what it was started with, to all others of its user, but not to root's.

    Whatever holds passwords or answers people calls it: a decoder that has been taken over is a process of its user.
    Programs that it starts are open again.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def allow_seconds(seconds: float) -> None:
    """Let this process use so much more processor time, and be ended by the system (SIGXCPU) after that."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(usage.ru_utime + usage.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process that is to be confined: passwords are among the settings that stand in one."""
    return {name: value for name, value in environment.items() if not name.startswith(_SETTING)}


def _limit(confinement: Confinement) -> bool:
    held = True
    for kind, wanted in (
        (resource.RLIMIT_AS, confinement.memory_bytes),
        (resource.RLIMIT_FSIZE, confinement.file_bytes),
        (resource.RLIMIT_NOFILE, confinement.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(kind)
        limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        try:
            resource.setrlimit(kind, (limit, limit))
        except (OSError, ValueError):
            held = False
    return held


def _filter_calls(libc: ctypes.CDLL) -> bool:
    """Have the kernel refuse (EACCES) the calls that nobody who decodes pictures needs."""
    calls = _MACHINES.get(platform.machine())
    if calls is None or sys.maxsize < 2**32:
        return False
    steps = list(_steps(calls))
    written = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = ctypes.create_string_buffer(written, len(written))
    # struct sock_fprog: a length, and after the gap that its alignment takes, a pointer.
    header = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(program)))
    answer = libc.syscall(
        ctypes.c_long(calls.seccomp), ctypes.c_ulong(_SECCOMP_SET_MODE_FILTER),
        ctypes.c_ulong(_SECCOMP_FILTER_FLAG_TSYNC), header,
    )  # fmt: skip
    return bool(answer == 0 or libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) == 0)


def _steps(calls: _Calls) -> Iterator[tuple[int, int, int, int]]:
    """The filter: (operation, steps to skip where it is so, where it is not, operand) each."""
    refused = calls.refused
    yield _LOAD, 0, 0, _MACHINE_AT
    yield _EQUAL, 1, 0, calls.machine
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _CALL_AT
    for call, allowed in calls.to_oneself:
        yield from _where_argument(call, 0, allowed, _ALLOW, _REFUSE)
    for call, forbidden in calls.not_for:
        yield from _where_argument(call, 1, forbidden, _REFUSE, _ALLOW)
    yield _AT_LEAST, len(refused) + 1, 0, _OTHER_CALLS
    for place, call in enumerate(refused):
        yield _EQUAL, len(refused) - place, 0, call
    yield _RETURN, 0, 0, _ALLOW
    yield _RETURN, 0, 0, _REFUSE


def _where_argument(
    call: int, place: int, values: tuple[int, ...], answer: int, otherwise: int
) -> Iterator[tuple[int, int, int, int]]:
    """What is answered to a call where the argument at `place` has one of the values; other calls go on.

    The lower half of the argument is looked at, which is all that the kernel takes of an int. All known machines have
    it in front.
    """
    yield _EQUAL, 0, len(values) + 3, call
    yield _LOAD, 0, 0, _FIRST_ARGUMENT_AT + place * _ARGUMENT_BYTES
    for index, value in enumerate(values):
        yield _EQUAL, len(values) - index, 0, value
    yield _RETURN, 0, 0, otherwise
    yield _RETURN, 0, 0, answer


def _enter_domain(libc: ctypes.CDLL) -> bool:
    """Have the kernel keep this process out of the memory of all that are not of its domain.

    A domain must deny something: here programs, which are refused anyway. What it would deny unasked, that a file goes
    from one folder to another, is allowed; a kernel that cannot allow it (before 5.19) is not asked.
    """
    if libc.syscall(ctypes.c_long(_LANDLOCK_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint(_LANDLOCK_VERSION)) < 2:
        return False
    handled = ctypes.create_string_buffer(struct.pack("=Q", _LANDLOCK_EXECUTE | _LANDLOCK_REFER), 8)
    rules = libc.syscall(ctypes.c_long(_LANDLOCK_CREATE), handled, ctypes.c_size_t(8), ctypes.c_uint(0))
    if rules < 0:
        return False
    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    try:
        # struct landlock_path_beneath_attr, packed.
        rule = ctypes.create_string_buffer(struct.pack("=Qi", _LANDLOCK_REFER, root), 12)
        added = libc.syscall(
            ctypes.c_long(_LANDLOCK_ADD_RULE), ctypes.c_int(rules), ctypes.c_int(_LANDLOCK_BENEATH), rule,
            ctypes.c_uint(0),
        )  # fmt: skip
        entered = libc.syscall(ctypes.c_long(_LANDLOCK_RESTRICT_SELF), ctypes.c_int(rules), ctypes.c_uint(0))
    finally:
        os.close(root)
        os.close(rules)
    return bool(added == 0 and entered == 0)


def _leave_network(libc: ctypes.CDLL) -> bool:
    """Have a network of one's own, in which there is nobody; an ordinary user needs a user namespace for it."""
    if libc.unshare(_CLONE_NEWNET) == 0:
        return True
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        # Without its own number the process still has its rights to files: they go by the kernel's own numbers.
        try:
            descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        except OSError:
            continue
        try:
            os.write(descriptor, text.encode())
        except OSError:
            pass
        finally:
            os.close(descriptor)
    return True


def held_here() -> Held:
    """What holds of a confinement on this machine, tried in a process of its own."""
    command = [sys.executable, "-P", "-c", f"import {__name__} as tried; tried.report()"]
    path = os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", ""))))
    try:
        answer = subprocess.run(command, capture_output=True, timeout=60, env={**os.environ, "PYTHONPATH": path})
        return Held(**json.loads(answer.stdout))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return Held(False, False, "", False, False)


def report() -> None:
    """Confine this process, try what it should not be able to do, and print what holds as JSON."""
    held = confine(Confinement(memory_bytes=1_000_000_000, file_bytes=1_000_000))
    limits = held.limits and _is_refused(lambda: bytearray(2_000_000_000), MemoryError)
    is_cut_off = held.network != "seccomp" or _is_refused(lambda: socket.socket().close(), PermissionError)
    other = sys.executable
    programs = held.programs and _is_refused(lambda: os.execv(other, [other, "-V"]), PermissionError)  # noqa: S606
    programs = programs and _is_refused(lambda: os.kill(os.getppid(), 0), PermissionError)
    parent = Path("/proc") / str(os.getppid())
    processes = _is_refused(lambda: (parent / "mem").open("rb").close(), PermissionError)
    if os.geteuid() != 0:
        processes = processes and _is_refused((parent / "environ").read_bytes, PermissionError)
    network = held.network if is_cut_off else ""
    print(json.dumps(asdict(Held(limits, held.privileges, network, programs, processes))))


def _is_refused(deed: Callable[[], object], error: type[Exception]) -> bool:
    try:
        deed()
    except error:
        return True
    return False
