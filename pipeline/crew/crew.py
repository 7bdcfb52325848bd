"""The crew: leases work from the catalogue, hands it to worker processes, and writes what they answer.

Readers do nothing but read pages, one process a core. Four further processes, each started with its first task, keep
what is short from standing behind what is long: the desk makes the pictures that somebody waits for, the reception
looks into files whose contents are not known yet, the bindery makes PDFs, the library those of whole dossiers.

Whoever does not have a person waiting gives way to whoever answers people: readers, reception, bindery and library are
nice. The crew itself and the feed of the index are not: they write to the catalogue, and who is put off in the middle
of that puts off all others.

No single piece of work can stop the crew: whatever goes wrong with it is counted against it, unless the machine itself
is at fault (a full disk, a broken installation); then the work is put back untried and the crew pauses.
"""

from __future__ import annotations

import logging
import multiprocessing.connection
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.exc import NoResultFound, OperationalError
from sqlalchemy.orm import Session

from dossier import work
from dossier.catalogue.commits import Commits
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Page
from dossier.citations import CitationTemplate
from dossier.contents import Contents
from dossier.derived import Derived
from dossier.errors import EdossierError, PageFailed, ServiceUnreachable, WorkerDied, is_machine_fault
from dossier.reading import Reading
from dossier.settings import Settings
from dossier.vault import Vault
from dossier.work import Job
from pipeline.crew import plans, results
from pipeline.crew.tasks import AssembleTask, ReadTask, Task, inspection_seconds
from pipeline.crew.worker import ReaderFactory, page_reader
from pipeline.crew.worker_process import WorkerProcess, bindery, workbench
from pipeline.files.sources import Limits

log = logging.getLogger(__name__)

READER_KINDS = (work.READ,)
DESK_KINDS = (work.PICTURE,)
RECEPTION_KINDS = (work.PAGINATE,)
BINDERY_KINDS = (work.ASSEMBLE, work.BIND, work.BIND_EXHIBIT)
LIBRARY_KINDS = (work.BIND_CASE,)
# A PDF takes no longer than its pages may take, each by itself, and never longer than this.
_ASSEMBLY_START_SECONDS = 60.0
_ASSEMBLY_SECONDS = 1800.0
_DOSSIER_SECONDS = 4 * 3600.0
# A tenth of the weight of a process that is not nice (kernel, sched_prio_to_weight): two readers on two processors
# leave nine tenths of them to the site while it has something to do, and take all when it has not.
NICENESS = 10
# New work is noticed at once; so often it is looked for work that was put off, or whose lease has run out.
_IDLE_SECONDS = 0.2
_LOOK_SECONDS = 0.02
_PAUSE_SECONDS = 15.0


@dataclass
class _Hand:
    """A worker process, the kinds of work it does, and the job it has in hand."""

    process: WorkerProcess
    kinds: tuple[str, ...]
    job: Job | None = None
    key: str = ""


