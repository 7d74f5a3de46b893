"""The life of an alert in a running smsmon: seen, recorded, answered, told."""

from smsmon.alerting.book import AlertBook
from smsmon.alerting.looking import Alerting

__all__ = ["AlertBook", "Alerting"]
