"""Alerts on the screen: how it stands with them, what is said, and how they are answered."""
