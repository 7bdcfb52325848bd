"""T25: what is backed up while the office works is restored elsewhere, whole, and answers as before."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from cli.main import app
from dossier import users
from dossier.backup import folder as backup_folder
from dossier.backup.folder import BackupFolder
from dossier.backup.restoring import Restored
from dossier.backup.restoring import restore as restore_home
from dossier.backup.taking import Taken, back_up
from dossier.catalogue.copies import copy_catalogue
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import AuditRow, Case, Original, Page, SessionRow, Webhook
from dossier.errors import (
    BackupRefused,
    CatalogueDamaged,
    CatalogueNewer,
    HomeBusy,
    MachineFailed,
    NotFound,
    ObjectChanged,
)
from dossier.fixity import EVERYTHING, check_round
from dossier.home import Home
from dossier.settings import Settings, load_settings
from dossier.transcriptions.writing import add_transcription
from dossier.vault import Vault, digest
from dossier.verify import verify_store
from dossier.viewers import AT_MACHINE, PROSECUTOR, Viewer
from tests.house import CASE, open_house
from tests.stored_office import faults_of, open_room, store, store_bytes
from tests.web.scanroom import Scanroom

FIRST, SECOND, SEALED = (f"临检起诉受[2031]9901010000{number}号" for number in (7, 8, 9))
OF_FIRST = Viewer("u1", "傅溪", frozenset({PROSECUTOR}), frozenset({"第一检察部"}))
OF_NOBODY = Viewer("u2", "闵榆", frozenset({PROSECUTOR}), frozenset({"第九检察部"}))

QUERIES = (
    *(f"证人甲{number}号" for number in range(1, 9)),
    *(f"讯问笔录第{number}页" for number in range(1, 9)),
    "钱款已转入账户", "账户 讯问", '"本页内容经核对"', "讯问 -甲3号", "甲2号 OR 甲6号", "卷:卷二", "案号:990101",
    FIRST, SECOND, SEALED, "人工看到的印章", "证人申3号", "没有这样的话", "1", "",
)  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanroom]:
    """Three cases, one of them sealed, two volumes, a transcription; all searchable."""
    with open_room(tmp_path_factory.mktemp("office") / "home") as room:
        store(room, FIRST, {"证据材料卷": [1, 2, 3], "卷二": [4, 5]}, "第一检察部")
        store(room, SECOND, {"证据材料卷": [6, 7]}, "第二检察部")
        store(room, SEALED, {"证据材料卷": [8]}, "第一检察部", sealed=True)
        with room.catalogue.reading() as session:
            case = session.scalars(select(Case).where(Case.folder == FIRST)).one()
            page_id = session.scalars(select(Page.id).where(Page.case_id == case.id)).first()
        assert page_id
        add_transcription(room.catalogue, room.vault, OF_FIRST, page_id, "人工看到的印章", [0.1, 0.5, 0.4, 0.6])
        room.make_searchable()
        assert faults_of(room) == []
        yield room


def taken_of(house: Scanroom, root: Path, **options: Any) -> Taken:
    return back_up(house.home, house.catalogue, house.vault, root, "test", **options)


@pytest.fixture
def copy(office: Scanroom, tmp_path: Path) -> Iterator[Scanroom]:
    """A copy of it, to be spoilt."""
    shutil.copytree(office.home.root, tmp_path / "copy")
    with open_room(tmp_path / "copy") as room:
        yield room


def restored(root: Path, target: Path, name: str | None = None) -> Restored:
    return restore_home(root, name, target, "test")


def faults_in(home_root: Path) -> list[Any]:
    """What a restored home lacks, its index aside."""
    home = Home(home_root)
    catalogue = Catalogue.open(home)
    try:
        with catalogue.reading() as session:
            return verify_store(session, Vault(home.vault))
    finally:
        catalogue.close()


def answers_of(house: Scanroom) -> dict[str, Any]:
    """What everybody is answered to every query."""
    found = {}
    for viewer in (AT_MACHINE, OF_FIRST, OF_NOBODY):
        for query in QUERIES:
            result = house.searcher.search(query, viewer=viewer, limit=100)
            found[f"{viewer.id}: {query}"] = result.as_json()
    return found


# What the backup is for


def test_a_restored_home_is_clean_and_gives_everybody_the_same_answers(office: Scanroom, tmp_path: Path) -> None:
    taken = taken_of(office, tmp_path / "backup")
    assert taken.faults == []
    assert restored(tmp_path / "backup", tmp_path / "new").faults == []

    with open_room(tmp_path / "new") as house:
        while house.feed.step():
            pass
        assert faults_of(house) == []
        before, after = answers_of(office), answers_of(house)
        assert {question for question in before if before[question] != after[question]} == set()
    assert sum(bool(answer["total"]) for answer in before.values()) > len(before) / 3, "there is something to compare"
    assert before[f"u1: {SEALED}"]["total"] == before["u2: 钱款已转入账户"]["total"] == 0
    assert before["u1: 人工看到的印章"]["total"] == 1


def test_every_page_in_a_snapshot_taken_during_intake_and_reading_has_its_objects(tmp_path: Path) -> None:
    with open_house(tmp_path / "home") as house:
        own, stop = Catalogue.open(house.home), threading.Event()

        def back_up_again_and_again() -> None:
            while not stop.is_set():
                taken = back_up(house.home, own, house.vault, tmp_path / "backup", "test")
                assert taken.faults == []
                stop.wait(0.2)

        failures: list[BaseException] = []
        thread = threading.Thread(target=_keeping(back_up_again_and_again, failures))
        thread.start()
        try:
            for number in range(1, 4):
                house.drop_pages(f"{CASE}/卷{number}", [10 * number + page for page in range(1, 3)])
                house.take_in_and_work()
        finally:
            stop.set()
            thread.join()
        own.close()
        assert failures == []
        back_up(house.home, house.catalogue, house.vault, tmp_path / "backup", "test")
    snapshots = BackupFolder.to_read(tmp_path / "backup").snapshots()
    assert snapshots[-1].pages == 6
    middle = {snapshot.pages: snapshot for snapshot in snapshots if 0 < snapshot.pages < 6}
    assert len(middle) >= 2, "nothing was backed up in between"
    for pages, snapshot in middle.items():
        target = tmp_path / f"new-{pages}"
        assert restored(tmp_path / "backup", target, snapshot.name).faults == []
        assert faults_in(target) == []
        shutil.rmtree(target)


def _keeping(do: Callable[[], None], failures: list[BaseException]) -> Callable[[], None]:
    def body() -> None:
        try:
            do()
        except BaseException as error:
            failures.append(error)

    return body


def test_only_what_is_new_is_copied_again(copy: Scanroom, tmp_path: Path) -> None:
    first = taken_of(copy, tmp_path / "backup")
    again = taken_of(copy, tmp_path / "backup")
    store(copy, SECOND, {"卷三": [21]})
    last = taken_of(copy, tmp_path / "backup")

    assert first.new_objects == first.snapshot.objects > 0
    assert again.new_objects == again.new_bytes == 0
    assert last.new_objects == 2, "the original and the reading"
    assert [each.name for each in BackupFolder.to_read(tmp_path / "backup").snapshots()] == [
        first.snapshot.name, again.snapshot.name, last.snapshot.name
    ]  # fmt: skip


# Cut short


def killed_at(call: int, root: Path, home: Home) -> bool:
    """Back up in a process that is killed at the n-th sync or rename; returns whether it came that far."""
    child = os.fork()
    if child == 0:
        left = call

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call_or_die(*arguments: Any, **named: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **named)

            return call_or_die

        os.fsync, os.replace, os.rename = counted(os.fsync), counted(os.replace), counted(os.rename)
        catalogue = Catalogue.open(home)
        back_up(home, catalogue, Vault(home.vault), root, "test", keep=1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_a_backup_that_is_killed_anywhere_leaves_the_last_snapshot_and_goes_on(copy: Scanroom, tmp_path: Path) -> None:
    root = tmp_path / "backup"
    before = taken_of(copy, root).snapshot
    call, kills = 1, 0
    while True:
        store_bytes(copy, f"new at {call}".encode())
        if not killed_at(call, root, copy.home):
            break
        kills += 1
        target = tmp_path / f"new-{call}"
        latest = BackupFolder.to_read(root).snapshots()[-1]
        assert latest.taken_at >= before.taken_at
        assert restored(root, target).faults == []
        assert faults_in(target) == []
        shutil.rmtree(target)
        call += 3
    assert kills >= 5
    leftovers = list((root / "tmp").iterdir())
    assert leftovers == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_or_failing_backup_disk_leaves_the_last_snapshot(
    copy: Scanroom, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "backup"
    before = taken_of(copy, root).snapshot
    store_bytes(copy, b"new")

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(backup_folder.os, "fsync", fail)
        with pytest.raises(OSError, match=os.strerror(number)):
            taken_of(copy, root)

    folder = BackupFolder.to_read(root)
    assert folder.snapshots() == [before]
    assert list((root / "tmp").iterdir()) == []
    assert taken_of(copy, root).faults == []


def test_a_restore_that_is_killed_goes_on_when_it_is_given_again(office: Scanroom, tmp_path: Path) -> None:
    taken_of(office, tmp_path / "backup")
    target = tmp_path / "new"
    child = os.fork()
    if child == 0:
        restore_home(
            tmp_path / "backup", None, target, "test",
            lambda done, total: os.kill(os.getpid(), signal.SIGKILL) if done == total // 2 else None,
        )  # fmt: skip
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert not (target / "catalogue.db").exists(), "half a home is not taken for one"

    assert restored(tmp_path / "backup", target).faults == []
    assert faults_in(target) == []
    with pytest.raises(BackupRefused, match="not empty"):
        restored(tmp_path / "backup", target)


# What has gone bad


def bent(path: Path) -> None:
    """Turn one bit of a file over."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def some_object(root: Path) -> Path:
    return sorted((root / "objects").glob("*/*"))[3]


