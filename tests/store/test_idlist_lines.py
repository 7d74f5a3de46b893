"""What one line of a list says: to the digit from which it is two ids, a label, or in doubt."""

from __future__ import annotations

import pytest

from smsmon.store.idlist import Form, parse
from smsmon.store.idlist.cells import A_PHONE, AMBIGUOUS, CUT, SEVERAL, SHORT


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("1234 12346", "1234 12346"),
        ("123 12345", "123 12345"),
        ("12345 1234567", "12345 1234567"),
        ("300,301,302", "300 301 302"),
        ("123,456,789", "123 456 789"),
        ("300, 3010", "300 3010"),
        ("12345,0", "12345"),
        ("12345\t", "12345"),
        ("12345;", "12345"),
    ],
)
def test_ids_of_about_one_length_are_that_many_messages(line: str, ids: str) -> None:
    listed = parse(line, Form.TEXT)
    assert [(entry.id, entry.label) for entry in listed.entries] == [(id, "") for id in ids.split()]
    assert not listed.problems


@pytest.mark.parametrize(
    "line",
    [
        *("12 34", "999 1 2", "12 345 34", "22 701 42", "12345 678901 2"),  # parts of one number
        *("123 123456", "12345 12345678", "12 2270142"),  # too unlike
        *("100 200 300", "123 456 789", "123,456 789012", "1,000", "100,000"),  # threes of digits
        *("1,234 x", "100,001,x", "1 234 x"),
        *("1234 12345 x", "3 12345 x", "12345 1234567 x", "12 2270142 x"),  # a number before an id
        *("1 - 2270142", "2 : 2270142", "3 → 2270142 x", "4 Promo 2270142", "100 (2270142)"),
        *("227 0142", "2’270 142"),  # one number, in groups of two kinds
        '"2,270,142"',
    ],
)
def test_what_may_be_one_number_or_several_is_left_out(line: str) -> None:
    listed = parse(line, Form.TEXT)
    assert not listed.entries
    assert [(problem.text, problem.why) for problem in listed.problems] == [(line, AMBIGUOUS)]


@pytest.mark.parametrize(
    "line",
    [
        *("20261127 2270142", "27112026;2270142 x", "2270142 20261127"),
        *("612345678\t2270142", "2270142 712345678"),
    ],
)
def test_a_day_or_a_phone_number_beside_an_id_is_left_out_with_it(line: str) -> None:
    listed = parse(line, Form.TEXT)
    assert not listed.entries
    assert [problem.why for problem in listed.problems] == [SEVERAL]


@pytest.mark.parametrize("form", [None, Form.TEXT, Form.CSV])
def test_numbers_of_lines_among_ids_and_what_is_below_a_signature_are_left_out(
    form: Form | None,
) -> None:
    listed = parse("1\n2270142\n2\n2270143\n99;x\n300", form)
    assert [entry.id for entry in listed.entries] == ["2270142", "2270143", "300"]
    assert [(problem.line, problem.why) for problem in listed.problems] == [
        (line, SHORT) for line in (1, 3, 5)
    ]
    assert len(parse("1\n2\n300\n4000", form).entries) == 4
    if form is not Form.CSV:
        listed = parse("2270142 Promo\n--\n2270143\n-- \n75001 Paris\n2270144", form)
        assert [entry.id for entry in listed.entries] == ["2270142", "2270143"]


@pytest.mark.parametrize("form", [None, Form.TEXT, Form.CSV])
@pytest.mark.parametrize("line", ["2,27E+06", "2,27e6;Promo", "3,36E+10\tx", "2.27E+06,x"])
def test_a_number_that_a_spreadsheet_cut_is_none_in_any_form(line: str, form: Form | None) -> None:
    listed = parse(line, form)
    assert not listed.entries
    assert [problem.why for problem in listed.problems] == [CUT]


