"""Transcriptions as catalogue and vault hold them together: those that stand, and what each has been."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Page, TranscriptionRow, TranscriptionVersion
from dossier.crop import Sight
from dossier.errors import NotFound, ObjectChanged, StoreError
from dossier.permissions import sees
from dossier.reading import Box, Reading
from dossier.transcriptions.transcription import (
    Transcription,
    in_reading_order,
    reading_of_transcriptions,
    text_of_stored,
)
from dossier.vault import Vault
from dossier.viewers import Viewer

_AT_ONCE = 500


def anything_transcribed(session: Session) -> bool:
    """Whether people have ever transcribed anything; without, no search has to look for it."""
    return bool(session.scalar(select(exists().where(TranscriptionRow.version > 0))))


def pages_transcribed(session: Session, page_ids: Collection[str]) -> set[str]:
    """Of these pages those of which a transcription stands."""
    wanted = sorted(page_ids)
    return {
        page_id
        for start in range(0, len(wanted), _AT_ONCE)
        for page_id in session.scalars(
            select(TranscriptionRow.page_id)
            .where(
                TranscriptionRow.page_id.in_(wanted[start : start + _AT_ONCE]),
                TranscriptionRow.withdrawn_at.is_(None),
            )
            .distinct()
        )
    }


def transcriptions_of(
    session: Session, vault: Vault, page_ids: Collection[str]
) -> dict[str, tuple[Transcription, ...]]:
    """The transcriptions of pages that stand, in reading order; pages without any are not in it.

    Raises:
        ObjectMissing, ObjectChanged: the vault does not hold what the catalogue says.
    """
    found: dict[str, list[Transcription]] = {}
    wanted = sorted(page_ids)
    for start in range(0, len(wanted), _AT_ONCE):
        some = TranscriptionRow.page_id.in_(wanted[start : start + _AT_ONCE])
        for row, version, turn_degrees, crop in session.execute(_standing().where(some)):
            sight = Sight.of_columns(turn_degrees, crop)
            found.setdefault(row.page_id, []).append(_value(vault, row, version, sight))
    return {page_id: in_reading_order(ones) for page_id, ones in found.items()}


def intact_transcriptions(
    session: Session, vault: Vault, page_id: str
) -> tuple[tuple[Transcription, ...], tuple[str, ...]]:
    """The transcriptions of a page that stand, in reading order, and the ids of those whose file is lost or altered."""
    found: list[Transcription] = []
    damaged: list[str] = []
    of_page = TranscriptionRow.page_id == page_id
    for row, version, turn_degrees, crop in session.execute(_standing().where(of_page)):
        try:
            found.append(_value(vault, row, version, Sight.of_columns(turn_degrees, crop)))
        except StoreError:
            damaged.append(row.id)
    return in_reading_order(found), tuple(sorted(damaged))


def boxes_of(session: Session, page_id: str) -> list[tuple[TranscriptionRow, Box]]:
    """The transcriptions of a page that stand, and where; without a look at their texts."""
    return [
        (row, Sight.of_columns(turn_degrees, crop).from_whole(Box(*version.box), version.turn_degrees))
        for row, version, turn_degrees, crop in session.execute(_standing().where(TranscriptionRow.page_id == page_id))
    ]


def transcribed_reading(session: Session, vault: Vault, page: Page) -> Reading | None:
    """What people read on a page, in the form of a reading; None where nothing stands.

    What is lost or altered in the vault is left out: a flag on the page says so, and `verify`.
    """
    intact, _ = intact_transcriptions(session, vault, page.id)
    return reading_of_transcriptions(intact, page.width or 1, page.height or 1)


def transcription_in_sight(session: Session, viewer: Viewer, transcription_id: str) -> TranscriptionRow:
    """A transcription, on a page that a viewer sees.

    Raises:
        NotFound: there is none with this id, or its page is out of sight.
    """
    row = session.get(TranscriptionRow, transcription_id)
    if row is None or not sees(session, viewer, session.get_one(Page, row.page_id).case_id):
        raise NotFound(transcription_id)
    return row


def current_version(session: Session, vault: Vault, row: TranscriptionRow) -> Transcription:
    """The version of a transcription that stands, or stood until it was withdrawn."""
    return version_of(session, vault, row, row.version)


def version_of(session: Session, vault: Vault, row: TranscriptionRow, number: int) -> Transcription:
    """A version of a transcription, from 1."""
    version = session.get_one(TranscriptionVersion, (row.id, number))
    return _value(vault, row, version, Sight.of(session.get_one(Page, row.page_id)))


def versions_of(session: Session, vault: Vault, row: TranscriptionRow) -> Sequence[Transcription]:
    """All that a transcription has been, the earliest first."""
    sight = Sight.of(session.get_one(Page, row.page_id))
    return [
        _value(vault, row, version, sight)
        for version in session.scalars(
            select(TranscriptionVersion)
            .where(TranscriptionVersion.transcription_id == row.id)
            .order_by(TranscriptionVersion.version)
        )
    ]


def _standing() -> Select[TranscriptionRow, TranscriptionVersion, int | None, dict[str, Any] | None]:
    return (
        select(TranscriptionRow, TranscriptionVersion, Page.turn_degrees, Page.crop)
        .join(
            TranscriptionVersion,
            (TranscriptionVersion.transcription_id == TranscriptionRow.id)
            & (TranscriptionVersion.version == TranscriptionRow.version),
        )
        .join(Page, Page.id == TranscriptionRow.page_id)
        .where(TranscriptionRow.withdrawn_at.is_(None))
    )


def _value(vault: Vault, row: TranscriptionRow, version: TranscriptionVersion, sight: Sight) -> Transcription:
    try:
        text = text_of_stored(vault.transcription(row.page_id, row.id, version.version, version.sha256))
    except ValueError as error:
        raise ObjectChanged(f"{row.id}.{version.version}: {type(error).__name__}") from error
    # Somebody may have turned or cropped the page since; what was drawn on it turns with it.
    box = sight.from_whole(Box(*version.box), version.turn_degrees)
    return Transcription(row.id, row.page_id, version.version, text, box, version.author, version.at)
