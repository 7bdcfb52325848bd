"""Results: what becomes of a worker's answer. Files first, then one transaction that completes the work.

A result whose lease another process has taken over is dropped: that process writes its own.
"""

from __future__ import annotations

import socket
import time
from pathlib import Path

from sqlalchemy import case, exists, func, select, update
from sqlalchemy.orm import Session

from dossier import audit, changes, flags, outbox, work
from dossier.acceptance import refuse, settle_contents
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival, Case, Document, Original, Page, ReadingRow, Work
from dossier.contents import Contents
from dossier.derived import Derived, Quality
from dossier.errors import EdossierError
from dossier.file_gaps import flag_file_gaps
from dossier.numbers import find_numbers
from dossier.page_labels import candidates_as_json, settle_labels
from dossier.pages import renumber, stands_outside_as_blank
from dossier.quality.follow import follow
from dossier.reading import Reading
from dossier.receipts.sorting import ask_about_words, settle_stack
from dossier.vault import Vault
from dossier.work import Job
from pipeline.crew import plans

ACTOR = "work"
PDF_DELAY_SECONDS = 5.0
_PAGES_FOR_SUGGESTIONS = 3
_FLAGS_OF_A_READING = ("low_confidence", "turn_uncertain", "blank", "no_text")


def inspected(catalogue: Catalogue, job: Job, owner: str, contents: Contents) -> None:
    """An arrival's contents are known: give it its pages, or its reason."""
    with catalogue.writing() as session:
        if work.complete(session, job, owner):
            arrival = session.get_one(Arrival, job.subject_id)
            settle_contents(session, arrival, contents, session.get_one(Original, arrival.sha256).size)
            follow(session, arrival.volume_id)
            changes.record_contents(session, arrival)


def page_read(catalogue: Catalogue, vault: Vault, job: Job, owner: str, reading: Reading) -> None:
    """A page was read: store the reading, and let the index and the document know."""
    with catalogue.reading() as session:
        version = plans.next_reading_version(session.get_one(Page, job.subject_id))
    sha256 = vault.store_reading(job.subject_id, version, reading.to_bytes())
    with catalogue.writing() as session:
        if not work.complete(session, job, owner):
            return
        page = session.get_one(Page, job.subject_id)
        session.add(ReadingRow(page_id=page.id, version=version, sha256=sha256, engine=reading.engine))
        page.reading_version = version
        page.state = "read"
        page.error_code, page.error_detail = None, ""
        page.width, page.height, page.dpi = reading.width, reading.height, reading.dpi
        page.turn_degrees, page.skew_degrees = reading.turn_degrees, reading.skew_degrees
        page.crop = reading.crop.as_json() if reading.crop is not None else None
        page.blank = reading.blank if page.blank_by_hand is None else page.blank_by_hand
        page.confidence = reading.confidence
        page.label_candidates = candidates_as_json(reading.labels)
        if reading.separator is not None and page.sheet_state is None:
            page.sheet_code = reading.separator
        session.flush()
        if stands_outside_as_blank(page) and not page.blank:
            # Read again, it proved not to be blank: it counts again.
            page.outside, page.outside_reason = None, ""
            renumber(session, page.volume_id)
        found = {*reading.flags}
        if page.blank:
            found.add("blank")
        elif _lacks_text(page, reading):
            found.add("no_text")
        for code in sorted(found):
            flags.raise_flag(session, "page", page.id, page.case_id, code)
        flags.close_flag(session, "page", page.id, *(code for code in _FLAGS_OF_A_READING if code not in found))
        is_as_said = page.turn_by_hand in (None, reading.turn_degrees) and page.crop_by_hand == page.crop
        if not is_as_said and reading.source == "ocr":
            # A person turned or cropped it while it was being read.
            work.request(session, work.READ, [page.id], priority=work.SOON)
            page.state = "waiting"
        ask_about_words(session, page, "".join(line.text for line in reading.lines))
        _suggest_numbers(session, page, reading)
        outbox.enqueue(session, [page.id])
        audit.record(session, "read", "page", page.id, ACTOR, version=version, engine=reading.engine)
        follow(session, page.volume_id)
        _page_settled(session, page)
        settle_stack(session, page)


def _lacks_text(page: Page, reading: Reading) -> bool:
    """Whether no search can find what stands on a page that is not blank; unless a person has looked at it and said so.

    Clean-up and OCR may have failed on it as well as have found a photograph.
    """
    return not reading.text.strip() and reading.separator is None and page.blank_by_hand is None


def document_assembled(
    catalogue: Catalogue, vault: Vault, derived: Derived, job: Job, owner: str, key: str, quality: Quality
) -> None:
    """A document's PDF stands; if its pages have changed meanwhile, another one is asked for."""
    with catalogue.writing() as session:
        if not work.complete(session, job, owner):
            return
        document = session.get_one(Document, job.subject_id)
        flags.close_flag(session, "document", document.id, "assembly_failed")
        previous, document.pdf_key = document.pdf_key, key
        _, current = plans.plan_document(session, vault, derived, document.id, quality)
        document.settled = current == key
        if not document.settled:
            _request_pdf(session, document.id, document.case_id, PDF_DELAY_SECONDS)
        _check_order(session, document)
    if previous not in (None, key):
        derived.document_pdf(job.subject_id, str(previous)).unlink(missing_ok=True)


def volume_bound(catalogue: Catalogue, derived: Derived, job: Job, owner: str, key: str) -> None:
    """A volume's PDF stands, for whoever asked; what was made of the volume before goes."""
    with catalogue.writing() as session:
        if not work.complete(session, job, owner):
            return
    derived.forget_other_volume_pdfs(job.subject_id, key)


