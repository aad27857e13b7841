"""`--set NAME=VALUE[,VALUE...]`: variables of the environment as an axis, from what is typed to what competes.

Whatever else the harness sets or a run is told by another option is refused: a value of one's own would change what is
measured, and no column would tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import product

from ..variables import setting_of

INSTEAD = {
    "JAX_PLATFORMS": "--device",
    "JAX_PLATFORM_NAME": "--device",
    "JAX_ENABLE_X64": "--dtype",
    "JAX_DEFAULT_MATMUL_PRECISION": "--precision",
    "JAX_NUM_CPU_DEVICES": "--cpu-devices",
    "*_NUM_THREADS": "--threads",
}
"""By pattern of names, the option that says it."""

REFUSED = {
    "PATH": "which programs are found is not what is measured",
    "PYTHONPATH": "which modules are found is not what is measured (--plugin, or versus --python)",
    "PYTHONHOME": "which modules are found is not what is measured (versus --python)",
    "PYTHONHASHSEED": "every turn of blocks has one of its own, the same on all sides",
    "JAX_COMPILATION_CACHE_DIR": "a compile that was read from disk is no compile",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "every worker but the first would find the device's memory taken",
}
"""By name, why nobody sets it."""

_WITHIN_FLAGS = {"--xla_force_host_platform_device_count": "--cpu-devices"}
"""By flag of XLA, the option that says it."""


def settings_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Every setting that competes, the base one first: of each variable its first value. One of no variable for none.

    `texts` are as typed; a comma within a value is written `\\,`. Raises ValueError for one that cannot be set.
    """
    values: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, of_name = _parsed(text)
        if name in values:
            raise ValueError(f"--set {name} stands there twice: give all of its values in one, {name}=VALUE,VALUE")
        values[name] = of_name
    return tuple(setting_of(dict(zip(values, chosen, strict=True))) for chosen in product(*values.values()))


def _parsed(text: str) -> tuple[str, tuple[str, ...]]:
    """A variable's name and its values, each once."""
    name, equals, rest = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or "\0" in rest:
        raise ValueError(f"--set takes NAME=VALUE[,VALUE...], such as MALLOC_ARENA_MAX=1,4, got {text!r}")
    if name in REFUSED:
        raise ValueError(f"--set {name}: {REFUSED[name]}; leave it out")
    for pattern, option in INSTEAD.items():
        if fnmatchcase(name, pattern):
            raise ValueError(f"--set {name}: use {option}, which sets it")
    values = [value.replace("\\,", ",") for value in re.split(r"(?<!\\),", rest)]
    for flag, option in _WITHIN_FLAGS.items():
        if name == "XLA_FLAGS" and any(flag in value for value in values):
            raise ValueError(f"--set {name}: {flag} is for {option}, which does the same: use that")
    return name, tuple(dict.fromkeys(values))