class Crew:
    """The workers of one process of this program.

    Args:
        catalogue, vault, derived: where work comes from and results go.
        settings: how many workers, and their limits.
        models_dir: where the OCR models are.
        reader_factory: what makes the page reader of a worker process; by default with the engine of the settings.
        keeps_ready: whether readers load their models before there is a page to read: some seconds and 0.4 GB each,
            which only a crew that waits for pages should spend.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        vault: Vault,
        derived: Derived,
        settings: Settings,
        models_dir: Path,
        reader_factory: ReaderFactory | None = None,
        keeps_ready: bool = False,
    ) -> None:
        self._catalogue, self._vault, self._derived = catalogue, vault, derived
        self._settings = settings
        self._limits = Limits(settings.max_pixels, settings.max_pages, settings.split_spreads)
        self._template = CitationTemplate(settings.citation_template)
        self._owner = work.this_process()
        self._next_renewal = 0.0
        factory = reader_factory or partial(page_reader, ocr_engine=settings.ocr_engine)

        def hand(kinds: tuple[str, ...], niceness: int = NICENESS) -> _Hand:
            limit, pages = settings.page_timeout_seconds, settings.worker_pages
            binds = kinds in (BINDERY_KINDS, LIBRARY_KINDS)
            confinement = (bindery if binds else workbench)(settings.worker_memory_bytes)
            return _Hand(WorkerProcess(models_dir, limit, pages, factory, niceness, confinement), kinds)

        self._hands = [hand(READER_KINDS) for _ in range(settings.worker_count())]
        self._hands += [hand(DESK_KINDS, niceness=0)]
        self._hands += [hand(kinds) for kinds in (RECEPTION_KINDS, BINDERY_KINDS, LIBRARY_KINDS)]
        self._keeps_ready = keeps_ready
        self._paused_until = 0.0
        self._in_trouble = False

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Work until told to stop; leases are given back at the end."""
        with self._catalogue.writing() as session:
            freed = work.release_dead(session)
            results.release_pages(session)
        self._vault.sweep_temporary()
        if freed:
            log.info("took over %d pieces of work from processes that died", freed)
        try:
            with self._catalogue.commits() as commits:
                while not should_stop():
                    self._round()
                    self._rest(commits)
        finally:
            self.stop()

    def stop(self) -> None:
        """End all workers and give back what they had in hand."""
        for hand in self._hands:
            hand.process.stop()
            hand.job = None
        with self._catalogue.writing() as session:
            work.release(session, self._owner)
            results.release_pages(session)

    def _round(self) -> None:
        """Take answers and hand out work."""
        self._renew_leases()
        for hand in self._hands:
            if hand.job is not None:
                self._take_answer(hand)
        if time.monotonic() >= self._paused_until:
            for hand in self._hands:
                if hand.job is None:
                    self._hand_out(hand)
                if hand.job is None and self._keeps_ready and hand.kinds == READER_KINDS:
                    hand.process.keep_ready(ReadTask)

    def _rest(self, commits: Commits) -> None:
        """Wait a moment: until an answer comes, or somebody has written, since that may be work."""
        connections = [
            hand.process.connection for hand in self._hands if hand.job and hand.process.connection is not None
        ]
        until = time.monotonic() + _IDLE_SECONDS
        while not commits.are_new() and (left := until - time.monotonic()) > 0:
            if connections:
                if multiprocessing.connection.wait(connections, timeout=min(_LOOK_SECONDS, left)):
                    break
            else:
                time.sleep(min(_LOOK_SECONDS, left))

    def _renew_leases(self) -> None:
        now = time.monotonic()
        if now >= self._next_renewal:
            self._next_renewal = now + self._settings.lease_seconds / 3
            with self._catalogue.writing() as session:
                work.renew(session, self._owner, self._settings.lease_seconds)

    def _hand_out(self, hand: _Hand) -> None:
        with self._catalogue.reading() as session:
            if not work.is_waiting(session, hand.kinds):
                return
        with self._catalogue.writing() as session:
            jobs = work.lease(session, hand.kinds, self._owner, self._settings.lease_seconds)
            if not jobs:
                return
            hand.job = jobs[0]
            if hand.job.kind == work.READ:
                session.execute(update(Page).where(Page.id == hand.job.subject_id).values(state="reading"))
        if hand.job.losses >= work.MOST_LOSSES:
            self._finish(hand, WorkerDied(f"{hand.job.losses} times"))
            return
        try:
            task, limit = self._task_for(hand)
            hand.process.begin(task, limit)
        except NoResultFound:
            self._drop(hand)
        except (EdossierError, OSError) as error:
            self._finish(hand, error)

    def _drop(self, hand: _Hand) -> None:
        """Work for something that the catalogue does not know has nobody who waits for it."""
        job, hand.job = hand.job, None
        assert job is not None
        log.error("%s of %s: not in the catalogue", job.kind, job.subject_id)
        with self._catalogue.writing() as session:
            work.complete(session, job, self._owner)

    def _task_for(self, hand: _Hand) -> tuple[Task, float | None]:
        job = hand.job
        assert job is not None
        with self._catalogue.reading() as session:
            match job.kind:
                case work.READ:
                    return plans.plan_reading(session, self._vault, self._derived, job.subject_id), None
                case work.PAGINATE:
                    inspection = plans.plan_inspection(session, self._vault, job.subject_id, self._limits)
                    return inspection, inspection_seconds(inspection.path, self._settings.page_timeout_seconds)
                case work.PICTURE:
                    return plans.plan_picture(session, self._vault, self._derived, job.subject_id), None
            task, hand.key = self._assembly(session, job)
        if job.attempts or job.losses:
            task = plans.without_unread_pictures(task)
        most = _DOSSIER_SECONDS if job.kind == work.BIND_CASE else _ASSEMBLY_SECONDS
        return task, min(most, _ASSEMBLY_START_SECONDS + len(task.pages) * self._settings.page_timeout_seconds)

    def _assembly(self, session: Session, job: Job) -> tuple[AssembleTask, str]:
        """How to make the PDF that a job asks for, and the key under which it is kept."""
        at = (session, self._vault, self._derived, job.subject_id, self._settings.pdf_quality)
        match job.kind:
            case work.BIND_CASE:
                return plans.plan_kept_case(*at)
            case work.BIND_EXHIBIT:
                return plans.plan_exhibit(*at, self._template)
            case work.BIND:
                return plans.plan_kept_volume(*at)
        return plans.plan_document(*at)

    def _take_answer(self, hand: _Hand) -> None:
        answer = hand.process.answer()
        if not isinstance(answer, WorkerProcess):
            self._finish(hand, answer)

    def _finish(self, hand: _Hand, answer: Contents | Reading | EdossierError | OSError | None) -> None:
        """Write what became of a job; if that fails, the job has failed, and the crew goes on."""
        job, hand.job = hand.job, None
        assert job is not None
        try:
            if isinstance(answer, Exception):
                raise answer
            self._write(job, answer, hand.key)
        except (ServiceUnreachable, OperationalError) as error:
            self._pause(job, error)
        except Exception as error:
            if isinstance(error, OSError) and is_machine_fault(error):
                self._pause(job, error)
                return
            typed = error if isinstance(error, EdossierError) else PageFailed(f"{type(error).__name__}: {error}")
            log.warning("%s of %s failed: %s", job.kind, job.subject_id, typed)
            results.failed(self._catalogue, job, self._owner, typed)
        else:
            self._out_of_trouble()

    def _write(self, job: Job, answer: Contents | Reading | None, key: str) -> None:
        if isinstance(answer, Reading):
            results.page_read(self._catalogue, self._vault, job, self._owner, answer)
        elif isinstance(answer, Contents):
            results.inspected(self._catalogue, job, self._owner, answer)
        elif job.kind == work.ASSEMBLE:
            quality = self._settings.pdf_quality
            results.document_assembled(self._catalogue, self._vault, self._derived, job, self._owner, key, quality)
        elif job.kind == work.BIND_CASE:
            kept = self._derived.case_pdf(job.subject_id, key)
            results.kept_pdf_bound(self._catalogue, self._derived, job, self._owner, kept)
        elif job.kind == work.BIND_EXHIBIT:
            kept = self._derived.exhibit_pdf(job.subject_id, key)
            results.kept_pdf_bound(self._catalogue, self._derived, job, self._owner, kept)
        elif job.kind == work.BIND:
            results.volume_bound(self._catalogue, self._derived, job, self._owner, key)
        else:
            results.picture_made(self._catalogue, job, self._owner)

    def _pause(self, job: Job, error: Exception) -> None:
        """The machine is at fault: put the work back untried, say so once, and wait."""
        log.error("%s of %s: %s; pausing for %.0f seconds", job.kind, job.subject_id, error, _PAUSE_SECONDS)
        self._paused_until = time.monotonic() + _PAUSE_SECONDS
        self._in_trouble = True
        try:
            results.put_back(self._catalogue, job, self._owner, str(error))
        except OperationalError as again:
            # The catalogue itself is away: the lease runs out by itself.
            log.error("%s", again)

    def _out_of_trouble(self) -> None:
        if self._in_trouble:
            self._in_trouble = False
            results.machine_works(self._catalogue)
