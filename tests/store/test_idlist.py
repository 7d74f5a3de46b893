"""Lists of ids as people paste and import them."""

from __future__ import annotations

import csv
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.model import Entry
from smsmon.phones import is_phone_like
from smsmon.shapes import entry_json
from smsmon.store.entries import cleaned, united
from smsmon.store.idlist import Form, IdList, decoded, export, form_of, parse
from smsmon.store.idlist.cells import A_PHONE, AMBIGUOUS, CUT, GROUPING, SEVERAL
from smsmon.store.idlist.objects import JSON_KEYS
from smsmon.store.idlist.tables import UNNAMED

IDS = st.one_of(
    st.from_regex(r"[0-9]{1,32}", fullmatch=True),
    st.sampled_from(["0612345678", "33612345678", "0033612345678", "9007199254740993", "007"]),
)
TEXTS = st.one_of(
    st.text(max_size=90),
    st.text("=+-@'\"\\|,;#\t\n\u200b\u00a0 a1🎉", max_size=12),
    st.sampled_from(
        ["=1+1", "'=1+1", "''@x", "'", "+33612345678", "a b", "c|d", "\\|", "9007199254740993",
         "'900719925474", "2270142", "06 12 34 56 78", "id", "-- x", "2,27E+06", '"', '""'],
    ),
)  # fmt: skip
ENTRIES = st.builds(
    Entry,
    id=IDS,
    label=TEXTS,
    tags=st.lists(TEXTS, max_size=3).map(tuple),
    note=TEXTS,
    added_at=st.integers(0, 4_000_000_000).map(float),
    paused=st.booleans(),
    profile=st.sampled_from(["default", "prod", "two words"]) | TEXTS,
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


def test_a_label_that_names_another_id_is_a_doubt() -> None:
    listed = parse("2270161 and 2270162\n2270163 Sale of 2026")
    assert labels(listed) == {"2270161": "and 2270162", "2270163": "Sale of 2026"}
    assert [(doubt.line, doubt.text) for doubt in listed.doubts] == [(1, "and 2270162")]


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
    listed = parse("\n".join(f"{n} campaign {n}" for n in range(100, 20_100)))
    assert len(listed.entries) == 20_000
    assert not listed.problems


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.toml", Form.TOML), ("A.CSV", Form.CSV), ("a.tsv", Form.CSV), ("ids", None)],
)
def test_a_file_name_tells_its_form(name: str, form: Form | None) -> None:
    assert form_of(name) == form


@given(st.lists(ENTRIES, max_size=5))
def test_what_is_exported_is_read_back_whole(entries: list[Entry]) -> None:
    once = tuple(united(entries))
    told = [entry_json(entry) for entry in once]
    assert all(tuple(each) == JSON_KEYS for each in told)
    lines = "".join(json.dumps(each) + "\n" for each in told)
    written = [export(once, Form.TOML), export(once, Form.CSV), export(once, Form.CSV, excel=True)]
    for text in (*written, lines):
        assert parse(text) == IdList(once)
        assert decoded(text.encode()).guessed == ""


@given(st.lists(ENTRIES, max_size=5))
def test_a_text_export_is_read_back_whatever_its_ids_and_labels_look_like(
    entries: list[Entry],
) -> None:
    once = tuple(Entry(entry.id, entry.label) for entry in united(entries))
    written = export(once, Form.TEXT)
    for text in (written, written.replace("\n", "\r\n")):
        assert parse(text) == IdList(once)


def test_no_cell_of_an_export_is_a_formula() -> None:
    entry = Entry("9007199254740993", "=1+1", ("@tag", "c|d"), "-note", profile="+p")
    for excel in (False, True):
        rows = csv.reader(
            export([entry], Form.CSV, excel=excel).splitlines(), delimiter=";" if excel else ","
        )
        assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@")]


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


# Right, or left out with the reason


def taken(text: str) -> dict[str, str]:
    """The ids and labels of a list of which nothing is left out."""
    listed = parse(text)
    assert listed.problems == ()
    return labels(listed)


