"""What ``smsmon watch`` does for whoever watches it: systemd, a dead man's switch, metrics.

Whether all is well is one pure answer, of `health.py`; everybody here goes by it.
"""
