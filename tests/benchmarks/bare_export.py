"""What one would write oneself to have all recipients as CSV: a query, and a loop over its rows.

``python bare_export.py history.db rows.csv``. Nothing is asked of the rows, no number is masked,
and nothing else can go wrong.
"""

from __future__ import annotations

import csv
import sqlite3
import sys
from functools import cache
from time import gmtime, strftime

from smsmon.phones import region

ALL = """
SELECT m.message_id, m.label, m.profile, r.phone, r.status, w.text, r.stop, r.date, r.first_seen,
    r.changed_at, r.absent_since, r.reason
FROM recipient r JOIN message m ON m.id = r.message JOIN word w ON w.id = r.word
ORDER BY r.message, r.slot
"""
COLUMNS = (
    "id,label,phone,country,status,raw_status,stop,date,first_seen,changed_at,absent,reason,"
    "profile,absent_since,took_seconds"
)
STATUSES = ("unknown", "waiting", "delivered", "not_delivered")
YES_NO = ("no", "yes", "")


@cache
def utc(second: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(second)) if second else ""


def main(history: str, output: str) -> None:
    connection = sqlite3.connect(history)
    with open(output, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS.split(","))
        for row in connection.execute(ALL):
            id, label, profile, phone, status, word, stop, date, seen, changed, absent, reason = row
            writer.writerow(
                (
                    id,
                    label,
                    f"'+{phone}",
                    region(f"+{phone}"),
                    STATUSES[status],
                    word,
                    YES_NO[stop],
                    utc(date),
                    utc(seen // 1000),
                    utc(changed // 1000),
                    "yes" if absent else "no",
                    reason or "",
                    profile,
                    utc(absent // 1000),
                    f"{(changed - seen) / 1000:.4f}" if changed and status > 1 else "",
                )
            )


main(*sys.argv[1:])