@pytest.mark.parametrize(
    "written",
    [
        "2270142",
        "\ufeff2270142",
        "2270142\u200b",
        "\u202a2270142\u202c",
        "\u200f2270142\u200e",
        "\u20602270142\u00ad",
        "2\u202f270\u202f142",
        "2\u00a0270\u00a0142",
        "2\u2009270\u2009142",
        "2'270'142",
        "2’270’142",
        "2270142.0",
        "2270142,00",
        '="2270142"',
        "'2270142",
        '"2270142"',
        "“2270142”",
        "[2270142]",
        '["2270142"]',
        "[2270142.0]",
        '{"id": 2270142}',
        '{"message_id": "2270142", "success": true}',
        '{"messages": [{"id": "2270142", "state": "ok"}]}',
        '{"ids": [2270142]}',
        "[\n  2270142,\n]",
        "- 2270142",
        "• 2270142",
        "* 2270142",
        "– 2270142",
        "[ ] 2270142",
        "1. 2270142",
        "1) 2270142",
        "12. 2270142",
        "| 2270142 |",
        "| id |\n|----|\n| 2270142 |",
        "\r2270142\r",
        "sep=;\nid;label\n2270142;",
        "id\n2270142",
    ],
)
def test_an_id_is_read_however_it_is_dressed(written: str) -> None:
    assert taken(written) == {"2270142": ""}


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("0612345678", A_PHONE),
        ("06 12 34 56 78", A_PHONE),
        ("06.12.34.56.78", A_PHONE),
        ("+33612345678", A_PHONE),
        ("+33 (0)6 12 34 56 78", A_PHONE),
        ("33612345678", A_PHONE),
        ("33 6 12 34 56 78", AMBIGUOUS),
        ("6 12 34 56 78", AMBIGUOUS),
        ("0033612345678", A_PHONE),
        ("00 33 6 12 34 56 78", A_PHONE),
        ("0470 12 34 56", A_PHONE),
        ("447911123456", A_PHONE),
        ('="0612345678"', A_PHONE),
        ("'+33612345678", A_PHONE),
        ("['0612345678']", A_PHONE),
        ('["+33612345678"]', A_PHONE),
        ('[{"id": "0612345678"}]', A_PHONE),
        ("0612345678;2270142", A_PHONE),
        ("id;label\n0612345678;x", A_PHONE),
        ("2 270 142", AMBIGUOUS),
        ("2 270 142 Black Friday", AMBIGUOUS),
        ("2,270,142", AMBIGUOUS),
        ("227 142 215", AMBIGUOUS),
        ('id;label\n"2 270 142";x', AMBIGUOUS),
        ("1 2270142", AMBIGUOUS),
        ("1\t2270142\tSale", AMBIGUOUS),
        ("2,27E+06", CUT),
        ("2.27E+06", CUT),
        ("id;label\n2,27E+06;x", CUT),
        ("[2.27E+06]", CUT),
        ("telefon;order_id\n+33612345678;2270142", UNNAMED),
        ("telefon;kennung\n+33612345678;2270142", UNNAMED),
    ],
)
def test_what_could_be_something_else_is_left_out_with_the_reason(written: str, why: str) -> None:
    listed = parse(written)
    assert listed.entries == ()
    assert [problem.why for problem in listed.problems] == [why]


@pytest.mark.parametrize(
    "written",
    ["２２７０１４２", "2270\ufeff142", "2270\u200b\u200b142", "22\x0070", "2270142.5",
     "<td>2270142</td>", "ID: 2270142", "https://example.org/?messageId=2270142",
     "2270\x1c142", "(415) 555-0100", "12.00", "45,00", "45 €", "12 EUR", "7 %", "#2270142"],
)  # fmt: skip
def test_what_is_no_id_is_left_out(written: str) -> None:
    listed = parse(written)
    assert listed.entries == ()
    assert len(listed.problems) == 1


def test_a_row_with_two_cells_like_ids_is_left_out_where_no_header_names_them() -> None:
    listed = parse("2270142;2270143;Sale\n2270144;x", Form.CSV)
    assert labels(listed) == {"2270144": "x"}
    assert [(each.line, each.why) for each in listed.problems] == [(1, SEVERAL)]


def test_what_stands_in_the_first_line_is_not_lost_as_a_header() -> None:
    listed = parse("id;2270142\nid;2270143")
    assert listed.entries == ()
    assert [problem.line for problem in listed.problems] == [1, 2]


def test_numbering_and_bullets_are_no_part_of_a_list() -> None:
    assert taken("1. 300 One\n2. 301 Two\n3. 302") == {"300": "One", "301": "Two", "302": ""}
    assert parse("300. 24 hours").entries == ()


def test_a_quoted_cell_may_have_line_breaks() -> None:
    text = 'id;label;note\n300;"two\n301\nlines";"a ""b""\n"\n302;x;\n'
    assert taken(text) == {"300": "two 301 lines", "302": "x"}
    assert taken('300;"two\n301\nlines";x\n302') == {"300": "two 301 lines x", "302": ""}


