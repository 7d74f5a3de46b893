"""Lists of ids as people paste and import them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.model import Entry
from smsmon.store.entries import cleaned, united
from smsmon.store.idlist import Form, IdList, export, form_of, parse

IDS = st.from_regex(r"[0-9]{1,32}", fullmatch=True)
ENTRIES = st.builds(
    Entry,
    id=IDS,
    label=st.text(max_size=90),
    tags=st.lists(st.text(st.characters(exclude_characters="|"), max_size=12), max_size=3).map(
        tuple
    ),
    note=st.text(max_size=40),
    added_at=st.integers(0, 4_000_000_000).map(float),
    paused=st.booleans(),
    profile=st.sampled_from(["default", "prod", "two words"]),
).map(cleaned)


def labels(listed: IdList) -> dict[str, str]:
    return {entry.id: entry.label for entry in listed.entries}


@pytest.mark.parametrize(
    "line", ["300 Black Friday", "300,Black Friday", "300\tBlack Friday", '300 ; "Black Friday"']
)
def test_a_label_follows_its_id_after_any_usual_separator(line: str) -> None:
    assert labels(parse(line)) == {"300": "Black Friday"}


def test_a_line_of_ids_only_is_that_many_messages() -> None:
    assert labels(parse("300 301,302;303\n304")) == dict.fromkeys(
        ("300", "301", "302", "303", "304"), ""
    )


def test_a_slip_in_a_row_of_ids_costs_that_id_and_makes_no_label() -> None:
    for line in ("2270161,2270162, 2270163x,2270164", "2270161 2270162 2270163x 2270164"):
        listed = parse(line)
        assert labels(listed) == dict.fromkeys(("2270161", "2270162", "2270164"), "")
        assert [problem.text for problem in listed.problems] == ["2270163x"]
        assert "“x”" in listed.problems[0].why


def test_a_label_behind_several_ids_is_the_label_of_each() -> None:
    expected = {"2270161": "Black Friday", "2270162": "Black Friday"}
    for line in ("2270161, 2270162, Black Friday", '2270161 2270162 "Black Friday"'):
        assert labels(parse(line)) == expected


@pytest.mark.parametrize("label", ["24 hour sale", "2024 campaign", "2 for 1, again", "50% off"])
def test_a_number_that_begins_a_label_is_part_of_it(label: str) -> None:
    listed = parse(f"2270161 {label}")
    assert labels(listed) == {"2270161": label}
    assert not listed.doubts


def test_a_label_that_begins_like_an_id_is_a_doubt() -> None:
    listed = parse("300 fine\n2270161 2270162x\n2270163 22701 64")
    assert labels(listed)["2270161"] == "2270162x"
    assert [(doubt.line, doubt.text) for doubt in listed.doubts] == [(2, "2270162x")]


def test_leading_zeros_are_part_of_an_id() -> None:
    assert [entry.id for entry in parse("007\n7").entries] == ["007", "7"]


def test_bad_lines_are_listed_with_their_numbers_and_nothing_else_is_lost() -> None:
    listed = parse(f"300 ok\nabc\n\n# a comment\n{'9' * 40}\n٣٠٠\n301 fine\r\n-5\n,x\n")
    assert [entry.id for entry in listed.entries] == ["300", "301"]
    assert [(problem.line, problem.text[:3]) for problem in listed.problems] == [
        (2, "abc"),
        (5, "999"),
        (6, "٣٠٠"),
        (8, "-5"),
        (9, ",x"),
    ]
    assert "“a”" in listed.problems[0].why
    assert "40 digits" in listed.problems[1].why
    assert "empty" in listed.problems[4].why


def test_duplicates_are_merged_and_counted() -> None:
    listed = parse("300 first\n301\n300\n300 second\n")
    assert labels(listed) == {"300": "second", "301": ""}
    assert listed.duplicates == 2


def test_an_empty_paste_is_an_empty_list() -> None:
    assert parse("") == parse(" \n\t\n") == IdList()


def test_control_characters_of_a_paste_never_reach_an_entry() -> None:
    listed = parse("300 evil\x1b]52;c;aGk=\x07\u202elabel\nx\x1b[2J")
    assert labels(listed)["300"].isprintable()
    assert listed.problems[0].text.isprintable()
    assert listed.problems[0].why.isprintable()


def test_csv_columns_are_found_by_name_in_any_order() -> None:
    text = '\ufeffLabel;ID;Tags;Colour;paused\n"Black; Friday";300;fr promo;red;yes\n;301;;;\n'
    listed = parse(text)
    assert listed.entries == (
        Entry("300", "Black; Friday", ("fr", "promo"), paused=True),
        Entry("301"),
    )


def test_csv_without_header_takes_the_first_column() -> None:
    assert labels(parse("300\n301;Two\n", Form.CSV)) == {"300": "", "301": "Two"}


def test_an_open_quote_in_csv_costs_its_own_line_only() -> None:
    listed = parse('id,label\n300,"open\n301,fine\n,none\n302,"a"b\n303\n', Form.CSV)
    assert [entry.id for entry in listed.entries] == ["301", "303"]
    assert [problem.line for problem in listed.problems] == [2, 4, 5]


def test_toml_problems_name_their_lines() -> None:
    text = 'version = 1\n[[message]]\nid = "300"\n\n[[message]]\nlabel = "x"\nid = "3x"\n'
    listed = parse(text)
    assert labels(listed) == {"300": ""}
    assert [(each.line, each.text) for each in listed.problems] == [(7, "3x")]


def test_text_that_is_no_toml_is_one_problem_at_its_line() -> None:
    listed = parse('[[message]]\nid = "300"\nlabel = oops\n')
    assert [(each.line, each.text) for each in listed.problems] == [(3, "label = oops")]


def test_thousands_of_ids_are_read_at_once() -> None:
    listed = parse("\n".join(f"{n} campaign {n}" for n in range(20_000)))
    assert len(listed.entries) == 20_000
    assert not listed.problems


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.toml", Form.TOML), ("A.CSV", Form.CSV), ("a.tsv", Form.CSV), ("ids", None)],
)
def test_a_file_name_tells_its_form(name: str, form: Form | None) -> None:
    assert form_of(name) == form


@given(st.lists(ENTRIES, max_size=5))
def test_toml_and_csv_exports_are_read_back_whole(entries: list[Entry]) -> None:
    once = tuple(united(entries))
    for form in (Form.TOML, Form.CSV):
        assert parse(export(once, form)) == IdList(once), form


@given(st.lists(ENTRIES, max_size=5))
def test_text_exports_keep_ids_and_labels(entries: list[Entry]) -> None:
    once = [Entry(entry.id, entry.label) for entry in united(entries)]
    assert parse(export(once, Form.TEXT), Form.TEXT).entries == tuple(once)


@given(st.text(max_size=200), st.sampled_from([None, *Form]))
def test_any_text_at_all_gives_entries_and_problems(text: str, form: Form | None) -> None:
    listed = parse(text, form)
    assert len({entry.id for entry in listed.entries}) == len(listed.entries)
    assert all(problem.text.isprintable() for problem in listed.problems)


@given(st.lists(ENTRIES, min_size=1, max_size=4), st.integers(0, 3))
def test_a_junk_line_never_changes_what_the_others_say(entries: list[Entry], at: int) -> None:
    lines = export(entries, Form.TEXT).splitlines()
    lines.insert(min(at, len(lines)), "no id here")
    listed = parse("\n".join(lines), Form.TEXT)
    assert [problem.text for problem in listed.problems] == ["no id here"]
    assert {entry.id for entry in listed.entries} == {entry.id for entry in entries}
