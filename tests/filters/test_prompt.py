"""What helps while a filter is typed: what a word may become, and one example of each field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.filters import Field, FilterError, Kind, parse
from smsmon.filters.groups import GROUP_TABLE_FIELDS
from smsmon.filters.messages import ALERT_FIELD, MESSAGE_FIELDS
from smsmon.filters.prompt import OFFERED_LIMIT, completions, examples, hint
from smsmon.filters.questions import Value
from smsmon.filters.recipients import RECIPIENT_FIELDS
from smsmon.filters.subjects import LOG_FIELDS

MESSAGES = (*MESSAGE_FIELDS, ALERT_FIELD)
TABLES = {"messages": MESSAGES, "recipients": RECIPIENT_FIELDS, "log": LOG_FIELDS}
HAD: dict[str, list[Value]] = {
    "tag": [("otp", "promo"), (), ("otp",)],
    "label": ["Black Friday FR", "été", "OTP login", 'say "hi"', ""],
    "profile": ["default", "shop"],
    "country": ["FR", "GB", "", None],
    "alert": [("losses",)],
}


def became(text: str, fields: tuple[Field, ...] = MESSAGES) -> list[str]:
    """The whole text with each candidate in its place."""
    found = completions(text, len(text), fields, lambda name: HAD.get(name, ()))
    return [text[: found.start] + each for each in found.candidates]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("black st", ["black state:", "black stop>", "black stop_share>"]),
        ("!sta", ["!state:"]),
        ("failed_", ["failed_share>"]),
        ("state:", [f"state:{word}" for word in
                    ("stale", "not_found", "live", "new", "complete", "settled", "paused")]),
        ("state:li", ["state:live"]),
        ("STATE:LI", ["STATE:live"]),
        ("!state:live,no", ["!state:live,not_found"]),
        ("state!=p", ["state!=paused"]),
        ("trouble:", ["trouble:yes", "trouble:no", "trouble:unknown"]),
        ("tag:", ["tag:otp", "tag:promo"]),
        ("tag=o", ["tag=otp"]),
        ("profile:s", ["profile:shop"]),
        ("alert:", ["alert:losses"]),
        ("label:bl", ['label:"Black Friday FR"']),
        ('label:"black fr', ['label:"Black Friday FR"']),
        ("label:ét", ["label:été"]),
        ("label:et", ["label:été"]),
    ],
)  # fmt: skip
def test_a_word_is_completed_by_fields_words_and_what_the_table_holds(
    text: str, expected: list[str]
) -> None:
    assert became(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "state:live ", "!", "! ", '"sta', "/sta", "label:/fr", 'label:"été"', "recipients>1",
     "state>li", "nothing:x", "label:say", "zz"],
)  # fmt: skip
def test_what_cannot_go_on_has_no_candidates(text: str) -> None:
    assert became(text) == []


@pytest.mark.parametrize(
    ("fields", "plain", "offered"),
    [
        (MESSAGE_FIELDS, "id label note state tag", "id label profile source tag"),
        (RECIPIENT_FIELDS, "country phone status word", "country word"),
        (GROUP_TABLE_FIELDS, "alert group", "alert group"),
        (LOG_FIELDS, "message phone text", "message"),
    ],
    ids=["messages", "recipients", "groups", "log"],
)
def test_which_fields_a_bare_word_looks_in_and_whose_values_are_offered(
    fields: tuple[Field, ...], plain: str, offered: str
) -> None:
    assert " ".join(sorted(each.name for each in fields if each.plain)) == plain
    assert " ".join(sorted(each.name for each in fields if each.offered)) == offered


def test_countries_are_offered_by_their_code_and_numbers_of_people_never() -> None:
    assert became("country:", RECIPIENT_FIELDS) == ["country:fr", "country:gb"]
    assert became("country:fr,", RECIPIENT_FIELDS) == ["country:fr,gb"]
    asked: list[str] = []
    for fields in TABLES.values():
        for field in fields:
            text = f"{field.name}:"
            completions(text, len(text), fields, lambda name: asked.append(name) or ())  # type: ignore[func-returns-value]
    assert not {"phone", "text", "note", "reason"} & {*asked}


def test_inside_of_a_word_nothing_is_completed_and_what_comes_behind_stays() -> None:
    assert not completions("state:li", 3, MESSAGES).candidates
    found = completions("sta tag:otp", 3, MESSAGES)
    assert (found.start, found.end, found.candidates) == (0, 3, ("state:",))


def test_a_field_with_too_many_values_offers_a_bounded_number() -> None:
    found = completions("id:", 3, MESSAGES, lambda _: (str(n) for n in range(100_000)))
    assert len(found.candidates) == OFFERED_LIMIT


@pytest.mark.parametrize("fields", TABLES.values(), ids=TABLES)
def test_every_example_and_every_hint_is_a_filter_of_its_own_table(
    fields: tuple[Field, ...],
) -> None:
    told = examples(fields)
    assert {parse(each.term, fields).fields for each in told} == {
        frozenset([field.name]) for field in fields
    }
    words = {
        f.example: ("yes", "no", "unknown") if f.kind is Kind.FLAG else f.words for f in fields
    }
    for each in told:
        meaning, _, last = each.meaning.rpartition(": ")
        assert tuple(last.split(", ")) == words[each.term] if words[each.term] else each.meaning
        assert meaning or not words[each.term]
    for term in hint(fields):
        assert parse(term, fields)


def test_the_hint_of_a_table_has_no_field_that_is_not_there() -> None:
    assert "status:waiting" not in hint(MESSAGES)
    assert "status:waiting" in hint(RECIPIENT_FIELDS)


TEXTS = st.text(st.sampled_from(list('stae:!",/ =o>é')) | st.characters(), max_size=12)


def _trouble_at(text: str) -> int:
    """Where it cannot be understood; -1 when it can."""
    try:
        parse(text, MESSAGES)
    except FilterError as error:
        return error.start
    return -1


@given(st.sampled_from(["", "state:", "label:", "tag=", "sta", "country:"]), TEXTS, st.data())
def test_a_candidate_makes_a_filter_or_the_beginning_of_one(
    begun: str, typed: str, data: st.DataObject
) -> None:
    text = typed + begun
    cursor = data.draw(st.integers(0, len(text)))
    found = completions(text, cursor, MESSAGES, lambda name: HAD.get(name, ()))
    assert 0 <= found.start <= found.end == cursor
    for candidate in found.candidates if found.final else ():
        assert _trouble_at(text[: found.start] + candidate) < found.start  # if any, it was there