@pytest.mark.parametrize(
    "header",
    ["identifiant", "ID du message", "Identifiant du message", "ID", "message_id", "Message-Id",
     "N° de message", "Numéro de message", "\u200bid", "Message ID", "msgId", "SMS-ID",
     "ID de mensaje", "ID messaggio", "Id da mensagem", "Nachrichten-ID", "Bericht-ID",
     "ID wiadomości"],
)  # fmt: skip
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_column_of_the_ids_is_known_by_its_name(header: str, delimiter: str) -> None:
    lines = (["telephone", header, "libellé"], ["+33612345678", "2270142", "Été"])
    assert taken("\n".join(map(delimiter.join, lines))) == {"2270142": "Été"}


def test_a_column_named_message_is_that_of_the_texts_where_another_has_the_ids() -> None:
    assert taken("message,id\nhello,300") == {"300": ""}
    listed = parse("telephone;message\n0612345678;482913")  # a code that was sent
    assert (listed.entries, [problem.why for problem in listed.problems]) == ((), [UNNAMED])


def test_beside_the_id_of_a_message_an_id_is_that_of_the_row() -> None:
    assert taken("id;message_id;telephone\n1;2270142;0612345678") == {"2270142": ""}
    assert taken('{"id": 5, "order_id": 99871, "messageId": 2270142}') == {"2270142": ""}


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("id;label\n#REF!;A\n#N/A;B\n#####;C\n#DIV/0!;D\n#NOM?;E\n2270142;F", "2 3 4 5 6"),
        ("#1 2270143\n#2: 2270144\n# once 2270145\n2270142", "1 2"),
        ("message_id;cost\n2270142;0,045\n4540285;0,09", ""),
        ("message_id;cost\n2270142;0,045\n2270143;0,045\n4540285;0,090", "4"),
        ("id\n2270142\n2270143\n2", "4"),
        ("2270142\n2270143\n4540285", "3"),
        ("27112026\n2270142", "1"),
        ("2270142\t15000\n2270143", "1"),
    ],
)
def test_what_a_sheet_adds_to_its_ids_is_left_out_and_named(text: str, refused: str) -> None:
    assert [problem.line for problem in parse(text).problems] == [*map(int, refused.split())]


@pytest.mark.parametrize(
    "around",
    ['{"id": 7, "messages": [%s]}', '{"id": 7, "sent": {"ids": [2270142, %s]}}',
     '[{"id": 7, "result": %s}]', '{"id": "7", "campaign": [%s, %s]}'],
)  # fmt: skip
def test_the_id_of_what_holds_messages_is_none_of_theirs(around: str) -> None:
    assert not parse(around.replace("%s", '{"message_id": 2270142}')).entries
    assert taken('{"id": 2270142, "user": {"id": 7}, "messages": []}') == {"2270142": ""}
    assert taken('{"message_id": 2270142, "rows": [{"messageId": 2270142}]}') == {"2270142": ""}


def test_what_is_no_text_is_left_out_of_an_object_and_told() -> None:
    listed = parse('[{"id": 300, "label": {"fr": "Noël"}}, {"id": 301, "note": [], "tags": ["a"]}]')
    assert [(entry.id, entry.label, entry.note) for entry in listed.entries] == [
        ("300", "", ""),
        ("301", "", ""),
    ]
    assert [(doubt.text, doubt.why) for doubt in listed.doubts] == [
        ('{"fr": "Noël"}', "is left out as the label, as it is no text"),
        ("[]", "is left out as the note, as it is no text"),
    ]


@pytest.mark.parametrize("form", [None, Form.CSV])
@pytest.mark.parametrize(
    "more", [";0,045", "\t0,045", ";0,5;0,09", ";0.045", ",0.045", ",0.09,0.5"]
)
def test_a_price_behind_an_id_is_no_part_of_it(form: Form | None, more: str) -> None:
    listed = parse(f"2270142{more}\n2270143{more}", form)
    assert [entry.id for entry in listed.entries] == ["2270142", "2270143"]
    assert {re.split("[;, ]", entry.label)[0] for entry in listed.entries} == {
        re.split(r"[;\t, ]", more.lstrip(";\t,"))[0]
    }
    assert not listed.problems


def test_an_object_that_names_a_key_twice_names_no_id() -> None:
    listed = parse('[{"id": 300},\n{"id": 301, "id": 302}, {"id": 303, "x": {"y": 1, "y": 2}}]')
    assert [entry.id for entry in listed.entries] == ["300", "303"]
    assert [problem.why for problem in listed.problems] == ["it has a key twice"]


