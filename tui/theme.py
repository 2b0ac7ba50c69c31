"""The colour themes, dark, light and of high contrast: neutral greys, one accent,
and one colour each for marks, more and less.

Everything a colour says is said by a sign or a word too, so the same screens read in 16 colours and with
NO_COLOR. More and less are blue and orange: the pair that colour-blind people can tell apart.
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="experiments-dark",
    primary="#62aeef",
    secondary="#8fa3b8",
    accent="#62aeef",
    warning="#e3a84f",
    error="#ef7072",
    success="#7cc48d",
    foreground="#d8dbe2",
    background="#14161a",
    surface="#1a1d22",
    panel="#22262d",
    dark=True,
    variables={
        "quiet": "#949ba8",
        "faint": "#5c6470",
        "bar": "#62aeef",
        "mark": "#e3a84f",
        "more": "#6fb7f5",
        "less": "#eb9f63",
        "cursor-line": "#2b3442",
        "cursor-line-blurred": "#20252d",
        "hover-line": "#1d2127",
        "border": "#62aeef",
        "border-blurred": "#2f353e",
        "scrollbar": "#363d48",
        "scrollbar-hover": "#4a535f",
        "scrollbar-active": "#62aeef",
        "scrollbar-background": "#14161a",
        "scrollbar-background-hover": "#14161a",
        "scrollbar-background-active": "#14161a",
        "scrollbar-corner-color": "#14161a",
        "block-cursor-background": "#2b3442",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#20252d",
        "input-selection-background": "#62aeef 35%",
    },
)

LIGHT: Final = Theme(
    name="experiments-light",
    primary="#0f62ab",
    secondary="#55606e",
    accent="#0f62ab",
    warning="#935a00",
    error="#b3261e",
    success="#2a7341",
    foreground="#21242a",
    background="#fcfcfa",
    surface="#f4f4f1",
    panel="#e9e9e4",
    dark=False,
    variables={
        "quiet": "#5d6570",
        "faint": "#9aa0a9",
        "bar": "#2273bd",
        "mark": "#935a00",
        "more": "#0f62ab",
        "less": "#a8480a",
        "cursor-line": "#d5e4f2",
        "cursor-line-blurred": "#e9edf1",
        "hover-line": "#f1f1ee",
        "border": "#0f62ab",
        "border-blurred": "#d2d2cc",
        "scrollbar": "#c9c9c3",
        "scrollbar-hover": "#b0b0aa",
        "scrollbar-active": "#0f62ab",
        "scrollbar-background": "#fcfcfa",
        "scrollbar-background-hover": "#fcfcfa",
        "scrollbar-background-active": "#fcfcfa",
        "scrollbar-corner-color": "#fcfcfa",
        "block-cursor-background": "#d5e4f2",
        "block-cursor-foreground": "#000000",
        "block-cursor-blurred-background": "#e9edf1",
        "input-selection-background": "#0f62ab 25%",
    },
)

CONTRAST: Final = Theme(
    name="experiments-contrast",
    primary="#ffd700",
    secondary="#ffffff",
    accent="#ffd700",
    warning="#ffb000",
    error="#ff8a8a",
    success="#7dff9b",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    dark=True,
    variables={
        "quiet": "#e2e2e2",
        "faint": "#b8b8b8",
        "bar": "#ffffff",
        "mark": "#ffd700",
        "more": "#6fd3ff",
        "less": "#ffb454",
        "cursor-line": "#003f8a",
        "cursor-line-blurred": "#333333",
        "hover-line": "#262626",
        "border": "#ffffff",
        "border-blurred": "#b8b8b8",
        "scrollbar": "#b8b8b8",
        "scrollbar-hover": "#ffffff",
        "scrollbar-active": "#ffd700",
        "scrollbar-background": "#000000",
        "scrollbar-background-hover": "#000000",
        "scrollbar-background-active": "#000000",
        "scrollbar-corner-color": "#000000",
        "block-cursor-background": "#003f8a",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#333333",
        "input-selection-background": "#003f8a",
    },
)

OURS: Final = (DARK, LIGHT, CONTRAST)

VARIABLES: Final = {
    "quiet": "#888888",
    "faint": "#808080",
    "bar": "ansi_blue",
    "mark": "ansi_yellow",
    "more": "ansi_blue",
    "less": "ansi_yellow",
    "cursor-line": "ansi_bright_black",
    "cursor-line-blurred": "ansi_black",
    "hover-line": "ansi_black",
}
"""What our own variables are in a theme that does not know them (Textual's own themes)."""
