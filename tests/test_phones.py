"""Phone numbers as people read and type them."""

from __future__ import annotations

import subprocess
import sys

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from smsmon import phones
from smsmon.countries import COUNTRY_NAMES, country_name


@pytest.mark.parametrize(
    ("phone", "pretty", "masked"),
    [
        ("+33612345678", "+33 6 12 34 56 78", "+33 6 ·· ·· ·· 78"),
        ("+447911123456", "+44 7911 123456", "+44 7··· ····56"),
        ("+14155550100", "+1 415-555-0100", "+1 4··-···-··00"),
        ("0612", "0612", "··12"),
        ("", "", ""),
        ("7", "7", "7"),
        ("+999123456", "+999123456", "········56"),
    ],
)
def test_numbers_are_grouped_as_their_country_does_and_masked_in_place(
    phone: str, pretty: str, masked: str
) -> None:
    assert phones.pretty(phone) == pretty
    assert phones.masked(phone) == masked


@pytest.mark.parametrize(
    ("phone", "region"),
    [
        ("+33612345678", "FR"),
        ("+14155550100", "US"),
        ("+18765550100", "JM"),
        ("+447400123456", "GB"),
        ("+447781100100", "GG"),
        ("+447624123456", "IM"),
        ("+79012345678", "RU"),
        ("+77012345678", "KZ"),
        ("+390669812345", "VA"),
        ("+14161234567", "CA"),
        ("+12125550100", "US"),
        ("+447700900123", "GB"),
        ("+12421234567", "BS"),
        ("+77011234567", "KZ"),
        ("+262639123456", "YT"),
        ("+262269123456", "YT"),
        ("+590690123456", "GP"),
        ("+262692123456", "RE"),
        ("+88212345678", ""),
        ("+80012345678", ""),
        ("+878101234567", ""),
        ("+870123456789", ""),
        ("+ x 12", ""),
        ("+999123456", ""),
        ("0612345678", ""),
        ("", ""),
        ("+", ""),
    ],
)
def test_countries_that_share_a_calling_code_are_told_apart(phone: str, region: str) -> None:
    assert phones.region(phone) == region


def test_first_digits_tell_the_same_country_as_the_whole_number() -> None:
    """Over an example number of every region and kind that the library has one for."""
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            assert phones.region(phone) == phonenumbers.region_code_for_number(number)


SHARED = sorted(
    code for code, of in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if len(of) > 1
)


@given(st.sampled_from(SHARED), st.from_regex(r"[0-9]{5,11}", fullmatch=True))
def test_the_country_of_a_shared_calling_code_is_the_one_that_the_library_tells(
    code: int, national: str
) -> None:
    number = phonenumbers.parse(f"+{code}{national}")
    told = phonenumbers.region_code_for_number(number)
    assume(told is not None)
    assume(phonenumbers.national_significant_number(number) == national)
    assert phones.region(f"+{code}{national}") == told


