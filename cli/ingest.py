"""`edossier ingest`: take files or an inbox-shaped folder in, and work until all of it is searchable."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from cli.context import Context, JsonOption, context_of, people, print_json
from cli.engine_room import EngineRoom
from cli.progress import waiting_progress
from dossier import cases, work
from dossier.acceptance import Incoming, accept
from dossier.audit import person_at_the_keyboard
from dossier.catalogue.tables import Arrival, Case, Document, OutboxRow, Page, Volume, Work
from dossier.contents import Contents
from dossier.errors import (
    EdossierError,
    FileUnreadable,
    IndexRefused,
    MachineFailed,
    PageFailed,
    PageTimeout,
    UsageError,
    error_of,
    is_machine_fault,
)
from dossier.natural_order import file_key
from dossier.numbers import find_numbers
from dossier.place import LOOSE_VOLUME, Place, is_ignored, legible, place_in_inbox, volume_kind_and_number
from pipeline.crew.worker_process import WorkerProcess
from pipeline.files.sources import Limits
from pipeline.intake.inbox import MOST_LOOKS, inspect_file

_AT_ONCE = 500  # ids in one statement


@dataclass(frozen=True)
class Given:
    """A file that was named on the command line, or lies in a folder that was."""

    path: Path
    place: Place
    source: str


def ingest(
    typer_context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, or folders shaped like inbox/.")],
    case: Annotated[str | None, typer.Option("--case", help="Case number; outranks the folder names.")] = None,
    volume: Annotated[str | None, typer.Option("--volume", help="Volume name; outranks the folder names.")] = None,
    split_spreads: Annotated[
        bool, typer.Option("--split-spreads", help="Part pictures of two pages, even if the settings do not.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take files in and work until all is searchable; sources stay where they are. 收入文件并处理完毕。"""
    context = context_of(typer_context)
    if any(option is not None and not option.strip() for option in (case, volume)):
        raise UsageError("--case / --volume: empty")
    started = time.monotonic()
    given = [file for path in paths for file in files_given(path, case, volume)]
    arrival_ids, unreadable = take_in(context, given, case, split_spreads)
    work_until_searchable(context, arrival_ids, quiet=as_json)
    with context.catalogue.reading() as session:
        report = report_on(session, arrival_ids)
    report["documents"] += unreadable
    report["files"] += len(unreadable)
    report["failed"] += len(unreadable)
    report["seconds"] = round(time.monotonic() - started, 2)
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report["failed"]:
        raise typer.Exit(PageFailed.exit_code)


def files_given(path: Path, case: str | None, volume: str | None) -> Iterator[Given]:
    """The files that a path on the command line stands for, with their places, in natural order.

    A folder is shaped like the inbox, unless it is a case's folder itself (its name bears a number, or the case is
    given and no folder in it bears one), or a volume's (the case is given and its name is a volume's).

    Raises:
        UsageError: there is nothing at the path.
    """
    if path.is_file():
        name = legible(path.name)
        yield Given(path, Place("", volume or LOOSE_VOLUME, name), name)
        return
    if not path.is_dir():
        raise UsageError(f"{path}: no such file or folder")
    above = _folders_above(path.resolve(), case)
    files = [file for file in path.rglob("*") if file.is_file() and not file.is_symlink()]
    for file in sorted(files, key=lambda file: file_key(str(file.relative_to(path)))):
        relative = PurePosixPath(file.relative_to(path))
        if is_ignored(relative):
            continue
        place = place_in_inbox(above / relative)
        if volume is not None and not place.is_metadata:
            place = Place(place.case_folder, volume, legible(str(relative)))
        yield Given(file, place, legible(str(relative)))


def _folders_above(folder: Path, case: str | None) -> PurePosixPath:
    """What stands above a given folder in the inbox's shape: nothing, its case, or its case and volume."""
    if find_numbers(folder.name):
        return PurePosixPath(folder.name)
    if case is None:
        return PurePosixPath()
    if volume_kind_and_number(folder.name) != ("", None) or "卷" in folder.name:
        return PurePosixPath(case.replace("/", "_"), folder.name)
    if any(find_numbers(inner.name) for inner in folder.iterdir() if inner.is_dir()):
        return PurePosixPath()
    return PurePosixPath(folder.name)