def test_what_rots_in_the_backup_is_told_by_restore_and_brought_back_by_check(office: Scanroom, tmp_path: Path) -> None:
    root = tmp_path / "backup"
    taken_of(office, root)
    bent(some_object(root))

    damaged = restored(root, tmp_path / "damaged")
    assert [(fault.kind, fault.detail) for fault in damaged.faults] == [("changed", "not as it was backed up")]
    assert [fault.kind for fault in faults_in(tmp_path / "damaged")] == ["missing"], "nothing false in its place"

    assert taken_of(office, root).new_objects == 0
    assert taken_of(office, root, check=True).new_objects == 1
    assert restored(root, tmp_path / "whole").faults == []


def test_what_rots_in_the_vault_is_named_and_never_replaces_what_was_backed_up(copy: Scanroom, tmp_path: Path) -> None:
    root = tmp_path / "backup"
    early = tmp_path / "early"
    taken_of(copy, root)
    first, second = sorted(copy.vault.originals())[:2]
    bent(first)
    second.unlink()

    taken = taken_of(copy, early)
    assert {(fault.kind, fault.subject) for fault in taken.faults} == {
        ("changed", first.name),
        ("missing", second.name),
    }
    assert len(taken.snapshot.missing) == 2
    again = taken_of(copy, root)
    assert again.faults == [], "the backup has them from before"
    assert restored(root, tmp_path / "new").faults == []
    assert faults_in(tmp_path / "new") == []


