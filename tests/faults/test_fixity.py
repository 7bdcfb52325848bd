"""T23: what was changed, lost or added in the vault is named, and what could not be looked at is told apart from it."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from cli.main import app
from cli.rounds import Rounds
from dossier import fixity, verifications
from dossier.attention import questions
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import (
    AuditRow,
    FixityFault,
    Original,
    Page,
    ReadingRow,
    TranscriptionVersion,
    Work,
)
from dossier.errors import EngineUnreachable, UsageError
from dossier.fixity import EVERYTHING, Round, check_round
from dossier.home import Home
from dossier.objects import count_objects
from dossier.transcriptions.writing import add_transcription
from dossier.vault import Vault
from dossier.verifications import Verified, is_due, last_verified
from dossier.viewers import AT_MACHINE
from indexer.tantivy_engine import TantivyEngine
from tests.stored_office import faults_of, open_room, store
from tests.web.scanroom import CASE, Scanroom

DAY = 86400.0


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with nine pages that were read, and a transcription."""
    root = tmp_path_factory.mktemp("furnished") / "home"
    with open_room(root) as room:
        store(room, CASE, {"证据材料卷": range(1, 10)})
        with room.catalogue.reading() as session:
            page_id = session.scalars(select(Page.id)).first()
        assert page_id
        add_transcription(room.catalogue, room.vault, AT_MACHINE, page_id, "人工看到的印章", [0.1, 0.5, 0.4, 0.6])
        room.make_searchable()
    return root


@pytest.fixture
def house(furnished: Path, tmp_path: Path) -> Iterator[Scanroom]:
    shutil.copytree(furnished, tmp_path / "home")
    with open_room(tmp_path / "home") as opened:
        yield opened


def looked_at(house: Scanroom, share: Fraction = EVERYTHING) -> Round:
    return check_round(house.catalogue, house.vault, share, lambda done, total: None)


def found(house: Scanroom, share: Fraction = EVERYTHING) -> set[tuple[str, str]]:
    return {(fault.kind, fault.subject) for fault in looked_at(house, share).faults}


def files(vault: Vault, kind: str) -> list[Path]:
    return sorted(path for path in vault.folder_of(kind).rglob("*") if path.is_file())


