"""The filter grammar: what matches, what is refused and where, and that bulk agrees with one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon import patterns
from smsmon.commands.filtering import chosen
from smsmon.commands.output import Failure
from smsmon.filters import Coded, Column, Field, FilterError, Stage, parse, stepped
from smsmon.filters.groups import GROUP_TABLE_FIELDS
from smsmon.filters.messages import MESSAGE_FIELDS
from smsmon.filters.questions import NotDigits, Value, parse_duration, parse_number
from smsmon.filters.recipients import RECIPIENT_FIELDS
from smsmon.filters.subjects import ACCOUNT_FIELDS, LOG_FIELDS
from smsmon.recipients import Phones

CARLA: Mapping[str, Value] = {
    "phone": "+33612345678",
    "status": "not_delivered",
    "word": "UNDELIV",
    "country": "FR",
    "stop": True,
    "took": 161.0,
    "age": 7500.0,
}
CAMPAIGN: Mapping[str, Value] = {
    "id": "2270142",
    "label": "Été: Black Friday FR",
    "tag": ("promo", "france"),
    "note": "",
    "state": "live",
    "recipients": 500,
    "rate": 0.962,
}


def recipient_matches(text: str, row: Mapping[str, Value] = CARLA) -> bool:
    return parse(text, RECIPIENT_FIELDS).matches(row.get)


def message_matches(text: str, row: Mapping[str, Value] = CAMPAIGN) -> bool:
    return parse(text, MESSAGE_FIELDS).matches(row.get)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "black friday",
        "FRIDAY  black",
        "ete",
        "ÉTÉ",
        '"black friday"',
        '"black fri',
        "2270",
        "promo",
        "/^été.*fr$/",
        "/BLACK|white/",
        "/blac",
        "label:black",
        'label:"black friday"',
        'label="été: black friday fr"',
        "label:/fr$/",
        "tag:fran",
        "tag=promo",
        'note:""',
        "state:live",
        "state:li",
        "state:paused,live",
        "state=live",
        "state!=paused",
        "recipients>100",
        "recipients>=500",
        "recipients<1k",
        "recipients<=500",
        "recipients:500",
        "recipients:400..600",
        "recipients:..600",
        "rate<97%",
        "rate>0.9",
        "!white",
        "!label:white",
        "! white friday",
        "!!black",
        "! !black",
        "!rate>97%",
    ],
)
def test_filter_lets_through_the_message_it_describes(text: str) -> None:
    assert message_matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "white",
        "black white",
        '"friday black"',
        "/^black/",
        "label=black",
        "tag=prom",
        "tag:promo,france",
        'label:""',
        "state:paused",
        "state!=live",
        "recipients<500",
        "recipients:501..",
        "rate>97%",
        "!black",
        "! black friday",
    ],
)
def test_filter_hides_the_message_it_does_not_describe(text: str) -> None:
    assert not message_matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "0612345678",
        '"06 12 34"',
        "+33612",
        '"+33 6 12"',
        "0033612",
        "5678",
        "345.678",
        "phone:061234",
        'phone:"+33 6.12"',
        "status:not_delivered",
        "status:not",
        'status:"not delivered"',
        "status:Not-Delivered",
        "undeliv",
        "country:fr",
        "country:FRANCE",
        "country:es,fr",
        "france",
        "stop:yes",
        "stop!=no",
        "took>60s",
        "took>2m",
        "took:2m..3m",
        "took=2m41s",
        "age>2h",
        "age>=2h05",
        "status:not country:fr stop:yes took>60s",
    ],
)
def test_filter_lets_through_the_recipient_it_describes(text: str) -> None:
    assert recipient_matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "0712",
        "+612",
        "status:delivered",
        "status=not_delivered !undeliv",
        "country:gf",
        "country:french",
        "stop:no",
        "stop:unknown",
        "took>3m",
        "took<1m",
        "age>2h06",
    ],
)
def test_filter_hides_the_recipient_it_does_not_describe(text: str) -> None:
    assert not recipient_matches(text)


def test_an_inversion_of_nothing_yet_hides_nothing() -> None:
    assert message_matches("! ")


def test_delivered_does_not_mean_not_delivered() -> None:
    assert recipient_matches("status:delivered", {"status": "delivered"})
    assert not recipient_matches("status:delivered", {"status": "not_delivered"})


def test_a_national_number_is_found_by_its_national_spelling() -> None:
    assert recipient_matches("0612", {"phone": "0612345678"})


@pytest.mark.parametrize("text", ["took>0", "took<9d", "took:0", "stop:yes", "phone:1", "word:a"])
def test_what_is_not_known_matches_nothing_and_so_its_inverse_does(text: str) -> None:
    nobody: Mapping[str, Value] = {}
    assert not recipient_matches(text, nobody)
    assert recipient_matches("!" + text, nobody)


def test_what_is_not_known_can_be_asked_for() -> None:
    assert recipient_matches("stop:unknown", {"stop": None})


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("stauts:waiting", "stauts", "Did you mean status?"),
        ("x stop:maybe", "maybe", "stop:yes, stop:no or stop:unknown"),
        ("status:sent", "sent", "delivered, waiting, not_delivered, unknown"),
        ("status:", "status:", "is one of delivered"),
        ("took>", "took>", "took>60s"),
        ("took>soon", "soon", "no duration"),
        ("took:3m..1m", "3m..1m", "ends before it begins"),
        ("a took>1..2", "1..2", "A range goes with"),
        ("status>waiting", "waiting", "for numbers and durations"),
        ("country:zz9", "zz9", "No country"),
        ("country:frnace", "frnace", "Did you mean france"),
        ("country:fr,xx", "fr,xx", "No country is called xx"),
        ("country:,", ",", "no country here"),
        ("/(/", "/(/", "no regular expression"),
        ("word:/[z/", "/[z/", "no regular expression"),
        ("took>/x/", "/x/", "goes with ':'"),
        ("/a{60000}/", "/a{60000}/", "too often"),
        ("ok !", "!", "nothing to look for"),
        ('a ""', '""', "nothing to look for"),
    ],
)
def test_error_points_at_the_place_and_says_what_to_write(
    text: str, place: str, words: str
) -> None:
    with pytest.raises(FilterError) as error:
        parse(text, RECIPIENT_FIELDS)
    assert text[error.value.start : error.value.end] == place
    assert words in error.value.sentence
    assert error.value.unfinished is text.endswith((":", ">"))


@pytest.mark.parametrize(
    ("longest", "why"),
    [
        ("a " * 499 + "bc", "at most 1,000 characters"),
        (f"/{'a' * 200}/", "at most 200 characters"),
        (f"recipients>{'1' * 30}", "no number"),
        (f"age>{'1' * 30}", "no duration"),
    ],
)
def test_what_is_typed_has_a_length_and_one_more_is_refused(longest: str, why: str) -> None:
    assert parse(longest, MESSAGE_FIELDS)
    with pytest.raises(FilterError, match=why):
        parse(re.sub(r"(?=\w/?$)", "1", longest), MESSAGE_FIELDS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{'x' * 20}y:1", f"no field {'x' * 20} here."),
        (f"country:{'x' * 20}y", f"called {'x' * 20}."),
    ],
)
def test_twenty_letters_are_repeated_of_a_name_that_nobody_knows(text: str, words: str) -> None:
    with pytest.raises(FilterError) as error:
        parse(text, RECIPIENT_FIELDS)
    assert words in error.value.sentence


def test_a_time_of_day_is_a_word_and_no_field() -> None:
    assert message_matches("12:04", {"label": "sent at 12:04"})


SLOW = {
    "(a+)+$": "a" * 59,
    "(a|aa)+$": "a" * 59,
    "(a?){60}a{60}$": "a" * 59,
    ".*.*.*[xy]z?$": "word " * 180,
    "(a{1,7}){7}(a{1,7}){7}$": "a" * 59,
    "((a?){50}){50}$": "a" * 59,
    "(?<=a)(?P<name>a|aa)+$": "a" * 59,
    "(é|éé)+$": "É" * 59,
}
"""Regular expressions that no one waits for, and of what."""


@pytest.mark.parametrize("pattern", SLOW)
@pytest.mark.parametrize("turned", ["", "!"])
def test_a_regular_expression_is_given_up_that_takes_too_long(
    pattern: str, turned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "WITHIN", 0.01)
    monkeypatch.setattr(patterns, "ALTOGETHER", 0.03)
    monkeypatch.setattr(patterns, "_REGAINED", 0.0)  # while others have the processor
    wanted, told = parse(f"{turned}label:/{pattern}/", MESSAGE_FIELDS), []
    (slow,) = wanted.patterns
    slow.tell = lambda: told.append(slow.given_up)
    values = [f"{SLOW[pattern]}!{n}" for n in range(300)]
    mask = wanted.mask(lambda _: values, len(values))
    assert sum(mask) == (len(values) if turned else 0), "what is not known matches nothing"
    assert mask == bytes(wanted.matches(lambda _, text=text: text) for text in values)  # type: ignore[misc]
    assert (wanted.slow, slow.given_up, len(told)) == (True, True, 1)
    assert len(slow._answers) < 100  # nothing was computed for the rest


@pytest.mark.parametrize(
    "fields", [MESSAGE_FIELDS, RECIPIENT_FIELDS, GROUP_TABLE_FIELDS, ACCOUNT_FIELDS, LOG_FIELDS]
)
def test_one_value_that_takes_too_long_keeps_no_other_from_matching(
    fields: Sequence[Field], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "WITHIN", 0.02)
    wanted = parse("/(a|aa)+$/", fields)
    values = ["a" * 60 + "!", "aa", "b"] * 100
    for _ in range(3):
        assert wanted.mask(lambda _: values, len(values)) == b"\0\1\0" * 100
    (slow,) = wanted.patterns
    assert (slow.slow, slow.given_up) == (True, False), "its answer is kept"


@pytest.mark.parametrize(
    "pattern",
    ["a{e}", "a{e<=3}b", "[{e}]{2}", r"\\{e}", r"\{e}", "{}", "a{,2}b", "a{,}", "a{2,1x}",
     "strasse", "(?i)É", "(?x) a b", "ſ", "(?P<n>b)(?P=n)", "(?<=x)b", "(?<!x)b", r"\bfr\b",
     "^a.b$", "(?s)a.b", "(?m)^b$", r"b\Z", "σασ", r"(?a)é\w$", "(?-i:A)"],
)  # fmt: skip
def test_a_regular_expression_means_what_it_means_in_python(pattern: str) -> None:
    wanted, python = parse(f"label:/{pattern}/", MESSAGE_FIELDS), re.compile(pattern, re.IGNORECASE)
    for text in (*"aAéÉSKb", "a{e}", "a{e<=3}b", "{e", "\\{e}", "{}", "ab", "aaab", "aa", "a{2,1x}",
                 "straße", "STRASSE", "bb", "xb", "b FR", "a\nb", "ΣΑΣ", "éa"):  # fmt: skip
        found = wanted.matches(lambda _, text=text: text)  # type: ignore[misc]
        assert found is bool(python.search(text)), text


@pytest.mark.parametrize(
    "pattern", ["(", r"\p{L}", "(?<=a+)b", "(?R)", "x{4294967295}", "a{60000}", "((a{99}){99}){99}"]
)
def test_what_is_no_regular_expression_or_too_large_is_refused(pattern: str) -> None:
    with pytest.raises(FilterError, match=r"regular expression|too often"):
        parse(f"label:/{pattern}/", MESSAGE_FIELDS)


def test_a_command_ends_with_a_sentence_where_its_filter_takes_too_long() -> None:
    choice = chosen("label:/(a|aa)+$/", (), MESSAGE_FIELDS)
    with pytest.raises(Failure, match=r"^--filter: A regular expression takes too long"):
        choice.matches(lambda _: "a" * 60 + "!")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("1m30s", 90), ("1m30", 90), ("2h05", 7500), ("1.5h", 5400),
     ("2d", 172800), ("1w", 604800), ("250ms", 0.25), ("1H", 3600)],
)  # fmt: skip
def test_durations_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


def test_numbers_are_read_as_people_write_them() -> None:
    assert [parse_number(text) for text in ("20", "-1.5", "20k", "1_000")] == [
        20,
        -1.5,
        20000,
        1000,
    ]
    assert parse_number("95%") == pytest.approx(0.95)


def test_filter_knows_the_fields_it_asks_about() -> None:
    assert parse("took>1m stop:yes", RECIPIENT_FIELDS).fields == {"took", "stop"}
    assert not parse(" ", RECIPIENT_FIELDS)


ROWS = st.fixed_dictionaries(
    {
        "phone": st.sampled_from(["+33612345678", "+4479", "0612", ""]),
        "status": st.sampled_from(["delivered", "waiting", "not_delivered", "unknown"]),
        "word": st.text(max_size=8),
        "country": st.sampled_from(["FR", "GB", ""]),
        "stop": st.sampled_from([True, False, None]),
        "took": st.none() | st.floats(0, 1e6),
        "age": st.floats(0, 1e6),
        "changed": st.none() | st.floats(0, 1e6),
        "absent": st.booleans(),
        "reason": st.text(max_size=4),
    }
)
TERMS = st.sampled_from(
    ["fr", "06", "waiting", "status:delivered", "status!=unknown", "stop:yes",
     "!stop:yes", "took>1m",
     "took:1m..2h", "/[a-m]+/", "country:gb", '"a"', "age<2d", "phone:3361", "word:e"]
)  # fmt: skip


@given(st.lists(ROWS, max_size=12), st.lists(TERMS, max_size=4), st.booleans())
def test_whole_columns_are_filtered_as_row_by_row(
    rows: list[dict[str, Value]], terms: list[str], inverted: bool
) -> None:
    wanted = parse(" ".join(["!"] * inverted + terms), RECIPIENT_FIELDS)
    one_by_one = bytes(wanted.matches(row.__getitem__) for row in rows)

    def coded(name: str) -> Coded:
        meanings = list(dict.fromkeys(row[name] for row in rows))
        return Coded(bytes(meanings.index(row[name]) for row in rows), meanings)

    def listed_codes(name: str) -> Coded:
        column = coded(name)
        return Coded(list(column.codes), column.meanings)

    def plain(name: str) -> Column:
        column = [row[name] for row in rows]
        return Phones(list(map(str, column))) if name == "phone" else column

    assert wanted.mask(plain, len(rows)) == one_by_one
    assert wanted.mask(lambda name: [row[name] for row in rows], len(rows)) == one_by_one
    assert wanted.mask(coded, len(rows)) == one_by_one
    assert wanted.mask(listed_codes, len(rows)) == one_by_one


@given(
    st.text(
        alphabet=st.sampled_from(list('ab1 !:"/<>=.,()[]+*\\|é{}-')) | st.characters(), max_size=40
    )
)
def test_any_text_is_a_filter_or_an_error_at_a_place_in_it(text: str) -> None:
    trouble = None
    try:
        assert parse(text, RECIPIENT_FIELDS).matches(CARLA.get) in (True, False)
    except FilterError as error:
        trouble = error
    if trouble is not None:
        assert 0 <= trouble.start < trouble.end <= len(text)
        assert trouble.sentence


@pytest.mark.parametrize("name", ["rate", "failed_share", "stop_share", "waiting_share"])
def test_a_share_is_asked_in_percent_or_from_0_to_1(name: str) -> None:
    """A bare 95 would be true, or false, of every message: nobody means that."""
    for text in (f"{name}<95%", f"{name}<0.95", f"{name}:90%..95%", f"{name}<1", f"{name}<=100%"):
        assert message_matches(text, {name: 0.9})
    for text, why in ((f"{name}<95", "A share is written in percent"), (f"{name}<a", "no number")):
        with pytest.raises(FilterError, match=f"{why}.*For example {name}>5%") as caught:
            parse(text, MESSAGE_FIELDS)
        assert caught.value.start == len(f"{name}<")


def test_a_share_of_a_count_is_asked_by_its_own_name() -> None:
    assert message_matches("failed_share>5%", {"failed_share": 0.06})
    with pytest.raises(FilterError, match="ask failed_share>5%") as caught:
        parse("label:a failed>5%", MESSAGE_FIELDS)
    assert caught.value.start == len("label:a failed>")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("recipients:400..600", 400.0, 600.0),
        ("recipients:1k..2k", 1_000.0, 2_000.0),
        ("rate:90%..95%", 0.9, 0.95),
        ("took:90s..1m40", 90.0, 100.0),
        ("age:1d..1w", 86_400.0, 604_800.0),
        ("took:5s..5s", 5.0, 5.0),
    ],
)
def test_a_range_takes_in_both_of_its_ends_and_nothing_beyond(
    text: str, low: float, high: float
) -> None:
    name, _, ends = text.partition(":")
    fields = MESSAGE_FIELDS if name in ("recipients", "rate") else RECIPIENT_FIELDS
    before, after = nextafter(low, -inf), nextafter(high, inf)

    def taken(written: str) -> list[bool]:
        matches = parse(f"{name}:{written}", fields).matches
        return [matches({name: value}.get) for value in (before, low, high, after)]

    first, _, last = ends.partition("..")
    assert taken(ends) == [False, True, True, False]
    assert taken(f"{first}..") == [False, True, True, True]
    assert taken(f"..{last}") == [True, True, True, False]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [("<", "100"), ("<=", "110"), (">", "001"), (">=", "011"), ("=", "010"), (":", "010")],
)
def test_a_comparison_turns_round_at_its_value_exactly(operator: str, expected: str) -> None:
    values = (nextafter(60, 0), 60.0, nextafter(60, inf))
    for written in ("60", "60s", "1m"):
        matches = parse(f"took{operator}{written}", RECIPIENT_FIELDS).matches
        assert "".join(str(int(matches({"took": value}.get))) for value in values) == expected
        assert not matches({"took": None}.get)


@given(st.integers(1, 10_000), st.data())
def test_a_share_or_a_duration_in_round_numbers_is_what_is_measured(
    whole: int, data: st.DataObject
) -> None:
    part = data.draw(st.integers(0, whole))
    for hundredths in {100 * part // whole, 100}:
        assert parse_number(f"{hundredths}%") == hundredths / 100
        assert parse_number(f"{hundredths / 10}%") == hundredths / 1000
    assert parse_duration(f"{whole}ms") == whole / 1000
    assert parse_duration(f"{whole}s{part}ms") == (1000 * whole + part) / 1000


def test_nineteen_of_twenty_are_95_percent() -> None:
    assert message_matches("rate:90%..95% rate>=95% rate<=95% rate:95%", {"rate": 19 / 20})
    assert not message_matches("rate<95%", {"rate": 19 / 20})


@pytest.mark.parametrize("value", ["many", "1e3", "--1", "5%%", "."])
@pytest.mark.parametrize("name", ["recipients", "age"])
def test_what_is_no_number_or_no_duration_is_refused_with_a_sentence(name: str, value: str) -> None:
    with pytest.raises(FilterError, match=r"This is no (number|duration)"):
        parse(f"{name}>{value}", MESSAGE_FIELDS)


def test_a_text_is_found_in_numbers_that_are_none_also_in_a_whole_column() -> None:
    for needle in ("anonymous", "ano", "x", "3361"):
        test = NotDigits(needle)
        for rows in (["+33612345678", "Anonymous"], ["+33612345678"], ["Anonymous", "x"]):
            assert test.through(Phones(rows)) == bytes(test(each) for each in rows)


STAGES = (Stage("trouble:yes", "in trouble", ""), Stage("!state:live", "not live", ""))


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("", "trouble:yes"),
        ("trouble:yes", "!state:live"),
        ("!state:live", ""),
        ("otp", "trouble:yes otp"),
        ("trouble:yes otp", "!state:live otp"),
        ("!state:live otp", "otp"),
        ("trouble:yesterday", "trouble:yes trouble:yesterday"),
        ("! otp", "trouble:yes"),
        ("!", "trouble:yes"),
        ("!otp", "trouble:yes !otp"),
        ("!state:live ! otp", "! otp"),
    ],
)
def test_a_key_puts_one_stage_after_the_other_before_what_was_typed(text: str, then: str) -> None:
    assert stepped(text, STAGES) == then
