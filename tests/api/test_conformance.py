"""Every known answer, and what it must decode to: two files in ``tests/data/answers`` each.

``NAME`` is the body as it came, ``NAME.expected`` the JSON of its recipients or of its error.
All are answers to a request for message 111.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smsmon.api.decode import decode
from smsmon.model import ReadError

ANSWERS = Path(__file__).parent.parent / "data" / "answers"
CASES = sorted(path.name for path in ANSWERS.iterdir() if path.suffix != ".expected")


def outcome(body: bytes, message_id: str) -> dict[str, Any]:
    """What ``body`` decodes to, as the files of expectations write it."""
    try:
        recipients = decode(body, message_id)
    except ReadError as error:
        fault = error.fault
        return {
            "error": {
                "type": type(error).__name__,
                "kind": str(fault.kind),
                "code": fault.code,
                "message": fault.message,
            }
        }
    return {
        "recipients": [
            {
                "phone": one.phone,
                "status": one.status.slug,
                "raw_status": one.raw_status,
                "stop": one.stop,
                "date": one.date,
                "reason": one.reason,
            }
            for one in recipients
        ]
    }


@pytest.mark.parametrize("case", CASES)
def test_known_answer_decodes_to_what_is_written_beside_it(case: str) -> None:
    expected = json.loads((ANSWERS / f"{case}.expected").read_text())
    found = outcome((ANSWERS / case).read_bytes(), expected.pop("message_id"))
    if "error" in expected:
        # An expectation may leave out what depends on the version of Python.
        assert "error" in found
        found["error"] = {name: found["error"][name] for name in expected["error"]}
    assert found == expected


def test_every_expectation_has_its_answer() -> None:
    expectations = {path.stem for path in ANSWERS.glob("*.expected")}
    assert expectations == set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_an_error_shows_the_beginning_of_what_came(case: str) -> None:
    body = (ANSWERS / case).read_bytes()
    try:
        decode(body, "111")
    except ReadError as error:
        excerpt = error.fault.excerpt
        assert bool(excerpt) == bool(body.strip())
        assert len(excerpt) <= 300
        assert excerpt.isprintable()