@pytest.mark.parametrize(
    ("line", "id", "label", "doubted"),
    [
        ("1 note", "1", "note", False),
        ("12,0 x", "12", "x", False),
        ("12345 1234 note", "12345", "1234 note", False),
        ("12345 1234x", "12345", "1234x", False),
        ("12345 12345x", "12345", "12345x", True),
        ("1234 1235 x", "1234", "1235 x", True),
        ("300 30x", "300", "30x", False),
        ("300 300x", "300", "300x", True),
        ("300 3000x", "300", "3000x", True),
        ("12345 a 1234", "12345", "a 1234", False),
        ("12345 a 12346", "12345", "a 12346", True),
        ("12345 a 123467", "12345", "a 123467", False),
        ("1234 a 1235", "1234", "a 1235", False),
        ("12345,ab,12346", "12345", "ab,12346", True),
        ("12345 0612345678", "12345", "0612345678", True),
        ("12345 +33612345678", "12345", "+33612345678", True),
        ("12345 5 €", "12345", "5 €", False),
        ("12345 | x |", "12345", "x", False),
        ("12345 'x'", "12345", "x", False),
        ("12345 'x", "12345", "'x", False),
        ("12345 '", "12345", "'", False),
        ('12345 "a"', "12345", "a", False),
        ('12345 "a" b', "12345", '"a" b', False),
        ('12345, "a""b", c', "12345", 'a"b c', False),
    ],
)
def test_what_follows_an_id_is_its_label_and_doubted_where_it_may_be_an_id(
    line: str, id: str, label: str, doubted: bool
) -> None:
    listed = parse(line, Form.TEXT)
    assert [(entry.id, entry.label) for entry in listed.entries] == [(id, label)]
    assert [doubt.text for doubt in listed.doubts] == [label] * doubted


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("12345 123456 note", "12345 123456"),
        ("12345 12346 note", "12345 12346"),
        ("2270161|2270162|note", "2270161 2270162"),
        ("2270161 ; 2270162 ;note", "2270161 2270162"),
    ],
)
def test_several_ids_in_front_share_the_label(line: str, ids: str) -> None:
    listed = parse(line, Form.TEXT)
    assert [(entry.id, entry.label) for entry in listed.entries] == [
        (id, "note") for id in ids.split()
    ]
    assert not listed.doubts


@pytest.mark.parametrize(
    ("text", "ids", "refused"),
    [
        ("1. 2270142\n2. 2270143", "2270142 2270143", ""),
        ("(1) 300\n2) 301\n4) 302", "300 301", "3"),
        ("0) 300\n1) 301", "301", "1"),
        ("7. 2270142\n9. 2270143\n9. 2270144", "2270142 2270143 2270144", ""),
        ("100. 3000\n2. 3000", "", "1 2"),
        ("1234. 30000\n1235) 30001", "30000 30001", ""),
        ("12345. 2270142", "", "1"),
        ("- 300\n* 301\n[x] 302\n[ ] 303\n-304\n→ 305", "300 301 302 303 305", "5"),
        ("- [ ] 300\n>> 301\n> > 302\n- - \n303", "300 301 302 303", ""),
        ("(06) 12345678\n1) 300", "300", "1"),
        ("---\n300\n===\n# 301\n#22 x\n#302", "300", "6"),
        ("300,\"two\nlines\"\n301", "300 301", ""),
        (",300\n;300\n|300", "300", "1 2"),
    ],
)  # fmt: skip
def test_bullets_and_numbers_in_front_are_no_part_of_a_line(
    text: str, ids: str, refused: str
) -> None:
    listed = parse(text, Form.TEXT)
    assert [entry.id for entry in listed.entries] == ids.split()
    assert [problem.line for problem in listed.problems] == [*map(int, refused.split())]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2,27E+06", CUT),
        ("12,50 €", "it looks like an amount"),
        ("12345 €5", "it looks like an amount"),
        ("12345 EUR 5", "it looks like an amount"),
        ("0612345678", A_PHONE),
        ("06 12 34 56 78 Anna", A_PHONE),
    ],
)
def test_an_amount_or_a_phone_number_is_no_message(line: str, why: str) -> None:
    listed = parse(line, Form.TEXT)
    assert [problem.why for problem in listed.problems] == [why]
    assert not listed.entries


def test_among_phone_numbers_what_may_be_one_without_its_zero_is_none_of_the_ids() -> None:
    listed = parse("612345678\n300\n0612345678\n712345678\n512345678", Form.TEXT)
    assert [entry.id for entry in listed.entries] == ["300", "512345678"]
    assert [problem.line for problem in listed.problems] == [1, 3, 4]
    assert len(parse("612345678\n300", Form.TEXT).entries) == 2


def test_a_slip_among_ids_costs_itself_and_its_line_is_told() -> None:
    listed = parse("300\n12345 12346 12347x 12348", Form.TEXT)
    assert [entry.id for entry in listed.entries] == ["300", "12345", "12346", "12348"]
    assert [(problem.line, problem.text) for problem in listed.problems] == [(2, "12347x")]
