"""One colour and one marker a strategy, the same in every figure; a plugin's own follows from its name alone.

The first seven are told apart by people with any colour vision (Okabe and Ito, Color Universal Design, 2008), and on
black as on white; markers and labels say the same again without colour.
"""

import hashlib

COLOURS = {
    "numpy_loop": "#0072B2",
    "numpy_stacked": "#56B4E9",
    "jax_eager": "#CC79A7",
    "jax_jit_step": "#E69F00",
    "jax_scan": "#D55E00",
    "jax_vmap": "#009E73",
}
MARKERS = {
    "numpy_loop": "o",
    "numpy_stacked": "s",
    "jax_eager": "v",
    "jax_jit_step": "D",
    "jax_scan": "^",
    "jax_vmap": "P",
}
_OTHERS = ("#8C6D1F", "#7A5195", "#A05A4A", "#5F7F3F", "#4F7F8C", "#9A5C7F", "#6C6CB0", "#857A6B")
_OTHER_MARKERS = ("X", "*", "h", "<", ">", "p", "d", "8")

INK, FAINT = "#1f2328", "#c9ced6"
"""Text and grid in figures; a page puts its own in their place, light or dark."""
UNSURE = "#9aa0a6"
PHASES = {
    "transfer": "#56B4E9",
    "trace": "#009E73",
    "lower": "#E69F00",
    "compile": "#D55E00",
    "first call": "#0072B2",
}


def colour_of(strategy: str) -> str:
    """A strategy's colour, in every figure of every run."""
    return COLOURS.get(strategy) or _OTHERS[_number(strategy) % len(_OTHERS)]


def marker_of(strategy: str) -> str:
    """A strategy's marker."""
    return MARKERS.get(strategy) or _OTHER_MARKERS[_number(strategy) % len(_OTHER_MARKERS)]


def _number(name: str) -> int:
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()[0]
