"""The countries of phone numbers: their English names by ISO 3166-1 alpha-2 code, and those of the
recipients of a whole column at once.

Only the regions that ``phonenumbers`` knows have names; its own come with a geocoder of 20 MB.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from math import inf

from smsmon.phones import region, sole_region
from smsmon.recipients import Phones, Recipients, Status

_NAMES = """
AC Ascension Island|AD Andorra|AE United Arab Emirates|AF Afghanistan|AG Antigua and Barbuda
AI Anguilla|AL Albania|AM Armenia|AO Angola|AR Argentina|AS American Samoa|AT Austria
AU Australia|AW Aruba|AX Åland Islands|AZ Azerbaijan|BA Bosnia and Herzegovina|BB Barbados
BD Bangladesh|BE Belgium|BF Burkina Faso|BG Bulgaria|BH Bahrain|BI Burundi|BJ Benin
BL Saint Barthélemy|BM Bermuda|BN Brunei|BO Bolivia|BQ Caribbean Netherlands|BR Brazil
BS Bahamas|BT Bhutan|BW Botswana|BY Belarus|BZ Belize|CA Canada|CC Cocos Islands
CD DR Congo|CF Central African Republic|CG Congo|CH Switzerland|CI Côte d'Ivoire
CK Cook Islands|CL Chile|CM Cameroon|CN China|CO Colombia|CR Costa Rica|CU Cuba
CV Cape Verde|CW Curaçao|CX Christmas Island|CY Cyprus|CZ Czechia|DE Germany|DJ Djibouti
DK Denmark|DM Dominica|DO Dominican Republic|DZ Algeria|EC Ecuador|EE Estonia|EG Egypt
EH Western Sahara|ER Eritrea|ES Spain|ET Ethiopia|FI Finland|FJ Fiji|FK Falkland Islands
FM Micronesia|FO Faroe Islands|FR France|GA Gabon|GB United Kingdom|GD Grenada|GE Georgia
GF French Guiana|GG Guernsey|GH Ghana|GI Gibraltar|GL Greenland|GM Gambia|GN Guinea
GP Guadeloupe|GQ Equatorial Guinea|GR Greece|GT Guatemala|GU Guam|GW Guinea-Bissau|GY Guyana
HK Hong Kong|HN Honduras|HR Croatia|HT Haiti|HU Hungary|ID Indonesia|IE Ireland|IL Israel
IM Isle of Man|IN India|IO British Indian Ocean Territory|IQ Iraq|IR Iran|IS Iceland|IT Italy
JE Jersey|JM Jamaica|JO Jordan|JP Japan|KE Kenya|KG Kyrgyzstan|KH Cambodia|KI Kiribati
KM Comoros|KN Saint Kitts and Nevis|KP North Korea|KR South Korea|KW Kuwait
KY Cayman Islands|KZ Kazakhstan|LA Laos|LB Lebanon|LC Saint Lucia|LI Liechtenstein
LK Sri Lanka|LR Liberia|LS Lesotho|LT Lithuania|LU Luxembourg|LV Latvia|LY Libya|MA Morocco
MC Monaco|MD Moldova|ME Montenegro|MF Saint Martin|MG Madagascar|MH Marshall Islands
MK North Macedonia|ML Mali|MM Myanmar|MN Mongolia|MO Macao|MP Northern Mariana Islands
MQ Martinique|MR Mauritania|MS Montserrat|MT Malta|MU Mauritius|MV Maldives|MW Malawi
MX Mexico|MY Malaysia|MZ Mozambique|NA Namibia|NC New Caledonia|NE Niger|NF Norfolk Island
NG Nigeria|NI Nicaragua|NL Netherlands|NO Norway|NP Nepal|NR Nauru|NU Niue|NZ New Zealand
OM Oman|PA Panama|PE Peru|PF French Polynesia|PG Papua New Guinea|PH Philippines|PK Pakistan
PL Poland|PM Saint Pierre and Miquelon|PR Puerto Rico|PS Palestine|PT Portugal|PW Palau
PY Paraguay|QA Qatar|RE Réunion|RO Romania|RS Serbia|RU Russia|RW Rwanda|SA Saudi Arabia
SB Solomon Islands|SC Seychelles|SD Sudan|SE Sweden|SG Singapore|SH Saint Helena|SI Slovenia
SJ Svalbard and Jan Mayen|SK Slovakia|SL Sierra Leone|SM San Marino|SN Senegal|SO Somalia
SR Suriname|SS South Sudan|ST São Tomé and Príncipe|SV El Salvador|SX Sint Maarten|SY Syria
SZ Eswatini|TA Tristan da Cunha|TC Turks and Caicos Islands|TD Chad|TG Togo|TH Thailand
TJ Tajikistan|TK Tokelau|TL Timor-Leste|TM Turkmenistan|TN Tunisia|TO Tonga|TR Türkiye
TT Trinidad and Tobago|TV Tuvalu|TW Taiwan|TZ Tanzania|UA Ukraine|UG Uganda|US United States
UY Uruguay|UZ Uzbekistan|VA Vatican City|VC Saint Vincent and the Grenadines|VE Venezuela
VG British Virgin Islands|VI US Virgin Islands|VN Vietnam|VU Vanuatu|WF Wallis and Futuna
WS Samoa|XK Kosovo|YE Yemen|YT Mayotte|ZA South Africa|ZM Zambia|ZW Zimbabwe
"""

COUNTRY_NAMES = {entry[:2]: entry[3:] for entry in _NAMES.replace("\n", "|").strip("|").split("|")}


def country_name(region: str) -> str:
    """``France`` for ``FR``; a code without a name is its own name."""
    return COUNTRY_NAMES.get(region, region)


ORDER = (Status.DELIVERED, Status.NOT_DELIVERED, Status.WAITING, Status.UNKNOWN)
"""The statuses in the order in which their numbers are given."""
_FLAGS = [bytes(int(value == status) for value in range(256)) for status in ORDER[1:]]
"""Each translates a column of statuses into 1 for the one that is meant, 0 for the others."""
_HEAD = 1 if sys.byteorder == "little" else 0
"""Of the two halves of an 8-byte number, the one with its first digits: at four bits a digit, all
but the last eight, in which a calling code seldom ends."""


def by_country(recipients: Recipients) -> Mapping[str, Sequence[int]]:
    """Region → how many of its recipients have each status, as in ``ORDER``.

    Regions are ISO 3166 codes, empty for what tells none, the same as ``phones.region`` gives.
    """
    column, statuses = _Column(recipients.phones), recipients.statuses
    others = [column.regions(statuses.translate(flags)) for flags in _FLAGS]
    found = {}
    for of, count in column.regions(None).items():
        apart = [each[of] for each in others]
        found[of] = (count - sum(apart), *apart)
    return found


def waiting_by_country(
    recipients: Recipients, first_seen: Sequence[float]
) -> Mapping[str, tuple[int, float]]:
    """Region → how many of its recipients wait, and when the first of those was first seen."""
    waiting = recipients.statuses.translate(_FLAGS[ORDER.index(Status.WAITING) - 1])
    if 1 not in waiting:
        return {}
    return _Column(recipients.phones).first_of(waiting, compress(first_seen, waiting))


def places_by_country(phones: Phones) -> Mapping[str, bytes]:
    """Region → a byte for each place: 1 where the number is of that region."""
    codes: dict[str, int] = {}
    column = bytes(codes.setdefault(each, len(codes)) for each in _Column(phones).each())
    return {
        of: column.translate(bytes(int(value == code) for value in range(256)))
        for of, code in codes.items()
    }


class _Column:
    """Phone numbers, with what their first digits tell.

    Those tell most countries, for a whole column at once; numbers of a calling code that
    several countries share are looked at one by one.
    """

    def __init__(self, phones: Phones) -> None:
        keys = phones.keys
        self._keys: Sequence[int | str] = keys
        self._heads: Sequence[int | str]
        if isinstance(keys, array):
            self._heads = memoryview(keys).cast("B").cast("I")[_HEAD::2].tolist()
        else:
            self._heads = [key >> 32 if isinstance(key, int) else key for key in keys]

    def regions(self, wanted: bytes | None) -> Counter[str]:
        """Region → numbers, of those whose place in ``wanted`` is 1; None: of all."""
        if wanted is not None and 1 not in wanted:
            return Counter()
        found: Counter[str] = Counter()
        shared = set()
        for head, count in Counter(_of(self._heads, wanted)).items():
            sole = _sole_region(head)
            if sole is None:
                shared.add(head)
            else:
                found[sole] += count
        if shared:
            pairs = zip(_of(self._keys, wanted), _of(self._heads, wanted), strict=True)
            found.update(region(f"+{key:x}") for key, head in pairs if head in shared)
        return found

    def each(self) -> Iterator[str]:
        """The region of each number, in order."""
        known = {head: _sole_region(head) for head in set(self._heads)}
        for key, head in zip(self._keys, self._heads, strict=True):
            sole = known[head]
            yield region(f"+{key:x}") if sole is None else sole

    def first_of(self, wanted: bytes, moments: Iterable[float]) -> dict[str, tuple[int, float]]:
        """Region → numbers of those wanted, and the first of their moments."""
        found: dict[str, tuple[int, float]] = {}

        def note(of: str, count: int, moment: float) -> None:
            number, first = found.get(of, (0, inf))
            found[of] = number + count, min(first, moment)

        moments, shared = [*moments], set()
        # Many were first seen at one moment: there are few pairs.
        pairs = Counter(zip(_of(self._heads, wanted), moments, strict=True))
        for (head, moment), count in pairs.items():
            of = _sole_region(head)
            if of is None:
                shared.add(head)
            else:
                note(of, count, moment)
        if shared:
            columns = _of(self._keys, wanted), _of(self._heads, wanted), moments
            for key, head, moment in zip(*columns, strict=True):
                if head in shared:
                    note(region(f"+{key:x}"), 1, moment)
        return found


def _sole_region(head: int | str) -> str | None:
    """The one country of what begins so; None where more must be known."""
    return region(head) if isinstance(head, str) else sole_region(f"{head:x}")


def _of(column: Sequence[int | str], wanted: bytes | None) -> Iterable[int | str]:
    return column if wanted is None else compress(column, wanted)
