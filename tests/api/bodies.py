"""Bodies as the API writes them, of any size: for tests and benchmarks."""

from __future__ import annotations

import json
from typing import Any

WORDS = ("Delivered", "Waiting", "Not delivered")


def rows(count: int) -> list[dict[str, Any]]:
    """``count`` rows of the reference's shape; phones, words and dates differ."""
    return [
        {
            "phoneNumber": f"+336{place * 7919 % 10**8:08d}",
            "status": WORDS[place % 3],
            "stopSMS": False,
            "date": str(1517989111 + place),
        }
        for place in range(count)
    ]


def report(rows: list[Any], message_id: str = "111") -> bytes:
    """The JSON report that has ``rows``, in the compact form that the API sends."""
    answer = {"success": True, "code": 200, "message_id": message_id, "StatutResponse_List": rows}
    return json.dumps(answer, separators=(",", ":")).encode()


def xml_report(rows: list[dict[str, Any]], message_id: str = "111") -> bytes:
    """The XML twin of ``report``, for rows of the reference's shape."""
    entries = "".join(
        f"<entry><entry><![CDATA[{row['phoneNumber']}]]></entry>"
        f"<entry><![CDATA[{row['status']}]]></entry>"
        f"<entry>{'true' if row['stopSMS'] else 'false'}</entry>"
        f"<entry><![CDATA[{row['date']}]]></entry></entry>"
        for row in rows
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n<result><entry>true</entry><entry>200</entry>"
        f"<entry><![CDATA[{message_id}]]></entry><entry>{entries}</entry></result>"
    ).encode()