def take_in(
    context: Context, given: list[Given], case: str | None, split_spreads: bool = False
) -> tuple[list[str], list[dict[str, Any]]]:
    """Accept files, each with a look into it first.

    Returns:
        The arrivals' ids, each once, and an entry for each file that could not be opened.
    """
    settings = context.settings
    limits = Limits(settings.max_pixels, settings.max_pages, split_spreads or settings.split_spreads)
    inspector = context.worker_process()
    arrival_ids: list[str] = []
    unreadable: list[dict[str, Any]] = []
    actor = person_at_the_keyboard()
    try:
        for file in sorted(given, key=lambda file: not file.place.is_metadata):
            room, size = context.room(), _size_of(file.path)
            if not room.holds(size):
                raise MachineFailed(f"{file.source}: {room.shortage(size)}")
            try:
                contents = _look_into(inspector, file, limits)
                incoming = Incoming(file.path, file.place, file.source, "ingest", contents, case)
                arrival_ids.append(accept(context.catalogue, context.vault, incoming, actor).arrival_id)
            except OSError as error:
                if is_machine_fault(error):
                    raise
                refusal = FileUnreadable(error.strerror or str(error))
                unreadable.append(_entry("", file.source, case, file.place.volume, 0, "failed", refusal))
    finally:
        inspector.stop()
    return list(dict.fromkeys(arrival_ids)), unreadable


def _size_of(path: Path) -> int:
    """A file's size in bytes; 0 where it cannot be asked, which opening it will say."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _look_into(inspector: WorkerProcess, file: Given, limits: Limits) -> Contents | None:
    """What is in a file; None, which leaves it to a worker, where looking takes long or failed again and again."""
    with suppress(PageTimeout):
        for _ in range(MOST_LOOKS):
            contents = inspect_file(inspector, file.path, limits, file.path.name)
            if contents is not None:
                return contents
    return None


def work_until_searchable(context: Context, arrival_ids: list[str], quiet: bool) -> None:
    """Wait, working where nobody else does, until every page of the arrivals is searchable or parked."""
    with EngineRoom(context) as room, waiting_progress(quiet) as show:
        while True:
            room.keep_running()
            began = time.monotonic()
            has_looked = room.has_looked_at_index  # first, so that the session below sees what that brought
            with context.catalogue.reading() as session:
                done, total = _pages_done(session, arrival_ids)
                show(done, total)
                if done == total and has_looked and not _is_anything_open(session, arrival_ids):
                    return
            if done == total:
                room.hurry_pdfs()
            # Looking costs the more the more files there are: never more than a tenth of the time.
            time.sleep(max(0.2, 10 * (time.monotonic() - began)))


def report_on(session: Session, arrival_ids: list[str]) -> dict[str, Any]:
    """What became of arrivals, as `ingest --json` prints it."""
    documents: list[dict[str, Any]] = []
    by_document: dict[str, list[str]] = {}
    failed = 0
    for arrival_id in arrival_ids:
        arrival = session.get_one(Arrival, arrival_id)
        if arrival.document_id is None:
            documents.append(_file_entry(session, arrival))
            failed += arrival.state == "failed"
        else:
            by_document.setdefault(arrival.document_id, []).append(arrival_id)
    pages = 0
    for document_id, its_arrivals in by_document.items():
        entry, failed_pages = _document_entry(session, document_id, its_arrivals)
        documents.append(entry)
        failed += failed_pages
        pages += entry["pages"]
    return {"files": len(arrival_ids), "pages": pages, "failed": failed, "seconds": 0.0, "documents": documents}


def _document_entry(session: Session, document_id: str, arrival_ids: list[str]) -> tuple[dict[str, Any], int]:
    """A document's entry, and how many pages failed; both speak of what was ingested now, not of what was there."""
    document = session.get_one(Document, document_id)
    pages = [page for some in _portions(arrival_ids) for page in session.scalars(_pages_of(some))]
    first = session.get_one(Arrival, arrival_ids[0])
    is_folder = first.path != document.path
    source = str(PurePosixPath(first.source).parent) if is_folder else first.source
    parked = [page for page in pages if page.state == "parked"]
    refused = [
        reason
        for some in _portions([page.id for page in pages if page.state == "read"])
        for reason in session.scalars(
            select(OutboxRow.error).where(OutboxRow.page_id.in_(some), OutboxRow.dead.is_(True))
        )
    ]
    error: EdossierError | None = None
    if parked:
        state, error = "parked", error_of(parked[0].error_code or "", parked[0].error_detail)
    elif refused:
        state, error = "parked", IndexRefused(refused[0])
    else:
        state = "searchable" if all(page.state == "searchable" for page in pages) else "reading"
    number = cases.number_of(session, session.get_one(Case, document.case_id))
    volume = session.get_one(Volume, document.volume_id).name
    return _entry(document.id, source, number, volume, len(pages), state, error), len(parked) + len(refused)


