"""T24: the audit log edited, reordered, cut short, made anew: the first bad entry is named, by the chain or a head."""

from __future__ import annotations

import base64
import json
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from cli.main import app
from dossier import audit
from dossier.audit_chain import BEGINNING, chain_all, chaining, hash_of
from dossier.audit_heads import AuditHeads, Head, fault_by_heads, fault_of_heads, read_head, read_public_key
from dossier.audit_proof import first_fault
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import AuditRow
from dossier.errors import UsageError
from dossier.home import Home
from dossier.settings import Settings
from tests.append_only import unlock_audit

DAY = 86400.0


class Log:
    """A home with ten chained rows, and a head after the sixth and after the tenth that lie elsewhere."""

    def __init__(self, root: Path) -> None:
        self.home = Home.at(root / "home")
        self.catalogue = Catalogue.open(self.home)
        self.heads = AuditHeads(self.home, Settings())
        self.elsewhere = root / "elsewhere"
        self.deeds(6)
        self.export()
        self.deeds(4)
        self.export()
        shutil.copytree(self.heads.folder, self.elsewhere)
        shutil.copy(self.heads.public_key_file, self.elsewhere)

    def deeds(self, count: int) -> None:
        for number in range(count):
            with self.catalogue.writing() as session:
                audit.record(session, f"deed{number}", "case", "c1", "傅溪", before=None, after="二部")
        chain_all(self.catalogue)

    def export(self) -> Path:
        file, _ = self.heads.export(self.catalogue)
        return file

    def tamper(self, how: Callable[[Session], None]) -> None:
        with self.catalogue.writing() as session:
            unlock_audit(session)
            how(session)

    def verify(self, *options: str) -> tuple[int, dict[str, object]]:
        arguments = ["--home", str(self.home.root), "audit", "verify", "--json", *options]
        result = CliRunner().invoke(app, arguments)
        if isinstance(result.exception, UsageError):
            raise result.exception
        return result.exit_code, json.loads(result.stdout)

    def verify_by_copies(self) -> tuple[int, dict[str, object]]:
        key = self.elsewhere / self.heads.public_key_file.name
        return self.verify("--head", str(self.elsewhere), "--public-key", str(key))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    opened = Log(tmp_path)
    yield opened
    opened.catalogue.close()


def row_at(session: Session, place: int) -> AuditRow:
    return session.scalars(select(AuditRow).where(AuditRow.place == place)).one()


def rechain(session: Session, first: int = 1) -> None:
    """What whoever knows how the chain is made would do afterwards: places closed up, hashes made anew."""
    session.expire_all()
    rows = session.scalars(select(AuditRow).where(AuditRow.place.is_not(None)).order_by(AuditRow.place)).all()
    previous = BEGINNING
    for place, row in enumerate(rows, start=1):
        if place >= first:
            row.place, row.previous_hash, row.hash = place, previous, hash_of(previous, row)
            session.flush()
        previous = row.hash or ""


def edited(session: Session) -> None:
    session.execute(update(AuditRow).where(AuditRow.place == 4).values(actor="邬怀青"))


def edited_in_its_details(session: Session) -> None:
    session.execute(update(AuditRow).where(AuditRow.place == 4).values(details={"before": None, "after": "三部"}))


def edited_and_hashed_again(session: Session) -> None:
    edited(session)
    session.expire_all()
    row = row_at(session, 4)
    row.hash = hash_of(row.previous_hash or "", row)


def taken_out(session: Session) -> None:
    session.execute(delete(AuditRow).where(AuditRow.place == 4))


def taken_out_and_closed_up(session: Session) -> None:
    taken_out(session)
    for place in range(5, 11):
        session.execute(update(AuditRow).where(AuditRow.place == place).values(place=place - 1))


def exchanged(session: Session) -> None:
    for old, new in ((4, 99), (7, 4), (99, 7)):
        session.execute(update(AuditRow).where(AuditRow.place == old).values(place=new))


