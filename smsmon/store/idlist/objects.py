"""Lists in JSON: what programs and APIs give out, whole or one value a line. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from smsmon.model import Entry
from smsmon.store.entries import clean_tags
from smsmon.store.idlist.cells import IdList, ListBuilder, id_in
from smsmon.store.idlist.tables import (
    Record,
    entry_of,
    fields_of,
    is_list_of_messages,
    is_of_a_message,
    lines,
    names_ids,
    tags_in,
)

JSON_KEYS = (
    "id", "label", "tags", "note", "note_by", "note_at", "added_at", "paused", "profile",
)  # fmt: skip
"""What an export writes of a message."""
_WRITERS = ("note_by", "note_at")
"""What exports told not yet, before lists said who wrote a note."""
_EXPORTED = (
    JSON_KEYS,
    (*JSON_KEYS, "source"),  # as `smsmon ls` lists it
    tuple(each for each in JSON_KEYS if each not in _WRITERS),
)
_DEEPEST = 3


def parse_json(text: str) -> IdList:
    """Ids, as texts or numbers, or objects that name them, in a list, in an object's list, or one a
    line."""
    builder = ListBuilder()
    for record, value in _values(text):
        _take(record, value, builder, _DEEPEST)
    return builder.listed()


def is_json(text: str) -> bool:
    """True for text that is JSON with something in it to list, as a whole or line by line."""
    if text.lstrip()[:1] not in ("[", "{"):
        return False
    return all(isinstance(value, dict | list) for _, value in _values(text))


def _values(text: str) -> Iterator[tuple[Record, Any]]:
    """The whole text as one value, or that of each line; ``ValueError`` where one is no JSON."""
    try:
        yield Record(1, text), _loads(text)
        return
    except ValueError:
        pass
    for record in lines(text):
        if record.text.strip():
            try:
                yield record, _loads(record.text)
            except ValueError as error:
                yield record, error


def _loads(text: str) -> Any:
    # A number with a point or a power stays as it is written: it may be an id that was rounded.
    try:
        return json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except ValueError as error:
        raise ValueError("this is not JSON") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | ValueError:
    """An object; one that names a key twice says nothing certain."""
    return dict(pairs) if len(dict(pairs)) == len(pairs) else ValueError("it has a key twice")


def _take(record: Record, value: Any, builder: ListBuilder, deeper: int) -> None:
    if isinstance(value, list):
        at = record
        for each in value:
            at = _place_of(each, at)
            _take_one(at, each, builder)
    elif isinstance(value, dict) and not names_ids(_fields(value)) and deeper:
        lists = [(name, each) for name, each in value.items() if isinstance(each, list | dict)]
        if len(lists) == 1:
            ((name, inner),) = lists
            _take(record, inner, builder, deeper - 1)
            if isinstance(inner, list) and not any(isinstance(each, dict) for each in inner):
                builder.headings.append((record.line - 1, _words_of(name)))
                builder.doubt_called_phones()
        else:
            builder.refuse(record.line, _shown(value), "it names no id, nor one list of them")
    else:
        _take_one(record, value, builder)


def _words_of(name: str) -> str:
    """The words of a key: ``phoneNumbers`` are two."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name)


def _take_one(record: Record, value: Any, builder: ListBuilder) -> None:
    try:
        if isinstance(value, ValueError):
            raise value
        if isinstance(value, dict):
            builder.take(record.line, _entry(value))
            for name, each in zip(_fields(value), value.values(), strict=True):
                if name and name not in ("id", "tags") and isinstance(each, list | dict):
                    why = f"is left out as the {name.partition('_')[0]}, as it is no text"
                    builder.doubt(record.line, _shown(each), why)
        elif isinstance(value, str):
            builder.take(record.line, Entry(id_in(value)))
        else:
            raise ValueError("an id is text or a number")
    except ValueError as error:
        text = record.text if isinstance(value, ValueError) else _shown(value)
        builder.refuse(record.line, text, str(error))


def _entry(value: Mapping[str, Any]) -> Entry:
    fields = _fields(value)
    if not names_ids(fields):
        raise ValueError("no key is named as that of the ids: call it id")
    if not any(map(is_of_a_message, value)) and any(map(_names_messages, value.items())):
        raise ValueError("its id may be that of what holds the messages in it: call it message_id")
    named = {field: each for field, each in zip(fields, value.values(), strict=True) if field}
    tags = named.pop("tags", None)
    texts = {
        field: _text(each) for field, each in named.items() if not isinstance(each, list | dict)
    }
    entry = entry_of(texts, trusted=tuple(value) in _EXPORTED)
    return replace(entry, tags=clean_tags(_tags(tags)))


def _names_messages(item: tuple[str, Any]) -> bool:
    """True for a key with messages below it: a list of that name, or what names their ids."""
    name, value = item
    if not isinstance(value, list | dict):
        return is_of_a_message(name)
    inner = value.items() if isinstance(value, dict) else (("", each) for each in value)
    return bool(value) and (is_list_of_messages(name) or any(map(_names_messages, inner)))


def _fields(value: Mapping[str, Any]) -> list[str]:
    """The field of each key; a list that is named as the ids are is a list of messages."""
    fields = fields_of(value)
    return [
        field if field != "id" or not isinstance(each, list | dict) else ""
        for field, each in zip(fields, value.values(), strict=True)
    ]


def _tags(value: object) -> list[str]:
    if isinstance(value, str):
        return tags_in(value)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(tag, str) for tag in value):
        return value
    raise ValueError("tags are a list of texts")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise ValueError("a message's id, label, note and profile are texts")


def _place_of(value: Any, after: Record) -> Record:
    """Where ``value`` stands in the text of ``after``, looked for by its first text."""
    mark = value
    while isinstance(mark, dict | list) and mark:
        mark = next(iter(mark.values() if isinstance(mark, dict) else mark))
    if not isinstance(mark, str) or not mark:
        return after
    at = after.text.find(mark)
    if at < 0:
        return after
    return Record(after.line + after.text.count("\n", 0, at), after.text[at:])


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:200]