def kept_pdf_bound(catalogue: Catalogue, derived: Derived, job: Job, owner: str, kept: Path) -> None:
    """The PDF of a dossier, or of chosen pages, stands; what was made of it before goes."""
    with catalogue.writing() as session:
        if not work.complete(session, job, owner):
            return
    derived.forget_others(kept, job.subject_id)


def picture_made(catalogue: Catalogue, job: Job, owner: str) -> None:
    """A page's picture stands: nothing to write but that."""
    with catalogue.writing() as session:
        work.complete(session, job, owner)


def failed(catalogue: Catalogue, job: Job, owner: str, error: EdossierError) -> None:
    """A piece of work failed; after the last attempt its page is parked, its file refused, and the rest goes on."""
    with catalogue.writing() as session:
        last = work.fail(session, job, owner, error)
        if not last:
            release_pages(session)
            return
        if job.kind == work.READ:
            page = session.get_one(Page, job.subject_id)
            page.state = "parked"
            page.error_code, page.error_detail = error.code, error.detail
            audit.record(session, "park", "page", page.id, ACTOR, error=error.code)
            session.flush()
            _page_settled(session, page)
            changes.record(
                session, changes.FAILED, file_id=page.arrival_id, page_id=page.id, error_code=error.code
            )  # fmt: skip
            changes.record_searchable(session, [page.arrival_id])
        elif job.kind == work.PAGINATE:
            arrival = session.get_one(Arrival, job.subject_id)
            refuse(arrival, error)
            changes.record_contents(session, arrival)
        elif job.kind == work.ASSEMBLE:
            document = session.get_one(Document, job.subject_id)
            flags.raise_flag(
                session, "document", document.id, document.case_id, "assembly_failed", reason=error.chinese
            )
            _check_order(session, document)


def put_back(catalogue: Catalogue, job: Job, owner: str, reason: str) -> None:
    """The machine could not do a piece of work: it stays as it was, and the attention list says why it waits."""
    with catalogue.writing() as session:
        work.put_back(session, job, owner, delay_seconds=0.0)
        release_pages(session)
        flags.raise_flag(session, "machine", socket.gethostname(), None, "machine", reason=reason)


def machine_works(catalogue: Catalogue) -> None:
    """The machine does its part again."""
    with catalogue.writing() as session:
        flags.close_flag(session, "machine", socket.gethostname(), "machine")


def release_pages(session: Session) -> None:
    """Call pages waiting that are marked as being read while nobody reads them."""
    leased = select(Work.subject_id).where(Work.kind == work.READ, Work.state == "leased")
    session.execute(update(Page).where(Page.state == "reading", Page.id.not_in(leased)).values(state="waiting"))


def _page_settled(session: Session, page: Page) -> None:
    """A page is read or parked: its file may be done with that, and its document ready for its PDF."""
    open_states = ("waiting", "reading")
    if not session.scalar(select(func.count()).where(Page.arrival_id == page.arrival_id, Page.state.in_(open_states))):
        arrival = session.get_one(Arrival, page.arrival_id)
        arrival.state, arrival.done_at = "done", time.time()
    left, pages = session.execute(
        select(func.sum(case((Page.state.in_(open_states), 1), else_=0)), func.count()).where(
            Page.document_id == page.document_id
        )
    ).one()
    if not left:
        # While a scanner still writes, pages settle one by one: wait for a quiet moment, longer for a long document.
        delay = PDF_DELAY_SECONDS + 0.05 * pages
        _request_pdf(session, page.document_id, page.case_id, delay)


def _request_pdf(session: Session, document_id: str, case_id: str, delay_seconds: float) -> None:
    due_on = session.get_one(Case, case_id).due_on
    work.request(session, work.ASSEMBLE, [document_id], due_on=due_on, delay_seconds=delay_seconds)


def _suggest_numbers(session: Session, page: Page, reading: Reading) -> None:
    """Offer the numbers on the first pages of an unclaimed document as suggestions for its case."""
    if session.get_one(Case, page.case_id).state != "unclaimed":
        return
    before = session.scalar(
        select(func.count()).where(Page.document_id == page.document_id, Page.page_number < page.page_number)
    )
    if (before or 0) >= _PAGES_FOR_SUGGESTIONS:
        return
    numbers = list(dict.fromkeys(number.as_given for line in reading.lines for number in find_numbers(line.text)))
    known = flags.details_of(session, "document", page.document_id, "unclaimed").get("numbers", [])
    if set(numbers) - set(known):
        both = list(dict.fromkeys([*known, *numbers]))
        flags.raise_flag(session, "document", page.document_id, page.case_id, "unclaimed", numbers=both)


def _check_order(session: Session, document: Document) -> None:
    """A document has settled: look for missing names among its files, and at the labels of its volume's pages."""
    # Files are counted as they came: a person may have divided or merged documents, or moved pages, since.
    came_as = (
        select(Arrival.document_id)
        .join(Page, Page.arrival_id == Arrival.id)
        .where(Page.document_id == document.id, Arrival.document_id.is_not(None))
    )
    for each in session.scalars(select(Document).where(Document.id.in_(came_as) | (Document.id == document.id))):
        flag_file_gaps(session, each)
    # A volume of many documents is looked at once, with the last of those that wait for their PDF.
    others = exists().where(
        Document.volume_id == document.volume_id,
        Document.id != document.id,
        Work.subject_id == Document.id,
        Work.kind == work.ASSEMBLE,
        Work.state.in_(("waiting", "leased")),
    )
    if not session.scalar(select(others)):
        settle_labels(session, document.volume_id)
