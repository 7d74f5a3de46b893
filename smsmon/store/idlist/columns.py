"""The names of a table's columns, as people write them, and what their cells say. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from smsmon.model import DEFAULT_PROFILE, Entry, is_message_id
from smsmon.store.entries import clean_tags, cleaned
from smsmon.store.idlist.cells import id_in, uncovered

CSV_COLUMNS = ("id", "label", "tags", "note", "added", "paused", "profile")
"""What an export writes, in this order."""

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        name: field
        for field, names in {
            "id": "id, ids, identifiant, identifiants",
            "label": "label, name, title, campaign, libelle, nom, titre, intitule, campagne",
            "tags": "tags, tag, etiquettes, etiquette, mots cles",
            "note": "note, notes, comment, comments, commentaire, commentaires, remarque",
            "added": "added, added at, ajoute, ajoute le",
            "paused": "paused, pause, en pause",
            "profile": "profile, account, profil, compte",
        }.items()
        for name in names.split(", ")
    }
)
_MESSAGE = (
    "messages?|msg|sms|mensajes?|messaggi[oa]?|mensage(?:m|ns)|nachricht(?:en)?|bericht|wiadomosci"
)
_OF_A_MESSAGE = re.compile(
    rf"(?:{_MESSAGE}) ?ids?"
    rf"|(?:ids?|identifiants?|identificador|numero|n°) ?(?:d[eiu]l? |da |do |des )?(?:{_MESSAGE})"
)
"""Names of a column of message ids in which both are said, in the languages of the neighbours."""
_BETWEEN_WORDS = re.compile(r"[\s_.\-]+")
_TAG_SEPARATOR = re.compile(r"[\s,;]+")
_YES = frozenset({"true", "yes", "1", "vrai", "oui"})
_NO = frozenset({"false", "no", "0", "", "faux", "non"})


def fields_of(names: Iterable[str]) -> list[str]:
    """The field of an entry that each column name stands for, in English or French; else "".

    No two columns are of one field. Beside a ``message id`` an ``id`` is that of the row.
    """
    folded = [*map(_folded, names)]
    fields = ["id" if _OF_A_MESSAGE.fullmatch(name) else _NAMES.get(name, "") for name in folded]
    if any(map(_OF_A_MESSAGE.fullmatch, folded)):
        fields = [
            "" if name in ("id", "ids") else field
            for name, field in zip(folded, fields, strict=True)
        ]
    return [field if fields.count(field) == 1 or field == "id" else "" for field in fields]


def _folded(name: str) -> str:
    apart = unicodedata.normalize("NFKD", uncovered(name).strip(" \"'*:").casefold())
    plain = "".join(char for char in apart if not unicodedata.combining(char))
    return _BETWEEN_WORDS.sub(" ", plain.replace("\N{DEGREE SIGN}", "°")).strip()


def names_ids(fields: Sequence[str]) -> bool:
    """True for a header that tells where the ids are."""
    return fields.count("id") == 1


def entry_of(values: Mapping[str, str], *, trusted: bool = False) -> Entry:
    """The entry that a row's ``values`` describe, by field. Raises ``ValueError``.

    ``trusted``: the row is of an export, where an id is one whatever it looks like.
    """
    text = values.get("id", "")
    tags = values.get("tags", "")
    return cleaned(
        Entry(
            id=text if trusted and is_message_id(text) else id_in(text),
            label=values.get("label", ""),
            tags=clean_tags(tags_in(tags)),
            note=values.get("note", ""),
            added_at=_moment(values.get("added", "")),
            paused=_flag(values.get("paused", "")),
            profile=values.get("profile") or DEFAULT_PROFILE,
        )
    )


def tags_cell(tags: Sequence[str]) -> str:
    """``tags`` in one cell: apart by spaces, or each with a ``|`` behind it where one has a space,
    comma, semicolon or ``|`` itself; there a backslash goes before what is a tag's own."""
    if not any("|" in tag or _TAG_SEPARATOR.search(tag) for tag in tags):
        return " ".join(tags)
    return "".join(re.sub(r"([\\|])", r"\\\1", tag) + "|" for tag in tags)


def tags_in(cell: str) -> list[str]:
    """The tags that ``cell`` says; what ``tags_cell`` wrote, and what people write."""
    if "|" not in cell:
        return _TAG_SEPARATOR.split(cell)
    parts = re.findall(r"((?:\\[\\|]|[^|])+)", cell)
    return [re.sub(r"\\([\\|])", r"\1", part) for part in parts]


def _moment(text: str) -> float:
    if not text:
        return 0.0
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError("added is a date and time, as 2026-11-22T10:00:00Z") from None


def _flag(text: str) -> bool:
    word = text.casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError("paused is true or false")