def test_a_column_of_a_shared_calling_code_is_told_without_asking_the_library_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It takes 40 microseconds a number, and was asked for each that begins in another way."""

    def refuse(*_: object) -> None:
        pytest.fail("the library was asked")

    for name in ("parse", "region_code_for_number"):
        monkeypatch.setattr(phonenumbers, name, refuse)
    british = {phones.region(f"+4475{number:08}") for number in range(0, 10**8, 99_991)}
    assert british == {"GB", "IM", "JE"}
    assert {phones.region(f"+1212{number:07}") for number in range(0, 10**7, 9_973)} == {"US"}


def test_every_region_has_a_name() -> None:
    assert set(COUNTRY_NAMES) == set(phonenumbers.SUPPORTED_REGIONS)
    assert country_name("FR") == "France"
    assert country_name("") == ""
    assert country_name("ZZ") == "ZZ"


OVERSEAS = {
    "590": ("690", "691", "590"),
    "262": ("692", "693", "262", "263", "639", "269"),
    "594": ("694", "594"),
    "596": ("696", "697", "596"),
}
LAST = st.from_regex(r"[0-9]{6}", fullmatch=True)


@pytest.mark.parametrize(
    ("code", "head"), [(code, head) for code, heads in OVERSEAS.items() for head in heads]
)
@given(LAST)
def test_national_numbers_of_the_departments_overseas_have_their_own_calling_codes(
    code: str, head: str, last: str
) -> None:
    assume(not f"{head}{last}".startswith("63998"))
    assert phones.e164(f"0{head}{last}") == f"+{code}{head}{last}"


@pytest.mark.parametrize("number", ["+508411234", "+508551234", "+508708401234"])
def test_numbers_of_saint_pierre_have_six_digits_behind_their_code_or_nine(number: str) -> None:
    national = f"0{number.removeprefix('+508') if len(number) > 10 else number[1:]}"
    assert phones.e164(national) == number
    assert phones.sought(national).matches(number)
    assert number[1:] in phones.sought(national).numbers()


@given(st.from_regex(r"6[0-24-8][0-9]{7}|7[3-8][0-9]{7}|1[0-9]{8}", fullmatch=True))
def test_national_numbers_of_the_mainland_are_french(national: str) -> None:
    assert phones.e164(f"0{national}") == f"+33{national}"


@given(LAST.map(lambda last: last[:4]))
def test_numbers_for_films_are_of_the_mainland(last: str) -> None:
    assert phones.e164(f"063998{last}") == f"+3363998{last}"


@pytest.mark.parametrize(
    "spelling",
    [
        "+33612345678",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "+33(0)612345678",
        "+33.6.12.34.56.78",
        "0033612345678",
        "00 33 (0)6-12-34-56-78",
        "33612345678",
        "33 6 12 34 56 78",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "06-12-34-56-78",
        "06/12/34/56/78",
        "+33 06 12 34 56 78",
        "0033 06 12 34 56 78",
        "(+33) 6 12 34 56 78",
        "( +33 (0)6) 12345678",
        "tel:+33612345678",
        "Tel: 06 12 34 56 78",
        "(0)6 12 34 56 78",
        "06\u202f12\u00a034\u200956\u201178",
        "\u202a+33 6 12 34 56 78\u202c",
        "０６１２３４５６７８",
        "+330612345678",
    ],
)
def test_a_number_is_the_same_in_every_spelling(spelling: str) -> None:
    assert phones.e164(spelling) == "+33612345678"
    assert phones.sought(spelling).matches("+33612345678")
    assert phones.sought("+33612345678").matches(spelling)
    assert not phones.sought(spelling).matches("+33612345679")


def test_a_0_behind_the_calling_code_is_sought_with_and_without_it() -> None:
    for typed in ("+330612345678", "+33 06 12 34 56 78", "0033 0 6 12 34 56 78"):
        for number in ("+33612345678", "+330612345678"):
            assert phones.sought(typed).matches(number)
            assert number[1:] in phones.sought(typed).numbers()


@pytest.mark.parametrize(
    ("spelling", "number"),
    [
        ("0044 7911 123456", "+447911123456"),
        ("+44 (0)7911 123456", "+447911123456"),
        ("+44 07911 123456", "+447911123456"),
        ("+590 0690 12 34 56", "+590690123456"),
        ("+39 06 6982 1234", "+390669821234"),
        ("+225 07 07 00 00 00", "+2250707000000"),
        ("00800 1234 5678", "+80012345678"),
        (f"+33{' ' * 24}6 12 34 56 78", "+33612345678"),  # as long as can be
    ],
)
def test_international_spellings_of_any_country_are_understood(spelling: str, number: str) -> None:
    assert phones.e164(spelling) == number


@pytest.mark.parametrize(
    "text",
    ["", "+", "36180", "612345678", "+33 6 12", "06 12 34 56 7", "+999 123 456", "2270142", "SMS",
     f"06 12 34 56 78{'.' * 27}1",
     "06 12 34 56 78 / 07 12 34 56 78", "06" * 10_000, "0612345678x", "1 234 567", "+0612345678"],
)  # fmt: skip
def test_a_doubtful_spelling_is_no_number(text: str) -> None:
    assert phones.e164(text) == ""


@given(st.text(max_size=60) | st.text("+0123456789 ().-", max_size=24))
def test_whatever_is_made_a_number_is_one_and_stays_it(text: str) -> None:
    number = phones.e164(text)
    assert not number or phones.E164.fullmatch(number)
    assert phones.e164(number) == number
    if number:
        assert number.endswith("".join(filter(str.isdigit, phones.written(text)))[-8:])


@given(st.from_regex(r"[1-9][0-9]{5,13}", fullmatch=True))
def test_an_international_number_is_sought_whole_in_every_spelling(digits: str) -> None:
    spaced = " ".join(digits)
    for text in (f"+{digits}", f"00{digits}", f"+{spaced}", f" {digits} "):
        assert digits in phones.sought(text).numbers()


@given(st.text(max_size=60) | st.text("+0123456789 ().-", max_size=24))
def test_no_text_at_all_upsets_a_search(text: str) -> None:
    wanted = phones.sought(text)
    assert all(each.isdigit() and each[0] != "0" and len(each) <= 15 for each in wanted.numbers())
    for phone in ("+33612345678", text, ""):
        assert wanted.matches(phone) in (True, False)
    assert phones.why_not_sought(text) or wanted


@pytest.mark.parametrize("text", ["06", "+33", "12", "", "+", "SMS 3000", "1" * 16, "9" * 5_000])
def test_what_must_be_typed_is_said_before_anything_is_searched(text: str) -> None:
    assert phones.why_not_sought(text)


def test_only_what_could_be_a_number_is_taken_for_one() -> None:
    assert phones.is_number_like("+33 (0)6-12.34/56")
    assert phones.is_number_like("7")
    assert not phones.is_number_like("7a")
    assert not phones.is_number_like("+")
    assert not phones.is_number_like(" ")


def test_the_geocoder_is_never_loaded() -> None:
    code = (
        "import sys; from smsmon import phones; assert 'phonenumbers' not in sys.modules;"
        "phones.pretty('+33612345678'); phones.region('+447781100100');"
        "assert 'phonenumbers' in sys.modules;"
        "assert not [m for m in sys.modules if 'geocod' in m or 'geodata' in m]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("7,088.03 EUR left", "7,088.03 EUR left"),
        ("999.99 EUR spent within 1 h", "999.99 EUR spent within 1 h"),
        ("1,234,567.00 USD left", "1,234,567.00 USD left"),
        ("06 12 34 56.78 EUR", "·· ·· ·· ··.78 EUR"),
        ("0612345678 EUR", "········78 EUR"),
        ("612.34 sms", "···.34 sms"),
        ("2026-11-27 11:40", "2026-11-27 11:40"),
        ("&#48;6&#x31;2&#0051;4&#x0035;678", "········78"),
        (r"\u00306\u003112\u00a03456\u202f78\u2009", "····· ···· 78 "),
    ],
)
def test_amounts_of_money_are_no_phone_numbers(text: str, shown: str) -> None:
    assert phones.without_numbers(text) == shown
