"""A setting: what a person sets variables of the environment to, as text in a run file and in the names of its cases.

Its text is `NAME=VALUE` parts, quoted as for a shell; of `NAME=` the variable is taken out of the environment. A case
that was run under none has the empty text.
"""

import shlex
from collections.abc import Mapping

from .text import plain


def text_of(variables: Mapping[str, str]) -> str:
    """The setting that gives these variables these values."""
    return shlex.join(f"{name}={value}" for name, value in variables.items())


def variables_of(setting: str) -> dict[str, str]:
    """What `text_of` was given. ValueError for a quotation without an end."""
    parts = (part.partition("=") for part in shlex.split(setting))
    return {name: value for name, _, value in parts}


def under(setting: str | None) -> str:
    """What a case's name ends in: ` with A=1 B=2 without C`; nothing for none."""
    try:
        variables = variables_of(setting or "")
    except ValueError:  # of a file that was not written here
        return f" with {plain(setting or '')}"
    given = [f"{name}={shlex.quote(value)}" for name, value in variables.items() if value]
    taken = [name for name, value in variables.items() if not value]
    told = [f" {word} {' '.join(names)}" for word, names in (("with", given), ("without", taken)) if names]
    return plain("".join(told))


def takes_away(setting: str | None) -> bool:
    """Whether nothing is set: there is no setting, or one that only takes variables out of the environment."""
    return " with " not in under(setting)
