"""Where the key may go: the rules for base URLs and proxies."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.api.address import DEFAULT_BASE_URL, check_base_url, host_of, is_loopback


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (DEFAULT_BASE_URL, DEFAULT_BASE_URL),
        ("https://api.example/v1/", "https://api.example/v1"),
        ("https://api.example", "https://api.example"),
        ("HTTPS://API.example:8443/v1", "HTTPS://API.example:8443/v1"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("http://localhost/v1", "http://localhost/v1"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1"),
    ],
)
def test_https_and_loopback_are_accepted(text: str, kept: str) -> None:
    assert check_base_url(text) == kept


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("http://api.smspartner.fr/v1", "would send the API key unencrypted"),
        ("http://127.0.0.1.evil.example/v1", "unencrypted"),
        ("http://localhost.evil.example/", "unencrypted"),
        ("http://10.0.0.1/", "unencrypted"),
        ("http://0.0.0.0/", "unencrypted"),
        ("ftp://api.example/", "must begin with https://, not ftp://"),
        ("file:///etc/passwd", "names no host"),
        ("api.example/v1", "names no host"),
        ("", "names no host"),
        ("https://", "names no host"),
        ("https://user:secret@api.example/", "must not hold a user name or password"),
        ("https://api.example/v1?apiKey=secret", "no “\\?”"),
        ("https://api.example/v1#secret", "no “\\?”"),
        ("https://api.example/v1?", "no “\\?”"),
        ("https://api.example:99999/", "is not a URL"),
        ("https://api.example:0/", "names no host"),
        ("https://[::1/", "is not a URL"),
        ("https://api example/", "spaces or characters"),
        ("https://api.example/\x1b[31m", "spaces or characters"),
        ("https://аpi.example/", "spaces or characters"),
    ],
)
def test_anything_else_is_refused_without_repeating_what_may_be_secret(
    text: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        check_base_url(text)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_base_url_or_a_value_error(text: str) -> None:
    for candidate in (text, f"https://{text}", f"http://{text}"):
        kept = ""
        with suppress(ValueError):
            kept = check_base_url(candidate)
        assert not kept or kept.lower().startswith("https://") or is_loopback(host_of(kept))