def bend(path: Path) -> None:
    """Turn one bit over; the size stays."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def verified(house: Scanroom, *arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(app, ["--home", str(house.home.root), "verify", *arguments, "--json"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.stdout)


def flags_told(house: Scanroom) -> set[str]:
    with house.catalogue.reading() as session:
        return {question.code for question in questions(session) if question.code.startswith("fixity")}


def test_a_flipped_bit_a_lost_and_an_added_file_are_named_and_nothing_else(house: Scanroom) -> None:
    vault = house.vault
    assert found(house) == set()
    originals, readings = files(vault, "original"), files(vault, "reading")
    (transcription,) = files(vault, "transcription")
    bend(originals[0])
    originals[1].unlink()
    bend(readings[0])
    readings[1].unlink()
    bend(transcription)
    strangers = [
        originals[2].with_name("0" * 64), readings[2].with_name("旧.txt"), transcription.with_name("x.1.json"),
        vault.root / "notes.txt", vault.root / "originals" / "loose",
        vault.root / "readings" / os.fsdecode(b"\xff\xfe"),
    ]  # fmt: skip
    for path in strangers:
        path.write_bytes(b"?")

    def named(path: Path) -> str:
        return ".".join(path.name.split(".")[:2])

    expected = {
        ("changed", originals[0].name), ("missing", originals[1].name),
        ("changed", named(readings[0])), ("missing", named(readings[1])),
        ("changed", ".".join(transcription.name.split(".")[1:3])),
        *(("unknown", path.name) for path in strangers[:-1]), ("unknown", r"\xff\xfe"),
    }  # fmt: skip
    assert found(house) == expected
    assert {(fault.kind, fault.subject) for fault in faults_of(house)} == expected, "remembered or not"

    code, answer = verified(house)
    assert code == 3
    assert {(fault["kind"], fault["subject"]) for fault in answer["faults"]} == expected


def test_bytes_that_were_stored_before_a_kill_are_no_strangers(house: Scanroom) -> None:
    source = house.home.root / "scan"
    source.write_bytes(b"stored, and then the power went")
    house.vault.store_original(source)
    house.vault.store_reading("p00", 1, b"stored twice, by two workers")

    assert found(house) == set()


def test_a_pipe_or_a_folder_in_a_files_place_is_a_change_and_holds_nobody_up(house: Scanroom) -> None:
    first, second = files(house.vault, "original")[:2]
    first.unlink()
    os.mkfifo(first)
    second.unlink()
    second.mkdir()

    assert found(house) == {("changed", first.name), ("changed", second.name)}


def test_what_cannot_be_read_is_unchecked_and_never_called_lost(
    house: Scanroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = files(house.vault, "original")[0]
    real = fixity.digest

    def failing(path: Path) -> str:
        if path == bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(fixity, "digest", failing)
        code, answer = verified(house)
        assert code == 4
        assert [(fault["kind"], fault["subject"]) for fault in answer["faults"]] == [("unchecked", bad.name)]
        assert "Input/output error" in answer["faults"][0]["detail"]
        with house.catalogue.reading() as session:
            never = session.scalars(select(Original.sha256).where(Original.checked_at.is_(None))).all()
        assert never == [bad.name], "what was not compared does not count as compared"
        assert flags_told(house) == {"fixity_unchecked"}

        bend(files(house.vault, "original")[1])
        assert verified(house)[0] == 3, "something wrong outweighs what could not be looked at"
        assert flags_told(house) == {"fixity", "fixity_unchecked"}


def test_a_vault_whose_disk_is_not_mounted_is_unchecked_and_not_ten_thousand_losses(house: Scanroom) -> None:
    for kind in ("original", "reading", "transcription"):
        house.vault.folder_of(kind).rename(house.home.root / kind)

    code, answer = verified(house)

    assert code == 4
    assert {(fault["kind"], fault["subject"]) for fault in answer["faults"]} == {
        ("unchecked", "originals"), ("unchecked", "readings"), ("unchecked", "transcriptions")
    }  # fmt: skip
    for kind in ("original", "reading", "transcription"):
        (house.home.root / kind).rename(house.vault.folder_of(kind))
    assert verified(house) == (0, {**verified(house)[1], "faults": []})


def test_an_engine_that_is_away_is_unchecked_and_another_exit_code(
    house: Scanroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_engine: TantivyEngine) -> int:
        raise EngineUnreachable

    monkeypatch.setattr(TantivyEngine, "count", away)
    code, answer = verified(house)

    assert code == 4
    assert [fault["kind"] for fault in answer["faults"]] == ["unchecked"]


# A share a day


def test_shares_take_what_has_waited_longest_and_all_come_round(house: Scanroom) -> None:
    with house.catalogue.reading() as session:
        total = count_objects(session)
    days = 5
    for day in range(days):
        before = _checked(house)
        round_ = looked_at(house, Fraction(1, days))
        assert total / days <= round_.checked <= total / days + 3, "a share of each kind, rounded up"
        assert round_.total == total
        newly = _checked(house)
        assert sum(at is None for at in newly.values()) < sum(at is None for at in before.values()) or day == days - 1
    assert None not in _checked(house).values()
    oldest = min(_checked(house).items(), key=lambda item: item[1] or 0.0)
    looked_at(house, Fraction(1, days))
    assert _checked(house)[oldest[0]] != oldest[1]


def _checked(house: Scanroom) -> dict[tuple[Any, ...], float | None]:
    with house.catalogue.reading() as session:
        return {
            **{(row.sha256,): row.checked_at for row in session.scalars(select(Original))},
            **{(row.page_id, row.version): row.checked_at for row in session.scalars(select(ReadingRow))},
            **{
                (row.transcription_id, row.version): row.checked_at
                for row in session.scalars(select(TranscriptionVersion))
            },
        }


def test_what_a_share_found_stands_until_it_is_right_again(house: Scanroom) -> None:
    lost = files(house.vault, "original")[0]
    content = lost.read_bytes()
    lost.unlink()
    assert found(house) == {("missing", lost.name)}
    for _ in range(3):  # in the shares of the days after it
        assert verified(house, "--share", "1/9")[0] == 3
    assert "fixity" in flags_told(house)

    lost.write_bytes(content)
    code, answer = verified(house, "--share", "1/9")

    assert (code, answer["faults"]) == (0, [])
    assert flags_told(house) == set()
    with house.catalogue.reading() as session:
        last = last_verified(session)
        assert last is not None
        assert (last.faults, last.unchecked, last.share) == (0, 0, "1/9")
        assert session.scalar(select(func.count()).select_from(FixityFault)) == 0


@pytest.mark.parametrize("share", ["0", "2/3", "1/0", "1/4000", "-1", "x"])
def test_a_share_that_is_none_is_refused(house: Scanroom, share: str) -> None:
    with pytest.raises(UsageError):
        verified(house, "--share", share)


# The rounds that `run` makes


def _old(house: Scanroom, checked_days_ago: float | None = 2.0) -> None:
    """Let everything have come long ago."""
    with house.catalogue.writing() as session:
        at = time.time() - 40 * DAY
        checked = None if checked_days_ago is None else time.time() - checked_days_ago * DAY
        session.execute(update(Original).values(stored_at=at, checked_at=checked))
        session.execute(update(ReadingRow).values(made_at=at, checked_at=checked))
        session.execute(update(Work).values(state="done"))


def _is_due(house: Scanroom, hour: int, last_hours_ago: float | None = None, is_busy: bool = False) -> bool:
    now = dt.datetime.now().astimezone().replace(hour=hour)
    last = None if last_hours_ago is None else Verified(now.timestamp() - last_hours_ago * 3600, 0)
    with house.catalogue.writing() as session, pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifications, "last_verified", lambda _session: last)
        session.execute(update(Work).values(state="waiting" if is_busy else "done"))
        session.flush()
        return is_due(session, now)


def test_a_round_is_due_once_a_day_by_night_or_when_nothing_else_is_to_be_done(house: Scanroom) -> None:
    assert not _is_due(house, 2), "all that is there came today"
    _old(house)
    assert _is_due(house, 2)
    assert _is_due(house, 2, is_busy=True)
    assert _is_due(house, 14)
    assert not _is_due(house, 14, is_busy=True)
    assert not _is_due(house, 2, last_hours_ago=3)
    assert _is_due(house, 2, last_hours_ago=23)
    assert not _is_due(house, 14, last_hours_ago=30, is_busy=True)
    assert _is_due(house, 14, last_hours_ago=50, is_busy=True), "where it is never quiet"
    assert _is_due(house, 2, last_hours_ago=-1000), "the clock was set back"


def _rounds(catalogue: Catalogue, script: str, days: int = 30) -> Rounds:
    rounds = Rounds(catalogue, [sys.executable, "-c", script], days)
    rounds._next_look = 0.0
    return rounds


def test_run_starts_a_round_that_is_due_in_a_nice_process_and_no_second_one(house: Scanroom) -> None:
    _old(house)
    told = house.home.root / "told"
    script = (
        "import os, sys, time; from pathlib import Path; "
        f"file = Path({str(told)!r}); "
        "file.with_suffix('.new').write_text(repr((sys.argv[1:], os.nice(0)))); "
        "file.with_suffix('.new').rename(file); time.sleep(60)"
    )
    rounds = _rounds(house.catalogue, script)
    try:
        deadline = time.monotonic() + 30
        while not told.exists() and time.monotonic() < deadline:
            rounds.keep_up()
            time.sleep(0.02)
        first = rounds._process
        rounds._next_look = 0.0
        rounds.keep_up()
        assert rounds._process is first
    finally:
        rounds.stop()
    assert told.read_text() == repr((["verify", "--share", "1/30", "--json"], min(os.nice(0) + 19, 19)))
    assert first is not None
    assert first.poll() is not None, "ended with run"


def test_run_starts_none_where_it_is_not_due_or_not_wanted(house: Scanroom) -> None:
    rounds = _rounds(house.catalogue, "pass")
    rounds.keep_up()
    assert rounds._process is None
    _old(house)
    rounds = _rounds(house.catalogue, "pass", days=0)
    rounds.keep_up()
    assert rounds._process is None


def test_a_round_by_the_command_itself_is_on_record_as_that_of_run(house: Scanroom) -> None:
    bend(files(house.vault, "reading")[0])
    _old(house, None)
    days = 1
    rounds = Rounds(house.catalogue, [sys.executable, "-m", "cli.main", "--home", str(house.home.root)], days)
    rounds._next_look = 0.0
    rounds.keep_up()
    assert rounds._process is not None
    assert rounds._process.wait(60) == 3
    with house.catalogue.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.deed == "verify")).one()
    assert (row.actor, row.details["faults"]) == ("run", 1)
    assert flags_told(house) == {"fixity"}


# Many


MANY = int(os.environ.get("EDOSSIER_TEST_OBJECTS", "800"))


def test_a_share_of_many_looks_at_no_more_than_its_share(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    catalogue, vault = Catalogue.open(home), Vault(home.vault)
    source, waiting = tmp_path / "scan", MANY // 40
    with catalogue.writing() as session:
        for number in range(MANY):
            source.write_bytes(f"page {number}".encode())
            stored = vault.store_original(source) if number < waiting else None
            digest = stored.sha256 if stored else f"{number:064x}"
            session.add(Original(sha256=digest, md5="", size=1, checked_at=None if number < waiting else time.time()))
    round_ = check_round(catalogue, vault, Fraction(1, 40), lambda done, total: None)
    catalogue.close()

    assert (round_.checked, round_.total) == (waiting, MANY)
    assert round_.faults == []
