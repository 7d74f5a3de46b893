"""JSON answers. A typed tier for the shape of the reference, a tolerant one for all others.

Where the typed tier accepts, the tolerant one gives the same: a test holds them together.
"""

from __future__ import annotations

from typing import Any

import msgspec

from smsmon.api.envelope import Envelope
from smsmon.api.errors import NotAReport


def parse(body: bytes) -> Envelope:
    """The answer in ``body``, its rows not looked at yet. Raises ``NotAReport``."""
    try:
        answer = msgspec.json.decode(body)
    except RecursionError:
        problem = "The answer is nested too deeply to be a report."
    except msgspec.DecodeError as error:
        cut = "truncated" in str(error)
        problem = f"The answer is not whole JSON: it {'was cut short' if cut else 'is malformed'}."
    except UnicodeDecodeError:
        problem = "The answer is not UTF-8 text."
    else:
        return _envelope(answer)
    raise NotAReport(problem)


def _envelope(answer: Any) -> Envelope:
    if not isinstance(answer, dict):
        raise NotAReport("The answer is JSON, but not an object.")
    return Envelope(
        success=answer.get("success"),
        code=answer.get("code"),
        ids=[answer[name] for name in ("message_id", "messageId") if answer.get(name) is not None],
        rows=answer.get("StatutResponse_List"),
        words=_words(answer),
        fields=answer,
    )


def _words(answer: dict[str, Any]) -> str:
    """The API's own words about an error, in any of the forms it has for them."""
    found = [answer.get("message")]
    for name in ("error", "errors"):
        errors = answer.get(name)
        for one in errors if isinstance(errors, list) else [errors]:
            found.append(one.get("message") if isinstance(one, dict) else one)
            if len(found) > 10:
                break
    return "; ".join(dict.fromkeys(text.strip() for text in found if isinstance(text, str)))