def put_among(session: Session) -> None:
    session.execute(update(AuditRow).where(AuditRow.place > 3).values(place=None, previous_hash=None, hash=None))
    session.execute(text("UPDATE audit SET id = id + 100 WHERE id > 3"))
    session.add(AuditRow(id=50, deed="accept", subject_kind="case", subject_id="c1", actor="傅溪"))
    session.flush()
    # The others are chained once more, and the new one is left out of the chain.
    session.execute(text("UPDATE audit SET place = id - 100 WHERE id > 100"))
    rechain(session)


@pytest.mark.parametrize(
    ("how", "kind", "link"),
    [
        (edited, "changed", 4),
        (edited_in_its_details, "changed", 4),
        (edited_and_hashed_again, "missing", 5),
        (taken_out, "missing", 4),
        (taken_out_and_closed_up, "missing", 4),
        (exchanged, "reordered", 4),
        (put_among, "inserted", None),
    ],
)
def test_what_was_done_within_the_log_is_found_by_the_chain_alone(
    log: Log, how: Callable[[Session], None], kind: str, link: int | None
) -> None:
    with log.catalogue.reading() as session:
        assert first_fault(session) is None
    log.tamper(how)
    shutil.rmtree(log.heads.folder)
    code, said = log.verify()

    assert (code, said["heads"]) == (3, 0)
    fault = said["fault"]
    assert isinstance(fault, dict)
    assert (fault["kind"], fault["link"]) == (kind, link), fault


def cut_off(session: Session) -> None:
    session.execute(delete(AuditRow).where(AuditRow.place > 8))


def made_anew(session: Session) -> None:
    edited(session)
    rechain(session, first=4)


def made_anew_without_a_row(session: Session) -> None:
    """As long as before, since the last row was made up."""
    taken_out(session)
    rechain(session, first=4)


@pytest.mark.parametrize(
    ("how", "kind", "link"),
    [(cut_off, "truncated", 9), (made_anew, "rewritten", 1), (made_anew_without_a_row, "rewritten", 1)],
)
def test_a_cut_end_and_a_chain_made_anew_are_found_by_the_heads(
    log: Log, how: Callable[[Session], None], kind: str, link: int
) -> None:
    log.tamper(how)
    with log.catalogue.reading() as session:
        assert first_fault(session) is None, "in itself the chain holds: that is what heads are for"
    code, said = log.verify_by_copies()

    fault = said["fault"]
    assert code == 3
    assert isinstance(fault, dict)
    assert (fault["kind"], fault["link"]) == (kind, link), fault
    assert said["proved_by_heads"] is None


def test_what_was_made_anew_after_a_good_head_is_narrowed_down_to_what_comes_after_it(log: Log) -> None:
    def late(session: Session) -> None:
        session.execute(update(AuditRow).where(AuditRow.place == 8).values(actor="邬怀青"))
        rechain(session, first=8)

    log.tamper(late)
    _, said = log.verify_by_copies()

    assert isinstance(said["fault"], dict)
    assert (said["fault"]["kind"], said["fault"]["link"]) == ("rewritten", 7)


def test_a_chain_made_anew_is_found_although_new_heads_were_signed_with_the_homes_key(log: Log) -> None:
    log.tamper(made_anew)
    shutil.rmtree(log.heads.folder)
    log.export()

    assert log.verify()[0] == 0, "whoever is the service's user can make all of it anew, but for what lies elsewhere"
    assert log.verify_by_copies()[0] == 3


def test_a_log_that_is_as_it_was_is_proved_by_its_heads_and_goes_on(log: Log) -> None:
    log.deeds(3)
    code, said = log.verify_by_copies()

    assert (code, said["fault"], said["heads"], said["proved_by_heads"]) == (0, None, 2, 10)
    assert isinstance(said["rows"], int)
    assert said["rows"] >= 13


