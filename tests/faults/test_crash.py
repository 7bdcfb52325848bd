"""The disk and the machine fail at every file call in turn; nothing is lost, nothing comes twice.

Each test takes a share of the calls, drawn with a seed: `make faults` takes sixty, `EDOSSIER_TEST_CALLS=0` all of them.
"""

from __future__ import annotations

import errno
import random

import pytest

from tests.faults.failing_calls import FOR_EVER, READS, SYNCS, Fault
from tests.faults.steps import INBOX, POINTS, SEED, Office, points

TIME_LIMIT = 1800 if POINTS else 9000


@pytest.mark.timeout(TIME_LIMIT)
def test_a_kill_at_any_file_call_and_one_more_during_recovery_lose_and_double_no_page(office: Office) -> None:
    """T1: before the call, or within it."""
    calls, chance = office.plain(), random.Random(SEED)
    for point in points(calls):
        mode, second = chance.choice(("kill_before", "kill_within")), chance.choice(calls).number
        office.fresh()
        killed = office.run(Fault(mode, point))
        assert killed.how in ("killed", "done")
        where = (mode, office.calls()[-1])
        assert office.losses() == [], where
        office.run(Fault(mode, second))
        where = (*where, office.calls()[-1])
        assert office.losses() == [], where
        assert office.run().how == "done", where
        assert office.complaints() == [], where


@pytest.mark.timeout(TIME_LIMIT)
def test_a_disk_that_fails_at_any_call_leaves_the_source_or_the_file_and_a_later_try_succeeds(office: Office) -> None:
    """T2: no space or a broken disk, once or from then on."""
    chance = random.Random(SEED + 2)
    for point in points(office.plain()):
        error, last = chance.choice((errno.ENOSPC, errno.EIO)), chance.choice((point, FOR_EVER))
        office.fresh()
        ended = office.run(Fault("fail", point, last, error), seconds=2.0)
        where = (errno.errorcode[error], last == FOR_EVER, office.failed())
        assert ended.odd == (), where
        assert office.losses() == [], where
        office.retry()
        later = office.run()
        assert (later.how, later.failures) == ("done", ()), where
        assert office.complaints() == [], where


@pytest.mark.timeout(TIME_LIMIT)
def test_a_disk_that_cannot_be_read_at_any_call_loses_nothing(office: Office) -> None:
    """T2."""
    for point in points(office.plain(READS)):
        office.fresh()
        ended = office.run(Fault("fail", point, error=errno.EIO, kinds=READS), seconds=5.0)
        call = office.failed()
        assert ended.odd == (), call
        assert office.losses() == [], call
        office.retry()
        assert office.run().how == "done", call
        assert office.complaints() == [], call


@pytest.mark.timeout(TIME_LIMIT)
def test_a_failed_sync_is_never_taken_for_done_when_it_is_repeated(office: Office) -> None:
    """T3: the same process goes on and succeeds; then the power goes, and all that it called stored is there."""
    calls = office.plain(SYNCS)
    # The last of the calls that publish an original, its folder's, stands before the commit of its rows.
    published = next(call.number for call in calls if call.path == "/catalogue.db-wal") - 1
    for point in [published, *points(calls)]:
        office.fresh()
        ended = office.run_watched(Fault("fail", point, error=errno.EIO, kinds=SYNCS), seconds=20.0)
        call = office.failed()
        assert ended.odd == (), call
        office.cut_power(INBOX)
        assert office.losses() == [], call
        office.retry()
        assert office.run().how == "done", call
        assert office.complaints() == [], call


@pytest.mark.timeout(TIME_LIMIT)
def test_a_power_cut_at_any_call_leaves_each_row_its_object(office: Office) -> None:
    """T4: a lazy disk keeps what was synced and no more; an arbitrary one has, of the rest, some blocks and names.

    Either way, what was taken out of the inbox is gone from there at once.
    """
    chance = random.Random(SEED + 4)
    for point in points(office.plain()):
        office.fresh()
        office.run_watched(Fault("kill_before", point))
        is_lazy = chance.random() < 0.5
        where = ("lazy" if is_lazy else "arbitrary", office.calls()[-1])
        office.cut_power(INBOX, None if is_lazy else chance)
        assert office.losses() == [], where
        assert office.run().how == "done", where
        assert office.complaints() == [], where


def test_a_folder_made_by_a_process_that_was_killed_is_synced_by_the_next_one(office: Office) -> None:
    """T4: the first process made the folders of an original, and was killed before it could sync their names."""
    calls = office.plain()
    renamed = next(call.number for call in calls if call.what == "rename" and "/originals/" in call.path)
    made = [c.number for c in calls[:renamed] if c.what == "mkdir" and "/originals/" in c.path]
    office.fresh()
    assert office.run_watched(Fault("kill_after", made[-1])).how == "killed"
    assert office.run_watched(goes_on=True).how == "done"
    office.cut_power(INBOX)

    assert office.losses() == []
    assert office.run().how == "done"
    assert office.complaints() == []


def test_a_file_that_a_killed_writer_of_the_index_began_is_in_nobody_s_way(office: Office) -> None:
    """T1: which pages an index has lost stands in a file whose name the next writer may come to as well."""
    calls = office.plain()
    begun = [call.number for call in calls if call.what == "create" and call.path.endswith(".del")]
    office.fresh()
    assert office.run(Fault("kill_after", begun[0])).how == "killed"

    again = office.run()

    assert (again.how, again.failures) == ("done", ())
    assert office.complaints() == []


def test_a_catalogue_that_syncs_less_is_caught_by_a_power_cut(office: Office) -> None:
    """T4, the other way round: SQLite's `synchronous=NORMAL` loses commits, and this is seen."""
    middle = len(office.plain()) // 2
    office.fresh()
    office.run_watched(Fault("kill_before", middle), synchronous="NORMAL")
    office.cut_power(INBOX)

    assert [loss for loss in office.losses() if loss.startswith("lost: ")] != []