def test_a_title_above_the_header_costs_itself_only() -> None:
    listed = parse("Export of 26/11\n\nid;label\n300;Sale")
    assert labels(listed) == {"300": "Sale"}
    assert [problem.line for problem in listed.problems] == [1]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Mobile\n2025550123\n7911123456", None),
        ("# Téléphones\n2025550123\n7911123456", None),
        ("Phone numbers:\n2025550123\n0612345678\n7911123456", None),
        ("2025550123 phone\n7911123456\t(tél.)", None),
        ("Destinataires\n2025550123\n7911123456", Form.CSV),
        ('{"count": 2, "phoneNumbers": ["2025550123", 7911123456]}', None),
        ("Portable\n2025550123\n7911123456", Form.CSV),
        ("2025550123,phone\n7911123456,Handy", Form.CSV),
    ],
)
def test_what_a_list_calls_a_phone_number_is_no_id(text: str, form: Form | None) -> None:
    found = parse(text, form)
    called = [problem.text for problem in found.problems if "calls it" in problem.why]
    assert called == ["2025550123", "7911123456"]
    assert not found.entries


def test_only_what_is_called_a_phone_number_and_may_be_one_is_doubted() -> None:
    assert labels(parse("Mobile\n2270142")) == {"2270142": ""}
    assert labels(parse("Mobile app\n2025550123")) == {"2025550123": ""}
    assert labels(parse("Phones\n2025550123\nIds\n2025550124")) == {"2025550124": ""}
    assert labels(parse("2025550123 Mobile app")) == {"2025550123": "Mobile app"}


def test_among_phone_numbers_one_without_its_0_is_no_id() -> None:
    assert labels(parse("612345678")) == {"612345678": ""}
    listed = parse("0612345679\n612345678\n2270142")
    assert labels(listed) == {"2270142": ""}
    assert [problem.line for problem in listed.problems] == [1, 2]


def test_lines_of_json_are_read_one_by_one() -> None:
    listed = parse('{"id": 300, "label": "One", "tags": ["a b"]}\n{"id": "3x"}\n{"id": "301"}\n')
    assert listed.entries == (Entry("300", "One", ("a b",)), Entry("301"))
    assert [problem.line for problem in listed.problems] == [2]


PIECES = st.one_of(
    st.sampled_from(
        ["2270142", "300", "0612345678", "+33612345678", "33612345678", "06 12 34 56 78", "id", ";",
         ",", "\t", " ", "|", "\n", "\r\n", '"', "'", "=", "[", "]", "{", "}", ":", "\u202f",
         "\u00a0", "\u200b", "\ufeff", ".0", ",00", "E+06", "- ", "1. ", "label", "telephone",
         "0033", "6"],
    ),
    st.text("0123456789", min_size=1, max_size=4),
    st.text(max_size=3),
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join), st.sampled_from([None, *Form]))
def test_every_id_taken_stands_in_the_list_and_none_is_a_phone_number(
    text: str, form: Form | None
) -> None:
    joined = re.sub(f"(?<=[0-9])[{GROUPING}](?=[0-9])", "", text)
    whole = {*re.findall("[0-9]+", text), *re.findall("[0-9]+", joined)}
    for entry in parse(text, form).entries:
        assert entry.id in whole
        assert not is_phone_like(entry.id)


# The encodings of lists


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1",
     "mac-roman", "cp850"],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_list_is_read_in_the_encoding_it_was_saved_in(encoding: str, end: str) -> None:
    rows = ["identifiant;libellé", "300;Été à prix cassés", "301;Forêt où çà", "302;naïve"]
    text, guessed = decoded(end.join(rows).encode(encoding))
    assert taken(text) == {"300": "Été à prix cassés", "301": "Forêt où çà", "302": "naïve"}
    assert bool(guessed) == (not encoding.startswith("utf"))


def test_the_signs_of_windows_are_read_as_such() -> None:
    text = "300 l’été – 10 €… “œuvre”"
    assert decoded(text.encode("cp1252")).text == text
    plain = "300 l'été, chef-d'œuvre à 10 €"
    assert decoded(plain.encode("iso8859-15")) == (plain, "Latin-9")


def test_a_line_in_an_older_encoding_leaves_the_others_what_they_are() -> None:
    content = "300 Été\n".encode() + "301 Été\n".encode("cp1252")
    assert decoded(content).text == "300 Été\n301 Été\n"


@given(st.text(max_size=200))
def test_unicode_is_never_guessed(text: str) -> None:
    assert decoded(b"\xef\xbb\xbf" + text.encode("utf-8", "replace")).guessed == ""


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_some_text(content: bytes) -> None:
    assert isinstance(decoded(content).text, str)
