"""The vocabulary keeps its words."""

from array import array
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smsmon.model import Counts, is_message_id
from smsmon.recipients import Phones, Recipient, Recipients, Status, status_of

E164 = st.from_regex(r"\+[1-9][0-9]{5,14}", fullmatch=True)
PHONES = st.lists(E164 | st.text(max_size=20), max_size=30)
ROWS = st.lists(
    st.builds(
        Recipient,
        phone=E164 | st.text(max_size=12),
        status=st.sampled_from(Status),
        raw_status=st.text(max_size=12),
        stop=st.sampled_from([True, False, None]),
        date=st.none() | st.integers(1, 2**40),
        reason=st.sampled_from(["", "no number"]),
    ),
    max_size=30,
)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Delivered", Status.DELIVERED),
        ("DELIVRD", Status.DELIVERED),
        ("Not delivered", Status.NOT_DELIVERED),
        ("not  delivered ", Status.NOT_DELIVERED),
        ("ko", Status.NOT_DELIVERED),
        ("REJECTD", Status.NOT_DELIVERED),
        ("Waiting", Status.WAITING),
        ("ENROUTE", Status.WAITING),
        ("UNKNOWN", Status.UNKNOWN),
        ("Undelivered?", Status.UNKNOWN),
        ("", Status.UNKNOWN),
    ],
)
def test_each_documented_word_has_its_status_and_no_other_has_one(
    word: str, status: Status
) -> None:
    assert status_of(word) is status


@given(PHONES)
def test_a_column_of_phones_gives_back_every_number_as_it_was(phones: list[str]) -> None:
    column = Phones(phones)
    assert list(column) == phones
    assert [column[i] for i in range(len(phones))] == phones
    assert column[1:] == phones[1:]


@given(PHONES, E164)
@example(["+3361234567899", "+33600000000"], "+33612345678")  # alike where two numbers meet
@example(["+3361234567899", "+33600000000", "+33612345678"], "+4412345678")
@example(["+33600000000", "36180"], "06 12")
def test_a_number_is_found_at_its_first_place(phones: list[str], other: str) -> None:
    column = Phones(phones)
    for phone in [*phones, other]:
        assert column.find(phone) == (phones.index(phone) if phone in phones else -1)


@given(PHONES, PHONES)
def test_columns_of_phones_are_equal_exactly_when_their_numbers_are(
    one: list[str], other: list[str]
) -> None:
    assert (Phones(one) == Phones(other)) == (one == other)
    assert Phones(one) == Phones(list(one))
    assert hash(Phones(one)) == hash(Phones(list(one)))


@given(PHONES)
def test_keys_tell_numbers_apart_as_the_texts_do(phones: list[str]) -> None:
    keys = list(Phones(phones).keys)
    for i, phone in enumerate(phones):
        assert [key == keys[i] for key in keys] == [other == phone for other in phones]


@given(ROWS)
def test_columns_give_back_the_recipients_they_were_made_of(rows: list[Recipient]) -> None:
    assert list(Recipients.of(rows)) == rows


@given(ROWS)
def test_counts_add_up_to_the_recipients(rows: list[Recipient]) -> None:
    counts = Counts.of(Recipients.of(rows))
    assert counts.total == len(rows)
    assert counts.delivered + counts.not_delivered + counts.waiting + counts.unknown == len(rows)
    assert counts.stop == sum(row.stop is True for row in rows)
    assert counts + counts - counts == counts


def test_the_delivery_rate_is_delivered_over_final_with_waiting_left_out() -> None:
    assert (
        Counts(total=10, delivered=3, not_delivered=1, waiting=5, unknown=1).delivery_rate == 0.75
    )
    assert Counts(total=5, waiting=5).delivery_rate is None


@pytest.mark.parametrize("text", ["", "0", "1", "2", "+0", "+1", "+2", "+12", "01", "-1"])
def test_a_number_of_few_digits_stays_as_it_was(text: str) -> None:
    column = Phones([text, "+33612345678", text])
    assert [*column] == [column[0], column[1], column[2]] == [text, "+33612345678", text]


@pytest.mark.parametrize("place", [0, 1, 299])
def test_one_recipient_keeps_its_word_wherever_it_stands_among_the_words(place: int) -> None:
    words = tuple(f"word {number}" for number in range(300))
    one = Recipients.of([Recipient("1", Status.UNKNOWN, "")])
    one = replace(one, words=array("I" if place > 255 else "B", [place]), vocabulary=words)
    assert one[0].raw_status == f"word {place}"


def test_more_than_256_different_words_still_fit() -> None:
    rows = [Recipient(f"+336{i:08}", Status.UNKNOWN, f"word {i}") for i in range(300)]
    columns = Recipients.of(rows)
    assert columns.words.typecode == "I"
    assert columns[299].raw_status == "word 299"
    assert isinstance(columns.dates, array)


@pytest.mark.parametrize("text", ["300", "2270142", "007", "9" * 32])
def test_digits_are_a_message_id(text: str) -> None:
    assert is_message_id(text)


@pytest.mark.parametrize("text", ["", "12a", "+300", " 300", "٣٠٠", "²", "9" * 33, "-1"])
def test_anything_but_digits_is_no_message_id(text: str) -> None:
    assert not is_message_id(text)