def test_the_daily_verification_looks_at_the_heads_too(log: Log) -> None:
    def verify_all() -> list[str]:
        result = CliRunner().invoke(app, ["--home", str(log.home.root), "verify", "--json"])
        return [fault["detail"] for fault in json.loads(result.stdout)["faults"] if fault["subject"] == "audit"]

    assert verify_all() == []
    log.tamper(cut_off)
    (said,) = verify_all()
    assert "ends with link 8" in said

    next(log.heads.folder.glob("*.json")).write_text("{}")
    (said,) = verify_all()
    assert "not a head" in said


# Heads


def test_a_head_can_be_checked_without_this_program(log: Log) -> None:
    file = sorted(log.elsewhere.glob("audit-head-*.json"))[-1]
    said = json.loads(file.read_text())
    signature = base64.b64decode(said.pop("signature"))
    # As docs/decisions/0044 and docs/deployment.md say: canonical JSON of the rest, Ed25519.
    signed = json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
    key = serialization.load_pem_public_key((log.elsewhere / "audit-key.pub").read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(signature, signed)

    with log.catalogue.reading() as session:
        row = row_at(session, 10)
        assert (said["rows"], said["last_id"], said["hash"]) == (10, row.id, row.hash)


@pytest.mark.parametrize(
    ("field", "value"), [("rows", 9), ("last_id", 9), ("hash", "0" * 64), ("at", 1.5), ("previous", "")]
)
def test_a_head_that_was_changed_is_not_taken(log: Log, field: str, value: object) -> None:
    file = sorted(log.elsewhere.glob("audit-head-*.json"))[-1]
    file.write_text(json.dumps({**json.loads(file.read_text()), field: value}))
    code, said = log.verify_by_copies()

    assert code == 3
    assert isinstance(said["fault"], dict)
    assert said["fault"]["kind"] == "forged"


def test_a_head_signed_by_another_home_is_not_taken(log: Log, tmp_path: Path) -> None:
    other = Log(tmp_path / "other")
    other.catalogue.close()
    key = log.elsewhere / "audit-key.pub"
    code, said = log.verify("--head", str(other.elsewhere), "--public-key", str(key))

    assert code == 3
    assert isinstance(said["fault"], dict)
    assert said["fault"]["kind"] == "forged"


def test_a_head_taken_out_from_between_others_is_missed(log: Log) -> None:
    log.deeds(1)
    middle = sorted(log.heads.folder.glob("audit-head-*.json"))[1]
    log.export()
    middle.unlink()
    code, said = log.verify()

    assert code == 3
    assert isinstance(said["fault"], dict)
    assert said["fault"]["kind"] == "missing"


def test_a_clock_that_was_set_back_breaks_no_heads(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    past = time.time() - 3 * DAY
    monkeypatch.setattr(time, "time", lambda: past)
    log.deeds(2)
    log.export()
    monkeypatch.undo()
    log.deeds(1)
    log.export()

    assert log.verify()[0] == 0


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "edossier audit head 1"}', "\x00\xff", "null"])
def test_a_file_that_is_no_head_proves_nothing(log: Log, content: str, tmp_path: Path) -> None:
    file = tmp_path / "head.json"
    file.write_text(content)

    with pytest.raises(UsageError, match=r"head\.json"):
        log.verify("--head", str(file))
    with pytest.raises(UsageError, match="none"):
        log.verify("--head", str(tmp_path / "none.json"))
    with pytest.raises(UsageError, match=r"head\.json"):
        log.verify("--public-key", str(file))


def test_the_private_key_is_the_service_users_alone(log: Log) -> None:
    key = log.home.root / "audit-key.pem"

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.stat().st_uid == log.home.root.stat().st_uid
    assert read_public_key(log.heads.public_key_file) == log.heads.public_key()


def test_a_head_is_due_once_a_day_and_at_the_first_start(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def count_after(days: float) -> int:
        now = started + days * DAY
        monkeypatch.setattr(time, "time", lambda: now)
        heads = AuditHeads(log.home, Settings())  # as after a restart
        heads.export_if_due(log.catalogue)
        heads.export_if_due(log.catalogue)
        return len(heads.heads())

    shutil.rmtree(log.heads.folder)
    started = time.time()

    assert [count_after(days) for days in (0, 0.5, 0.99, 1.01, 1.5, 2.02)] == [1, 1, 1, 2, 2, 3]


def test_the_part_that_chains_writes_the_head_and_goes_on_chaining_where_its_folder_is_away(
    log: Log, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    not_a_folder = tmp_path / "away"
    not_a_folder.touch()
    away = AuditHeads(log.home, Settings(audit_head_folder=str(not_a_folder / "heads")))
    with log.catalogue.writing() as session:
        audit.record(session, "late", "case", "c1", "傅溪")
    with chaining(log.catalogue, lambda: away.export_if_due(log.catalogue)):
        until = time.monotonic() + 30
        while time.monotonic() < until and "audit head" not in caplog.text:
            time.sleep(0.05)
        with log.catalogue.writing() as session:
            audit.record(session, "later", "case", "c1", "傅溪")
        while time.monotonic() < until:
            with log.catalogue.reading() as session:
                if session.scalars(select(AuditRow).where(AuditRow.deed == "later")).one().place:
                    break
            time.sleep(0.05)

    with log.catalogue.reading() as session:
        assert session.scalars(select(AuditRow).where(AuditRow.deed == "later")).one().place == 12
    assert caplog.text.count("audit head") == 1, "said once, not at each round"


def test_export_chains_what_is_not_yet_and_gives_a_copy(log: Log, tmp_path: Path) -> None:
    with log.catalogue.writing() as session:
        audit.record(session, "late", "case", "c1", "傅溪")
    out = tmp_path / "stick"
    arguments = ["--home", str(log.home.root), "audit", "export", "--json", "--out", str(out)]
    result = CliRunner().invoke(app, arguments)

    said = json.loads(result.stdout)
    (copy,) = out.glob("audit-head-*.json")
    assert (said["rows"], read_head(copy).rows) == (11, 11)
    assert read_public_key(out / "audit-key.pub") == said["public_key"]


def test_heads_of_an_empty_log_prove_nothing_and_harm_nothing(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    catalogue = Catalogue.open(home)
    heads = AuditHeads(home, Settings())
    _, head = heads.export(catalogue)
    with catalogue.reading() as session:
        assert (head.rows, head.last_id, head.hash) == (0, None, BEGINNING)
        assert fault_of_heads([head], {heads.public_key()}) is None
        assert fault_by_heads(session, [head]) is None
    catalogue.close()


def test_a_signature_of_another_shape_is_no_signature(log: Log) -> None:
    key = log.heads.public_key()
    for signature in ("", "!", "AAAA", "A" * 88):
        head = Head(1, 1, "0" * 64, 1.0, "", key, signature)
        assert not head.is_signed_by({key})


# Append-only


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit WHERE place = 4",
        "DELETE FROM audit",
        "UPDATE audit SET actor = 'x' WHERE place = 4",
        "UPDATE audit SET details = '{}' WHERE place = 4",
        "UPDATE audit SET place = NULL, previous_hash = NULL, hash = NULL WHERE place = 4",
        "UPDATE audit SET hash = 'x' WHERE place = 4",
        "UPDATE audit SET place = place + 100",
        "UPDATE audit SET at = 0 WHERE place IS NULL",
        "UPDATE audit SET actor = 'x', place = 99 WHERE place IS NULL",
    ],
)
def test_the_database_refuses_to_change_or_delete_a_row(log: Log, statement: str) -> None:
    with log.catalogue.writing() as session:
        audit.record(session, "late", "case", "c1", "傅溪")
    with pytest.raises(IntegrityError, match="append-only"), log.catalogue.writing() as session:
        session.execute(text(statement))
    chain_all(log.catalogue)
    with log.catalogue.reading() as session:
        assert first_fault(session) is None
        assert len(session.scalars(select(AuditRow)).all()) == 11
