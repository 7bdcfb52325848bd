"""Page labels 页码 in the catalogue: pages get theirs from their volume's sequence; what is wrong becomes a flag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import flags
from dossier.catalogue.tables import Page, Volume
from dossier.doubles import answered_pairs, pair_of
from dossier.label_chain import LabelPage
from dossier.label_sequence import LabelSequence, label_sequence, place_before
from dossier.quality.follow import follow
from dossier.reading import Box, LabelCandidate
from dossier.receipts.known_gaps import without_known

MOST_LISTED = 50
"""Numbers, or ranges of numbers, that a flag names."""

MOST_OFFERED = 3
"""Pages out of order of which a flag says where they belong."""


def candidates_as_json(candidates: tuple[LabelCandidate, ...]) -> list[dict[str, Any]]:
    """The form in which a page's row keeps the candidates of its reading."""
    return [
        {"text": label.text, "box": label.box.as_list(), "confidence": label.confidence, "stamped": label.stamped}
        for label in candidates
    ]


def settle_labels(session: Session, volume_id: str) -> None:
    """Bring the labels of a volume's pages, and its flags about them, to what its pages say now.

    One query, and no files. Done again it changes nothing; labels that a person has confirmed are left as they are.
    Every change of a volume's pages ends here, and so here it is seen whether an approval still holds.
    """
    pages = session.scalars(
        select(Page).where(Page.volume_id == volume_id, Page.outside.is_(None)).order_by(Page.page_number)
    ).all()
    volume = session.get_one(Volume, volume_id)
    sequence = _sequence(session, volume, pages)
    for page, label in zip(pages, sequence.labels, strict=True):
        if page.page_label_state != "confirmed":
            page.page_label, page.page_label_state = label or (None, None)
    ids = [page.id for page in pages]
    for code, numbers, place in _findings(sequence):
        if numbers:
            listed = list(dict.fromkeys(numbers))[:MOST_LISTED]
            further = {"insert": _insertions(sequence, pages)} if code == "label_order" else {}
            flags.raise_flag(
                session, "volume", volume_id, volume.case_id, code, numbers=listed, page_id=ids[place], **further
            )
        else:
            flags.close_flag(session, "volume", volume_id, code)
    follow(session, volume_id)


@dataclass(frozen=True)
class LabelQuestion:
    """Two pages that a person should look at side by side.

    Attributes:
        code: the flag's: label_gap, label_repeated, label_order.
        label: the numbers that are missing (36, 36–38), or the one that is doubled or out of place.
        first_id, second_id: the pages before and behind the gap; those with the same label; the page and the one
            before it. `first_id` is None where there is no page before.
        behind: of one out of place, the page behind which its number belongs (""), and that page's number in the order,
            0 where it is the front; None where nobody can say.
    """

    code: str
    label: str
    first_id: str | None
    second_id: str
    behind: tuple[str, int] | None = None


def label_questions(session: Session, volume_id: str) -> list[LabelQuestion]:
    """The gaps, doubles and numbers out of place of a volume's labels, in the order of its pages; at most 50."""
    pages = session.scalars(
        select(Page).where(Page.volume_id == volume_id, Page.outside.is_(None)).order_by(Page.page_number)
    ).all()
    sequence = _sequence(session, session.get_one(Volume, volume_id), pages)
    found: list[tuple[int, LabelQuestion]] = []
    for code, numbers, places in _findings_in_full(sequence):
        for number, place in zip(numbers, places, strict=True):
            beside = _double_of(sequence, number, place) if code == "label_repeated" else place - 1
            first = pages[beside].id if beside >= 0 else None
            behind = _behind(sequence, pages, number, place) if code == "label_order" else None
            found.append((place, LabelQuestion(code, number, first, pages[place].id, behind)))
    return [question for _, question in sorted(found, key=lambda entry: entry[0])][:MOST_LISTED]


def place_by_label(session: Session, page: Page) -> tuple[str, int] | None:
    """Behind which page of its volume (id, and number in the order) a page belongs by the label that a person has given
    it; number 0: the front. None where it stands there, or nobody can say.
    """
    if page.page_label is None or page.page_label_state != "confirmed" or page.outside is not None:
        return None
    pages = session.scalars(
        select(Page).where(Page.volume_id == page.volume_id, Page.outside.is_(None)).order_by(Page.page_number)
    ).all()
    sequence = _sequence(session, session.get_one(Volume, page.volume_id), pages)
    return _behind(sequence, pages, page.page_label, page.page_number - 1)


def _behind(sequence: LabelSequence, pages: Sequence[Page], label: str, place: int) -> tuple[str, int] | None:
    at = place_before(sequence, label, place)
    if at is None or at == place - 1:
        return None
    return (pages[at].id, pages[at].page_number) if at >= 0 else ("", 0)


def _insertions(sequence: LabelSequence, pages: Sequence[Page]) -> list[dict[str, str | int]]:
    """Of the first labels out of order: the page, its label, and behind which page (id, number) it belongs."""
    return [
        {"page_id": pages[place].id, "label": label, "after": behind[0], "number": behind[1]}
        for label, place in sequence.disordered[:MOST_OFFERED]
        if (behind := _behind(sequence, pages, label, place)) is not None
    ]


def _double_of(sequence: LabelSequence, label: str, place: int) -> int:
    """The place of the page with the same label as one that is too many; the one before it where there is none."""
    same = (at for at, known in enumerate(sequence.labels) if known and known[0] == label and at != place)
    return next(same, place - 1)


def _sequence(session: Session, volume: Volume, pages: Sequence[Page]) -> LabelSequence:
    """The labels of a volume's pages; what its paper is known to lack is not missed, and of what is known to be no
    double, or kept, nobody is asked again.
    """
    sequence = label_sequence([_label_page(page) for page in pages])
    repeated = sequence.repeated
    if repeated:
        answered = answered_pairs(session, volume.id)
        repeated = tuple(
            (label, place)
            for label, place in repeated
            if pair_of(pages[place].id, pages[_double_of(sequence, label, place)].id) not in answered
        )
    return replace(sequence, missing=without_known(sequence.missing, volume.known_gaps), repeated=repeated)


def _label_page(page: Page) -> LabelPage:
    if page.page_label_state == "confirmed" and page.page_label is None:
        return LabelPage(is_blank=page.blank)  # a person has said that it bears no number
    return LabelPage(
        candidates=tuple(LabelCandidate(**{**label, "box": Box(*label["box"])}) for label in page.label_candidates),
        is_open=page.state in ("waiting", "reading"),
        is_blank=page.blank,
        confirmed=page.page_label if page.page_label_state == "confirmed" else None,
    )


def _findings(sequence: LabelSequence) -> list[tuple[str, list[str], int]]:
    """Each flag's code, the numbers that it names (none: it does not stand), and the place of the first page to see."""
    return [(code, numbers, min(places, default=0)) for code, numbers, places in _findings_in_full(sequence)]


def _findings_in_full(sequence: LabelSequence) -> list[tuple[str, list[str], list[int]]]:
    """Each flag's code, the numbers that it names, and the place of each."""
    missing = [str(first) if first == last else f"{first}–{last}" for first, last, _ in sequence.missing]
    return [
        ("label_gap", missing, [place for *_, place in sequence.missing]),
        ("label_repeated", [label for label, _ in sequence.repeated], [place for _, place in sequence.repeated]),
        ("label_order", [label for label, _ in sequence.disordered], [place for _, place in sequence.disordered]),
    ]
