"""Starts real Elasticsearch nodes from the jars that `node/install.sh` fetched: one by itself, or a cluster."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

_HERE = Path(__file__).parent
BUILD = _HERE.parents[1] / "build" / "elasticsearch"
# Six on a quiet machine; three nodes beside other work on two cores have taken 100 and more.
_START_SECONDS = 300
NEEDED_JAVA = {"8.19.0": 17, "9.1.0": 21}


def java_of(least: int) -> Path | None:
    """A Java of at least this version: the newest of those in the usual places."""
    found: list[tuple[int, Path]] = []
    for java in [Path("/usr/bin/java"), *Path("/usr/lib/jvm").glob("*/bin/java")]:
        if java.exists():
            said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
            version = re.search(r'version "(\d+)', said)
            if version and int(version[1]) >= least:
                found.append((int(version[1]), java))
    return max(found)[1] if found else None


def missing(version: str) -> str:
    """What a node of this version lacks on this machine, "" if nothing."""
    if java_of(NEEDED_JAVA[version]) is None:
        return f"Elasticsearch {version} needs Java {NEEDED_JAVA[version]}, which is missing"
    if not (BUILD / version / "complete").exists():
        return f"Elasticsearch {version} is not in {BUILD}: run tests/engines/node/install.sh"
    return ""


class SearchNode:
    """A node that runs until `stop`, or until this process ends, however it ends.

    Args:
        version: of the server, one of `NEEDED_JAVA`.
        heap: of its Java machine.
        membership: of a cluster: its name, its transport port, and all members' addresses and names.
    """

    def __init__(self, version: str, heap: str = "1g", membership: Sequence[str] = ()) -> None:
        java = java_of(NEEDED_JAVA[version])
        assert java is not None
        self._home = tempfile.TemporaryDirectory(prefix="edossier-search-node-")
        self._log = Path(self._home.name, "console.log").open("w+b")  # noqa: SIM115  (closed in stop)
        jars = BUILD / version
        # The node ends with its standard input, which the kernel closes for a process that dies.
        self._process = subprocess.Popen(
            [
                *(java, f"-Xms{heap}", f"-Xmx{heap}", "-cp", f"{jars}/lib/*"),
                *(_HERE / "node" / "SearchNode.java", self._home.name, jars / "modules", *membership),
            ],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._url = ""

    @property
    def url(self) -> str:
        """The node's address, as soon as it listens."""
        self._url = self._url or f"http://{self._address()}"
        return self._url

    def kill(self) -> None:
        """End the node as a power cut does."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the node and remove its files."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._home.cleanup()

    def _address(self) -> str:
        ports = Path(self._home.name, "logs", "http.ports")
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            # One line for each address that it listens on, renamed into place when it is whole.
            if ports.exists():
                return next(line for line in ports.read_text().split() if line.startswith("127.0.0.1:"))
            time.sleep(0.1)
        self._process.kill()
        raise RuntimeError(f"the node did not start: {Path(self._log.name).read_text(errors='replace')[-4000:]}")


class Cluster:
    """Three nodes that form a cluster, each with half a gigabyte of heap, until `stop`.

    Args:
        version: of the servers, one of `NEEDED_JAVA`.
    """

    def __init__(self, version: str) -> None:
        names = ["node-1", "node-2", "node-3"]
        with ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in names]
            for each in sockets:
                each.bind(("127.0.0.1", 0))
            ports = [each.getsockname()[1] for each in sockets]
        addresses = ",".join(f"127.0.0.1:{port}" for port in ports)
        self.nodes = [
            SearchNode(version, "512m", (name, str(port), addresses, ",".join(names)))
            for name, port in zip(names, ports, strict=True)
        ]
        try:
            self.urls = [node.url for node in self.nodes]
            self.wait_for("wait_for_nodes=3")
        except BaseException:
            self.stop()
            raise

    def wait_for(self, state: str, among: int = 0) -> None:
        """Wait until a node says that the cluster is so, in the words of `_cluster/health`."""
        until = time.monotonic() + 180
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.urls[among]}/_cluster/health?{state}&timeout=5s") as answer:
                    if not json.load(answer)["timed_out"]:
                        return
            except OSError:  # no master yet, or not so in time
                time.sleep(0.2)
        raise RuntimeError(f"the cluster does not become {state}")

    def stop(self) -> None:
        """End all nodes and remove their files."""
        for node in self.nodes:
            node.stop()
