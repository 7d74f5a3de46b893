"""Every text of our themes can be read on every background it stands on."""

import pytest
from textual.color import Color
from textual.theme import Theme

from smsmon.console.themes import HIGH_CONTRAST, THEMES

TEXTS = ("foreground", "text-quiet", "accent", "success", "warning", "error", "unknown")
BACKGROUNDS = ("background", "surface", "panel", "tint")


def colours(theme: Theme) -> dict[str, str]:
    """Every named colour of ``theme``, its own variables included."""
    named = {
        name: value
        for name in (
            "foreground",
            "accent",
            "success",
            "warning",
            "error",
            "background",
            "surface",
            "panel",
        )
        if isinstance(value := getattr(theme, name), str)
    }
    return named | theme.variables


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_stands_out_from_its_background(theme: Theme) -> None:
    named = colours(theme)
    least = 7.0 if theme is HIGH_CONTRAST else 4.5
    pairs = [(text, back) for text in TEXTS for back in BACKGROUNDS]
    cursors = ("block-cursor", "block-cursor-blurred")
    pairs += [(f"{cursor}-foreground", f"{cursor}-background") for cursor in cursors]
    too_faint = {
        f"{text} on {back}": round(ratio, 2)
        for text, back in pairs
        if (ratio := contrast(named[text], named[back])) < least
    }
    assert not too_faint


def contrast(text: str, background: str) -> float:
    """The WCAG 2 contrast ratio of two colours, 1 to 21."""
    one, other = (luminance(Color.parse(colour)) for colour in (text, background))
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def luminance(colour: Color) -> float:
    """WCAG 2 relative luminance, 0 to 1."""
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