def test_a_snapshot_whose_catalogue_rots_is_refused_and_the_one_before_serves(office: Scanroom, tmp_path: Path) -> None:
    root = tmp_path / "backup"
    first, second = (taken_of(office, root).snapshot for _ in range(2))
    bent(root / "snapshots" / second.name / "catalogue.db")

    with pytest.raises(CatalogueDamaged):
        restored(root, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert restored(root, tmp_path / "new", first.name).faults == []


@pytest.mark.parametrize("name", ["objects.tsv", "snapshot.json"])
def test_a_snapshot_whose_list_rots_is_refused_and_keeps_its_objects(
    office: Scanroom, tmp_path: Path, name: str
) -> None:
    root = tmp_path / "backup"
    snapshot = taken_of(office, root).snapshot
    (root / "snapshots" / snapshot.name / name).write_text("{")

    with pytest.raises((ObjectChanged, NotFound)):
        restored(root, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    objects = set((root / "objects").glob("*/*"))
    taken_of(office, root, keep=1)
    assert set((root / "objects").glob("*/*")) == objects


def test_a_damaged_catalogue_is_not_backed_up_over_whole_ones(copy: Scanroom, tmp_path: Path) -> None:
    root = tmp_path / "backup"
    before = taken_of(copy, root).snapshot
    copy.close()
    file = copy.home.catalogue
    content = bytearray(file.read_bytes())
    for start in range(8 * 4096, len(content), 4096):
        content[start : start + 64] = b"\xff" * 64
    file.write_bytes(content)

    with pytest.raises((CatalogueDamaged, MachineFailed)):
        copy_catalogue(file, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    assert BackupFolder.to_read(root).snapshots() == [before]


def test_a_snapshot_of_a_newer_program_is_refused(office: Scanroom, tmp_path: Path) -> None:
    root = tmp_path / "backup"
    snapshot = taken_of(office, root).snapshot
    facts = root / "snapshots" / snapshot.name / "snapshot.json"
    facts.write_text(facts.read_text().replace(f'"{snapshot.catalogue_version}"', '"9999"'))

    with pytest.raises(CatalogueNewer):
        restored(root, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_manifest_that_leads_out_of_the_vault_is_refused(office: Scanroom, tmp_path: Path) -> None:
    root = tmp_path / "backup"
    snapshot = taken_of(office, root).snapshot
    manifest = root / "snapshots" / snapshot.name / "objects.tsv"
    sha256 = some_object(root).name
    manifest.write_text(f"{sha256}\t1\toriginals/../../../escaped\n")
    facts = manifest.with_name("snapshot.json")
    facts.write_text(facts.read_text().replace(snapshot.manifest_sha256, digest(manifest)))

    with pytest.raises(BackupRefused):
        restored(root, tmp_path / "new")
    assert not (tmp_path / "escaped").exists()


# Where a backup may be


def test_a_backup_within_what_is_backed_up_is_refused(copy: Scanroom, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(copy.home.root)
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("?")
    for folder in (
        copy.home.root, copy.home.root / "backup", copy.home.inbox / "backup", copy.home.vault, link / "backup",
        copy.home.root.parent, full, tmp_path / "not-mounted" / "backup",
    ):  # fmt: skip
        with pytest.raises(BackupRefused):
            taken_of(copy, folder)
    assert sorted(path.name for path in full.iterdir()) == ["letter.txt"]
    assert not (tmp_path / "not-mounted").exists()


def test_two_homes_do_not_share_a_backup_and_a_restored_one_goes_on_with_its_own(
    office: Scanroom, tmp_path: Path
) -> None:
    root = tmp_path / "backup"
    taken_of(office, root)
    with open_room(tmp_path / "other") as other, pytest.raises(BackupRefused, match="another home"):
        taken_of(other, root)

    restored(root, tmp_path / "new")
    with open_room(tmp_path / "new") as new:
        assert taken_of(new, root).new_objects == 0


def test_two_backups_at_once_do_not_meet(office: Scanroom, tmp_path: Path) -> None:
    taken_of(office, tmp_path / "backup")
    with BackupFolder.to_read(tmp_path / "backup").hold(alone=True), pytest.raises(HomeBusy):
        taken_of(office, tmp_path / "backup")


def test_the_older_snapshots_go_with_what_they_alone_name(copy: Scanroom, tmp_path: Path) -> None:
    root = tmp_path / "backup"
    names = [taken_of(copy, root).snapshot.name for _ in range(3)]
    stray = root / "objects" / "00" / ("0" * 64)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"of a snapshot that is gone")

    removed = taken_of(copy, root, keep=2).removed

    assert list(removed) == names[:2]
    assert not stray.exists()
    assert len(BackupFolder.to_read(root).snapshots()) == 2
    assert restored(root, tmp_path / "new", names[2]).faults == []


def test_the_last_snapshot_that_lacks_nothing_outlives_those_that_do(copy: Scanroom, tmp_path: Path) -> None:
    root = tmp_path / "backup"
    whole = taken_of(copy, root).snapshot
    store_bytes(copy, b"new, and lost at once").unlink()
    for _ in range(2):
        assert taken_of(copy, root, keep=1).snapshot.missing

    assert whole.name in [snapshot.name for snapshot in BackupFolder.to_read(root).snapshots()]


# What does not go along


def test_secrets_stay_out_of_the_settings_and_a_restored_home_gets_an_index_of_its_own(
    copy: Scanroom, tmp_path: Path
) -> None:
    (copy.home.root / "settings.toml").write_text(
        'search_engine = "elasticsearch"\nelasticsearch_user = "edossier"\nelasticsearch_password = "geheim-4711"\n'
        'oidc_client_secret = "geheim-4712"\nworkers = 3\n'
        'audit_head_folder = "/srv/heads"\n'
    )
    root = tmp_path / "backup"
    snapshot = taken_of(copy, root).snapshot
    assert b"geheim" not in (root / "snapshots" / snapshot.name / "settings.toml").read_bytes()

    restored(root, tmp_path / "new")
    settings = load_settings(tmp_path / "new")

    assert (settings.workers, settings.search_engine) == (3, "elasticsearch")
    assert settings.audit_head_folder == ""
    assert settings.elasticsearch_user == settings.elasticsearch_password.get_secret_value() == ""
    assert settings.elasticsearch_index != Settings.model_fields["elasticsearch_index"].default
    assert "elasticsearch_password" in (tmp_path / "new" / "settings.toml").read_text()


def test_nobody_is_signed_in_at_a_restored_home_and_nothing_is_sent_from_it(copy: Scanroom, tmp_path: Path) -> None:
    with copy.catalogue.writing() as session:
        user = users.add_user(session, "傅溪", PROSECUTOR, ["第一检察部"], "stored", "test")
        session.flush()
        session.add(SessionRow(sha256="s", user_id=user.id, stored="x"))
    taken_of(copy, tmp_path / "backup")
    restored(tmp_path / "backup", tmp_path / "new")

    catalogue = Catalogue.open(Home(tmp_path / "new"))
    with catalogue.reading() as session:
        assert session.scalar(select(func.count()).select_from(SessionRow)) == 0
        assert session.scalars(select(Webhook).where(Webhook.dead.is_(False))).all() == []
        deeds = session.scalars(select(AuditRow.deed).order_by(AuditRow.id.desc()).limit(1)).all()
        assert deeds == ["restore"]
    catalogue.close()


# The commands


def said(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit | Exception)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.stdout)


def test_the_commands_say_what_they_did_and_end_with_their_codes(copy: Scanroom, tmp_path: Path) -> None:
    home, root, new = str(copy.home.root), str(tmp_path / "backup"), str(tmp_path / "new")
    copy.close()
    code, taken = said("--home", home, "backup", root, "--keep", "2")
    assert (code, taken["faults"], taken["removed"]) == (0, [], [])
    code, shown = said("--home", home, "backup", root, "--list")
    assert [each["name"] for each in shown["snapshots"]] == [taken["snapshot"]]
    assert (shown["snapshots"][0]["pages"], shown["snapshots"][0]["missing"]) == (taken["pages"], 0)

    code, done = said("restore", root, "--home", new)
    assert (code, done["faults"], done["indexed"]) == (0, [], True)
    assert (done["pages"], done["objects"]) == (taken["pages"], taken["objects"])
    code, verified = said("--home", new, "verify")
    assert (code, verified["faults"]) == (0, [])

    with pytest.raises(BackupRefused) as refusal:
        said("restore", root, "--home", new)
    assert refusal.value.exit_code == 2
    with pytest.raises(NotFound):
        said("restore", root, "--home", str(tmp_path / "third"), "--snapshot", "000099-never")

    bent(some_object(Path(root)))
    code, done = said("restore", root, "--home", str(tmp_path / "damaged"), "--no-index")
    assert (code, len(done["faults"]), done["indexed"]) == (3, 1, False)


def test_a_snapshot_is_ordered_by_its_number_whatever_the_clock_says(
    office: Scanroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, now = tmp_path / "backup", time.time()
    first = taken_of(office, root).snapshot
    monkeypatch.setattr("dossier.backup.taking.time.time", lambda: now - 86400)
    second = taken_of(office, root).snapshot

    assert [each.name for each in BackupFolder.to_read(root).snapshots()] == [first.name, second.name]
    assert BackupFolder.to_read(root).snapshot(None).name == second.name


# Many

MANY = int(os.environ.get("EDOSSIER_TEST_OBJECTS", "300"))


def test_many_objects_are_backed_up_once_and_restored(tmp_path: Path) -> None:
    """With `-s` it says how long that took; no time decides it."""
    figures = []

    def timed(name: str, do: Callable[[], Any]) -> Any:
        began = time.monotonic()
        done = do()
        figures.append(f"{name} {time.monotonic() - began:.1f} s")
        return done

    with open_room(tmp_path / "home") as room:
        sizes = 0
        with room.catalogue.writing() as session:
            for number in range(MANY):
                content = number.to_bytes(8) * 6000
                sha256 = hashlib.sha256(content).hexdigest()
                path = room.vault.original_path(sha256)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                session.add(Original(sha256=sha256, md5="", size=len(content)))
                sizes += len(content)
        first = timed("first backup", lambda: taken_of(room, tmp_path / "backup"))
        again = timed("second backup", lambda: taken_of(room, tmp_path / "backup"))
        timed("with --check", lambda: taken_of(room, tmp_path / "backup", check=True))
        quiet = lambda done, total: None  # noqa: E731
        timed("verify", lambda: check_round(room.catalogue, room.vault, EVERYTHING, quiet))
        share = timed("verify 1/30", lambda: check_round(room.catalogue, room.vault, Fraction(1, 30), quiet))
    done = timed("restore", lambda: restored(tmp_path / "backup", tmp_path / "new"))
    print(f"\n{MANY} objects, {sizes / 1e6:.0f} MB: {', '.join(figures)}")

    assert (first.new_objects, first.new_bytes, first.faults) == (MANY, sizes, [])
    assert again.new_objects == 0
    assert (share.checked, share.faults, done.faults) == (-(-MANY // 30), [], [])
    assert faults_in(tmp_path / "new") == []
