"""A setting: what a person set variables of the environment to, as the end of the names of its cases.

In a run file it is `NAME=VALUE` parts, quoted as for a shell; `NAME=` was taken out of the environment. A case that was
run under none has the empty text. What its caches were stands behind it.
"""

import shlex
from functools import lru_cache

from ..fields import COLD
from .text import plain


@lru_cache(maxsize=1024)
def under(setting: str | None, cache: str | None = None) -> str:
    """What a case's name ends in: ` with A=1 B=2 without C (cold)`; nothing for no setting and hot caches."""
    cold = f" ({COLD})" if cache == COLD else ""
    try:
        parts = [part.partition("=") for part in shlex.split(setting or "")]
    except ValueError:  # of a file that was not written here
        return f" with {plain(setting or '')}{cold}"
    given = [f"{name}={shlex.quote(value)}" for name, _, value in parts if value]
    taken = [name for name, _, value in parts if not value]
    told = [f" {word} {' '.join(names)}" for word, names in (("with", given), ("without", taken)) if names]
    return plain("".join(told)) + cold


def takes_away(setting: str | None) -> bool:
    """Whether nothing is set: there is no setting, or one that only takes variables out of the environment."""
    return " with " not in under(setting)
