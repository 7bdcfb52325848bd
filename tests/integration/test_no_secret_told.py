"""No secret is told: a day of the program with marked secrets, and none in its logs, its answers and its files."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from dossier import api_keys, passwords, users, webhooks
from dossier.catalogue.database import Catalogue
from dossier.home import Home

ROOT = Path(__file__).parents[2]
PASSWORD, NEW_PASSWORD = "marked-password-5591-甲", "marked-second-password-5592-乙"
WRONG = "marked-wrong-password-5593"
# A password typed in the wrong field: the form shows it once more to whoever typed it, and that is all.
TYPED_AS_NAME = "marked-password-as-name-5597"
SETTINGS = {
    "oidc_client_secret": "marked-oidc-secret-5594",
    "elasticsearch_password": "marked-elasticsearch-password-5595",
}
API_KEY = "marked-elasticsearch-key-5596"
ADMIN = "闵榆"


class Program:
    """The program in a home, and all that it has said so far."""

    def __init__(self, home: Path, closed_port: int) -> None:
        self.home = home
        self.said: list[str] = []
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("EDOSSIER_")},
            "PYTHONPATH": str(ROOT), "EDOSSIER_HOST": "127.0.0.1", "EDOSSIER_PORT": "0",
            "EDOSSIER_OIDC_ISSUER": f"http://127.0.0.1:{closed_port}/realm", "EDOSSIER_OIDC_CLIENT_ID": "edossier",
            "EDOSSIER_PUBLIC_ADDRESS": "http://127.0.0.1:8400", "EDOSSIER_ELASTICSEARCH_USER": "feeder",
            "EDOSSIER_ELASTICSEARCH_URL": f"http://127.0.0.1:{closed_port}",
            **{f"EDOSSIER_{name.upper()}": value for name, value in SETTINGS.items()},
        }  # fmt: skip

    def command(self, *arguments: str, typed: str = "", **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "--home", str(self.home), *arguments], input=typed, text=True,
            capture_output=True, env={**self.environment, **environment}, timeout=100, check=False,
        )  # fmt: skip
        self.said += [done.stdout, done.stderr]
        return done.stdout

    def serve(self) -> tuple[subprocess.Popen[str], str]:
        log = (self.home / "serve.out").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "--home", str(self.home), "serve"], stdout=log, stderr=subprocess.STDOUT,
            text=True, env=self.environment,
        )  # fmt: skip
        log.close()
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            words = (self.home / "serve.out").read_text().split()
            if any(word.startswith("http://") for word in words):
                return process, next(word for word in words if word.startswith("http://"))
            time.sleep(0.1)
        process.kill()
        raise AssertionError((self.home / "serve.out").read_text())


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_day_with_marked_secrets_tells_none(tmp_path: Path, closed_port: int) -> None:
    program = Program(tmp_path / "home", closed_port)
    with closing(Catalogue.open(Home.at(program.home))) as catalogue, catalogue.writing() as session:
        users.add_user(session, ADMIN, "admin", (), passwords.hash_of(PASSWORD), "test")
        # Both are told once, to whoever asks for them.
        of_key, key = api_keys.add_key(session, "办案系统", ("read", "search", "write"), (), "test")
        session.flush()
        key_id = of_key.id
        hook = webhooks.add_webhook(session, "钩", f"http://127.0.0.1:{closed_port}/x", of_key, "test").secret

    process, address = program.serve()
    try:
        with httpx.Client(base_url=address, follow_redirects=False, timeout=60) as browser:
            answers = [browser.post("/login", data={"name": ADMIN, "password": WRONG})]
            browser.post("/login", data={"name": TYPED_AS_NAME, "password": PASSWORD})
            entered = browser.post("/login", data={"name": ADMIN, "password": PASSWORD})
            assert entered.status_code == 303
            token = browser.cookies["edossier_session"]
            pages = ("/admin", "/admin/settings", "/admin/keys", "/admin/webhooks", "/admin/users", "/admin/audit")
            answers += [browser.get(page) for page in pages]
            answers.append(browser.get("/login/oidc"))
            # The disk fails while a secret is written: the error is told, and not what was to be written.
            with sqlite3.connect(tmp_path / "home" / "catalogue.db") as disk:
                disk.execute(
                    "CREATE TRIGGER fails BEFORE INSERT ON webhooks BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
                )
            form = {"name": "另一个钩", "address": f"http://127.0.0.1:{closed_port}/y", "key": key_id}
            failed = browser.post("/admin/webhooks", data=form)
            assert failed.status_code >= 500, failed.text
            answers.append(failed)
            form = {"old": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD}
            answers.append(browser.post("/password", data=form))
            answers.append(browser.get("/none", params={"q": "x"}))
        with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60) as machine:
            case = {"numbers": [{"number": "临检起诉受[2031]99010100013号"}], "name": "某案"}
            answers.append(machine.post("/api/v1/cases", json=case))
            assert answers[-1].status_code in (200, 201), answers[-1].text
            answers.append(machine.get("/api/v1/status"))
            answers.append(machine.get("/api/v1/search", params={"q": "x"}))
            wrong = {"Authorization": f"Bearer {WRONG}"}
            answers.append(machine.get("/api/v1/status", headers=wrong))
            answers.append(machine.post("/api/v1/cases", content=b"{" + WRONG.encode(), headers={}))
            time.sleep(1.5)  # the webhook's address is not there, and is said to be
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    program.said.append((tmp_path / "home" / "serve.out").read_text())
    for answer in answers:
        program.said += [answer.text, *(f"{name}: {value}" for name, value in answer.headers.items())]

    away = {"EDOSSIER_SEARCH_ENGINE": "elasticsearch"}
    program.command("search", "x", **away)
    by_key = {"EDOSSIER_ELASTICSEARCH_USER": "", "EDOSSIER_ELASTICSEARCH_PASSWORD": ""}
    program.command("status", "--json", **away, **by_key, EDOSSIER_ELASTICSEARCH_API_KEY=API_KEY)
    program.command("settings", "--json")
    program.command("user", "password", "nobody", typed=f"{WRONG}\n")

    told = "\n".join(program.said)
    assert "refused 401" in told, "what is looked through is the log"
    assert "disk I/O error" in told
    assert "whsec_" not in told
    secrets = {
        "password": PASSWORD, "new password": NEW_PASSWORD, "wrong password": WRONG, "key": key, "hook": hook,
        "typed as name": TYPED_AS_NAME, "token": token, "elasticsearch key": API_KEY, **SETTINGS,
    }  # fmt: skip
    assert [name for name, secret in secrets.items() if secret in told] == []

    # Nor does anything in the home hold one, but the webhook's secret, with which each delivery is signed.
    kept = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    with sqlite3.connect(tmp_path / "home" / "catalogue.db") as catalogue:
        kept += "\n".join(catalogue.iterdump()).encode()
    assert [name for name, secret in secrets.items() if secret.encode() in kept and name != "hook"] == []