def _file_entry(session: Session, arrival: Arrival) -> dict[str, Any]:
    error = error_of(arrival.error_code or "", arrival.error_detail) if arrival.state == "failed" else None
    number = cases.number_of(session, session.get_one(Case, arrival.case_id))
    volume = session.get_one(Volume, arrival.volume_id).name
    return _entry(arrival.id, arrival.source, number, volume, 0, "failed" if error else "attachment", error)


def _entry(
    id_: str, source: str, number: str | None, volume: str, pages: int, state: str, error: EdossierError | None
) -> dict[str, Any]:
    return {
        "id": id_,
        "source": source,
        "case_number": number,
        "volume": volume,
        "pages": pages,
        "state": state,
        "error": {"code": error.code, "message": error.message} if error else None,
    }


def _pages_done(session: Session, arrival_ids: list[str]) -> tuple[int, int]:
    """Pages that are settled (searchable, parked, or refused by the engine for good), and pages in all."""
    done = total = 0
    for some in _portions(arrival_ids):
        states = dict(
            session.execute(
                select(Page.state, func.count())
                .where(Page.arrival_id.in_(some), Page.outside.is_(None))
                .group_by(Page.state)
            ).all()
        )
        total += sum(states.values())
        done += states.get("searchable", 0) + states.get("parked", 0)
        if states.get("read"):
            done += _count(
                session,
                select(OutboxRow.page_id)
                .join(Page, Page.id == OutboxRow.page_id)
                .where(
                    Page.arrival_id.in_(some), Page.state == "read", Page.outside.is_(None), OutboxRow.dead.is_(True)
                ),
            )
    return done, total


def _is_anything_open(session: Session, arrival_ids: list[str]) -> bool:
    """Whether work or an index entry of these arrivals is still to be done: a look into a file, a page, a PDF."""
    for some in _portions(arrival_ids):
        pages = _pages_of(some).with_only_columns(Page.id)
        documents = select(Arrival.document_id).where(Arrival.id.in_(some))
        open_work = select(Work.id).where(Work.state.in_(("waiting", "leased")))
        for statement in (
            select(OutboxRow.page_id).where(OutboxRow.page_id.in_(pages), OutboxRow.dead.is_(False)),
            open_work.where(Work.kind == work.PAGINATE, Work.subject_id.in_(some)),
            open_work.where(Work.kind == work.READ, Work.subject_id.in_(pages)),
            open_work.where(Work.kind == work.ASSEMBLE, Work.subject_id.in_(documents)),
        ):
            if session.execute(statement.limit(1)).first() is not None:
                return True
    return False


def _pages_of(arrival_ids: Sequence[str]) -> Select[Page]:
    return select(Page).where(Page.arrival_id.in_(arrival_ids))


def _count(session: Session, statement: Select[str]) -> int:
    return session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


def _print(report: dict[str, Any]) -> None:
    people.print(
        f"{report['files']} 个文件，{report['pages']} 页，失败 {report['failed']}，用时 {report['seconds']} 秒"
    )
    for document in report["documents"]:
        reason = f"  {document['error']['message']}" if document["error"] else ""
        people.print(f"  {document['state']:<11} {document['pages']:>4} 页  {document['source']}{reason}", markup=False)
