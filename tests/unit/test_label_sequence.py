"""The sequence of a volume's page labels: what is missing, doubled, out of order; and when nothing can be said."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.label_chain import LabelPage, key_of, label_of
from dossier.label_sequence import LabelSequence, label_sequence
from dossier.reading import Box, LabelCandidate

Volume = list[LabelPage]

UNREAD = LabelPage()
BLANK = LabelPage(is_blank=True)
OPEN = LabelPage(is_open=True)


def stamp(text: str | int, x: float = 0.9, y: float = 0.04) -> LabelCandidate:
    return LabelCandidate(str(text), Box(x - 0.02, y - 0.01, x + 0.02, y + 0.01), 0.98, True)


def typed(number: int) -> LabelCandidate:
    return LabelCandidate(str(number), Box(0.48, 0.95, 0.52, 0.96), 0.98, False)


def stamped(*numbers: str | int) -> Volume:
    return [LabelPage((stamp(number),)) for number in numbers]


def labels(sequence: LabelSequence) -> list[str | None]:
    return [label[0] if label else None for label in sequence.labels]


def states(sequence: LabelSequence) -> list[str | None]:
    return [label[1] if label else None for label in sequence.labels]


def is_silent(sequence: LabelSequence) -> bool:
    return not (sequence.missing or sequence.repeated or sequence.disordered)


def missing(sequence: LabelSequence) -> list[int]:
    return [number for first, last, _ in sequence.missing for number in range(first, last + 1)]


@pytest.mark.parametrize(
    ("label", "canonical"), [("35", "35"), ("0035", "35"), ("35-1", "35-1"), ("035-2", "35-2"), ("35背", "35背")]
)
def test_a_label_is_known_by_its_key(label: str, canonical: str) -> None:
    key = key_of(label)

    assert key is not None
    assert label_of(key) == canonical


def test_labels_are_ordered_as_they_lie_in_a_volume() -> None:
    ordered = ["34", "35", "35背", "35-1", "35-2", "36"]

    assert sorted(["36", "35-2", "35背", "34", "35-1", "35"], key=lambda label: key_of(label) or (0, 0)) == ordered


@given(st.integers(3, 150), st.integers(1, 60), st.randoms(use_true_random=False))
def test_an_intact_volume_raises_no_alarm_whatever_else_stands_on_its_pages(
    count: int, first: int, chance: Random
) -> None:
    first = 1 if first <= 10 else first
    pages, expected = [], []
    for number in range(first, first + count):
        others = (typed(chance.randint(1, 9)), stamp(chance.randint(1, 9000), 0.88, 0.09))
        pages.append(LabelPage((stamp(f"{number:04}"), *others[: chance.randint(0, 2)])))
        expected.append(str(number))
        if chance.random() < 0.3:  # the blank back of a sheet
            pages.append(BLANK)
            expected.append("")

    sequence = label_sequence(pages)

    assert [label or "" for label in labels(sequence)] == expected
    assert is_silent(sequence)


@given(st.integers(20, 150), st.data())
def test_what_was_taken_out_of_a_volume_is_missing_and_nothing_else(count: int, data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.integers(1, count - 3), max_size=min(count // 5, 9)))

    sequence = label_sequence(stamped(*(number for number in range(1, count + 1) if number not in gone)))

    assert missing(sequence) == sorted(gone)
    assert not sequence.repeated
    assert not sequence.disordered


@given(st.integers(10, 120), st.data())
def test_a_sheet_that_was_scanned_twice_is_found(count: int, data: st.DataObject) -> None:
    twice = data.draw(st.sets(st.integers(1, count), max_size=count // 5))
    numbers = [number for number in range(1, count + 1) for _ in range(1 + (number in twice))]

    sequence = label_sequence(stamped(*(f"{number:03}" for number in numbers)))

    assert sorted(int(label) for label, _ in sequence.repeated) == sorted(twice)
    assert not sequence.missing
    assert not sequence.disordered


@given(st.integers(12, 100), st.data())
def test_a_sheet_that_lies_elsewhere_is_found_and_not_called_missing(count: int, data: st.DataObject) -> None:
    numbers = list(range(1, count + 1))
    number = numbers.pop(data.draw(st.integers(1, count - 2)))
    others = [place for place in range(1, count - 1) if abs(place - number) > 2]
    numbers.insert(data.draw(st.sampled_from(others)), number)

    sequence = label_sequence(stamped(*numbers))

    assert [label for label, _ in sequence.disordered] == [str(number)]
    assert not sequence.missing
    assert not sequence.repeated
    assert labels(sequence) == [str(number) for number in numbers]


@given(st.integers(10, 120), st.data())
def test_single_labels_that_were_not_read_are_proposed(count: int, data: st.DataObject) -> None:
    unread = data.draw(st.sets(st.integers(2, count - 1), max_size=count // 4))
    pages = [UNREAD if number in unread else stamped(number)[0] for number in range(1, count + 1)]

    sequence = label_sequence(pages)

    assert labels(sequence) == [str(number) for number in range(1, count + 1)]
    assert {place + 1 for place, state in enumerate(states(sequence)) if state == "proposed"} == unread
    assert is_silent(sequence)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=30), st.booleans())
def test_numbers_that_begin_anew_with_each_document_raise_no_alarm(lengths: list[int], in_corner: bool) -> None:
    pages = [
        LabelPage((stamp(number) if in_corner else typed(number),))
        for length in lengths
        for number in range(1, length + 1)
    ]

    assert is_silent(label_sequence(pages))


@pytest.mark.parametrize("each", [1, 2, 3])
@pytest.mark.parametrize("count", [10, 30, 100])
def test_numbers_of_forms_and_tables_are_no_sequence(count: int, each: int) -> None:
    # Drawn once and for all: among many thousand short volumes chance makes a sequence somewhere.
    chance = Random(10_000 * count + each)
    for _ in range(40):
        pages = [
            LabelPage(tuple(stamp(chance.randint(1, 2000), chance.uniform(0.78, 0.95)) for _ in range(each)))
            for _ in range(count)
        ]

        sequence = label_sequence(pages)

        assert is_silent(sequence)
        assert labels(sequence) == [None] * count


def test_a_volume_without_numbers_has_no_labels_and_no_alarm() -> None:
    assert label_sequence([]) == LabelSequence(())
    assert label_sequence([UNREAD, BLANK, UNREAD]) == LabelSequence((None, None, None))


def test_two_numbered_pages_are_no_sequence() -> None:
    assert labels(label_sequence([*stamped(1, 5), UNREAD, UNREAD])) == [None] * 4


def test_a_few_numbered_pages_among_many_are_no_sequence() -> None:
    assert labels(label_sequence([*stamped(1, 2, 3), *[UNREAD] * 10])) == [None] * 13


def test_stamps_outrank_the_numbers_that_documents_have_of_their_own() -> None:
    pages = [LabelPage((stamp(20 + place), typed(1 + place % 4))) for place in range(12)]

    sequence = label_sequence(pages)

    assert labels(sequence) == [str(20 + place) for place in range(12)]
    assert is_silent(sequence)


def test_where_a_stamp_is_unread_the_documents_own_number_is_not_taken_for_it() -> None:
    pages = [LabelPage((stamp(20 + place), typed(1 + place % 4))) for place in range(12)]
    pages[6] = LabelPage((typed(3),))

    sequence = label_sequence(pages)

    assert sequence.labels[6] == ("26", "proposed")
    assert is_silent(sequence)


def test_numbers_typed_through_a_whole_volume_are_its_labels() -> None:
    pages = [LabelPage((typed(number),)) for number in (1, 2, 3, 5, 6)]

    assert missing(label_sequence(pages)) == [4]


def test_the_place_of_what_is_missing_is_the_page_after_it() -> None:
    assert label_sequence(stamped(1, 2, 3, 6, 7, 8)).missing == ((4, 5, 3),)


def test_a_volume_that_begins_at_three_lacks_two_pages_unless_its_cover_is_there() -> None:
    assert missing(label_sequence(stamped(3, 4, 5, 6))) == [1, 2]
    assert is_silent(label_sequence([UNREAD, UNREAD, *stamped(3, 4, 5, 6)]))


def test_a_volume_that_goes_on_from_another_begins_where_it_begins() -> None:
    assert is_silent(label_sequence(stamped(201, 202, 203, 204)))


def test_a_blank_back_does_not_stand_for_a_missing_sheet() -> None:
    assert missing(label_sequence([*stamped(1, 2, 3), BLANK, *stamped(5, 6, 7)])) == [4]


def test_an_unread_page_more_than_numbers_leaves_open_which_it_is_and_raises_no_alarm() -> None:
    sequence = label_sequence([*stamped(1, 2, 3), UNREAD, UNREAD, *stamped(5, 6, 7)])

    assert labels(sequence)[3:5] == [None, None]
    assert is_silent(sequence)


def test_where_only_fronts_are_stamped_a_back_does_not_hide_a_missing_sheet() -> None:
    pages = [page for number in (1, 2, 3, 5, 6) for page in (stamped(number)[0], UNREAD)]

    sequence = label_sequence(pages)

    assert missing(sequence) == [4]
    assert "proposed" not in states(sequence)


def test_where_only_fronts_are_stamped_an_unread_front_gets_its_number() -> None:
    pages = [page for number in range(1, 9) for page in (stamped(number)[0], UNREAD)]
    pages[8] = UNREAD

    sequence = label_sequence(pages)

    assert sequence.labels[8] == ("5", "proposed")
    assert states(sequence).count("proposed") == 1
    assert is_silent(sequence)


@given(st.integers(12, 80), st.data())
def test_where_only_fronts_are_stamped_some_backs_are_blank_and_every_fault_is_found_all_the_same(
    count: int, data: st.DataObject
) -> None:
    written = data.draw(st.sets(st.integers(1, count)))
    middle = st.integers(3, count - 3)
    unread, gone = data.draw(middle), data.draw(middle)
    pages, expected = [], []
    for number in range(1, count + 1):
        if number == gone:
            continue
        is_proposed = number == unread and gone not in (number - 1, number + 1)
        is_unlabelled = number == unread and not is_proposed
        pages += [UNREAD if number == unread else stamped(number)[0], UNREAD if number in written else BLANK]
        expected += [(None, None) if is_unlabelled else (str(number), "proposed" if is_proposed else "read"), None]

    sequence = label_sequence(pages)

    assert [label or (None, None) for label in sequence.labels] == [label or (None, None) for label in expected]
    assert gone in missing(sequence)
    assert set(missing(sequence)) <= {gone, unread}


def test_nothing_is_said_of_a_jump_while_pages_in_it_are_still_to_be_read() -> None:
    assert is_silent(label_sequence([*stamped(1, 2, 3), OPEN, *stamped(9, 10, 11)]))


def test_a_misread_number_is_neither_double_nor_out_of_order() -> None:
    sequence = label_sequence(stamped(*range(1, 36), 86, *range(37, 100)))

    assert sequence.labels[35] == ("36", "proposed")
    assert is_silent(sequence)


def test_a_misread_number_is_not_taken_for_that_of_a_page_whose_label_was_not_read() -> None:
    pages = stamped(*range(1, 100))
    pages[19], pages[56] = stamped(57)[0], UNREAD

    sequence = label_sequence(pages)

    assert (sequence.labels[19], sequence.labels[56]) == (("20", "proposed"), ("57", "proposed"))
    assert is_silent(sequence)


def test_a_misread_number_that_happens_to_rise_opens_no_gap() -> None:
    sequence = label_sequence([*stamped(*range(1, 36), 38), UNREAD, UNREAD, *stamped(*range(39, 60))])

    assert labels(sequence) == [str(number) for number in range(1, 60)]
    assert is_silent(sequence)


def test_a_number_that_stands_elsewhere_than_the_stamps_does_not_continue_them() -> None:
    assert is_silent(label_sequence([*stamped(*range(1, 30)), LabelPage((stamp(33, 0.78, 0.11),))]))
    assert missing(label_sequence(stamped(*range(1, 30), 33))) == [30, 31, 32]


def test_two_pages_that_were_exchanged_are_out_of_order_even_if_their_numbers_look_alike() -> None:
    numbers = [*range(1, 15), 25, *range(16, 25), 15, *range(26, 40)]

    assert {label for label, _ in label_sequence(stamped(*numbers)).disordered} == {"15", "25"}


def test_a_page_scanned_anew_and_put_behind_the_others_is_found() -> None:
    sequence = label_sequence(stamped(*range(1, 100), 12))

    assert sequence.repeated == (("12", 99),)
    assert not sequence.missing


def test_a_stack_that_was_fed_twice_is_found() -> None:
    numbers = [*range(1, 31), *range(21, 31), *range(31, 51)]

    sequence = label_sequence(stamped(*(f"{number:04}" for number in numbers)))

    assert sorted(int(label) for label, _ in sequence.repeated) == list(range(21, 31))
    assert not sequence.missing


def test_a_stack_that_lies_elsewhere_is_out_of_order() -> None:
    numbers = [*range(1, 21), *range(31, 36), *range(21, 31), *range(36, 50)]

    sequence = label_sequence(stamped(*numbers))

    assert [label for label, _ in sequence.disordered] == [str(number) for number in range(31, 36)]
    assert not sequence.missing


def test_a_stray_number_at_the_end_opens_no_gap() -> None:
    assert is_silent(label_sequence([*stamped(*range(1, 30)), LabelPage((stamp(500, 0.8, 0.11),))]))
    assert is_silent(label_sequence(stamped(1, 2, 3, 4, 97)))


def test_inserted_sheets_keep_their_labels() -> None:
    sequence = label_sequence(stamped("34", "35", "35-1", "35-2", "36", "37"))

    assert labels(sequence) == ["34", "35", "35-1", "35-2", "36", "37"]
    assert is_silent(sequence)


def test_a_confirmed_label_holds_against_what_was_read() -> None:
    pages = stamped(1, 2, 3, 4, 5)
    pages[2] = LabelPage((stamp(8),), confirmed="3")

    sequence = label_sequence(pages)

    assert sequence.labels[2] == ("3", "confirmed")
    assert is_silent(sequence)


def test_confirmed_labels_stand_where_there_is_no_sequence() -> None:
    assert label_sequence([LabelPage(confirmed="甲1"), UNREAD]).labels == (("甲1", "confirmed"), None)
