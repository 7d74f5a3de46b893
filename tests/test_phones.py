"""Phone numbers as people read and type them."""

from __future__ import annotations

import subprocess
import sys

import phonenumbers
import pytest

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
        ("+88212345678", ""),
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


def test_every_region_has_a_name() -> None:
    assert set(COUNTRY_NAMES) == set(phonenumbers.SUPPORTED_REGIONS)
    assert country_name("FR") == "France"
    assert country_name("") == ""
    assert country_name("ZZ") == "ZZ"


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("06 12 34", "61234"),
        ("+33 6.12", "33612"),
        ("0033 6 12", "33612"),
        ("612", "612"),
        ("+", ""),
        ("", ""),
    ],
)
def test_digits_to_look_for_are_those_of_the_international_number(typed: str, digits: str) -> None:
    assert phones.digits_of(typed) == digits


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
