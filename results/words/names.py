"""A workload in words, the same in every table and figure."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import itemgetter
from typing import Any

from ..fields import COLD, CONTEST_KEYS, TOLD_IF_GIVEN, TOLD_IF_VARYING
from .settings import under
from .text import counted, listed, number_text, plain, threads_text

HIGHEST = "highest"
AXIS_LETTER = {"samples": "n", "features": "d", "batch": "b", "steps": "steps"}
AXES = tuple(AXIS_LETTER)
USUAL = {"features": 2, "batch": 1, "steps": 100, "dtype": "float32", "threads": "1"}
"""What `brief` does not say."""
_METHOD = {"gd": "gradient descent", "ols": "least squares", "gd_tol": "descent to a tolerance"}

# a row of the frame, None for whatever is missing
Record = dict[str, Any]


def title(record: Record, differing: AbstractSet[str] = frozenset()) -> str:
    """A workload in words: `gradient descent, 100 steps: n = 1,000, d = 2, 1 problem, float32, 1 thread`.

    `differing` are the columns that differ elsewhere in what is shown.
    """
    parts = [
        f"n = {record['samples']:,}",
        f"d = {record['features']:,}",
        counted(record["batch"], "problem"),
        plain(record["dtype"]),
        threads_text(record["threads"]),
    ]
    return f"{_method(record)}: {', '.join(parts + particulars(record, differing))}"


def place(fixed: Record, differing: AbstractSet[str] = frozenset()) -> str:
    """As much of a workload as is in `fixed`: `gradient descent: n = 1,000, d = 2, b = 1, float32, 4 threads`."""
    parts = [f"{letter} = {fixed[axis]:,}" for axis, letter in AXIS_LETTER.items() if fixed.get(axis) is not None]
    parts += [plain(fixed["dtype"])] if fixed.get("dtype") else []
    parts += [threads_text(fixed["threads"])] if fixed.get("threads", "1") != "1" else []
    method = [method_name(fixed["method"])] if fixed.get("method") else []
    return ": ".join(filter(None, (*method, ", ".join(parts + particulars(fixed, differing)))))


def brief(record: Record, differing: AbstractSet[str] = frozenset()) -> str:
    """A workload on a line of a table, `gd n=100 b=32`: its samples, and whatever is not as USUAL."""

    def unusual(name: str) -> bool:
        return record[name] is not None and record[name] != USUAL.get(name)

    axes = [f"{letter}={record[axis]:,}" for axis, letter in AXIS_LETTER.items() if unusual(axis)]
    dtype = [plain(record["dtype"])] if unusual("dtype") else []
    threads = [f"t={plain(record['threads'])}"] if unusual("threads") else []
    return " ".join((plain(record["method"]), *axes, *dtype, *threads, *particulars(record, differing)))


def problem_name(problem: Mapping[str, Any], threads: str) -> str:
    """One problem in a few words, whatever there is beside it: `gd n=1,000 d=2 b=1 steps=100`."""
    size = f"n={problem['samples']:,} d={problem['features']:,} b={problem['batch']:,}"
    steps = f" steps={problem['steps']:,}" if problem.get("steps") else ""
    condition = f" condition={problem['condition']:g}" if problem.get("condition") else ""
    return f"{problem['method']} {size}{steps}{condition}" + (f" threads={threads}" if threads != "1" else "")


def method_name(method: str) -> str:
    """`gradient descent`."""
    return _METHOD.get(method, plain(method))


def particulars(record: Record, differing: AbstractSet[str] = frozenset()) -> list[str]:
    """What few workloads have, and what differs elsewhere (`differing`): `condition 30`, `step size 0.1`, `seed 1`."""
    given = [(name, record[name]) for name in TOLD_IF_GIVEN if record.get(name) is not None]
    given += [(name, str(record[name])) for name in TOLD_IF_VARYING if name in differing]
    cold = ["cold caches"] if record.get("cache") == COLD else []
    return cold + [
        f"{name.replace('_', ' ')} {plain(value) if isinstance(value, str) else number_text(value)}"
        for name, value in given
    ]


def competitor(record: Record) -> str:
    """`jax_scan autodiff`, a precision not the highest, its device where not the CPU, its setting, and cold caches."""
    return _name(record, device=record["device"] != "cpu")


def along(rows: Sequence[Record], axis: str) -> str:
    """The name of one competitor along an axis: `jax_scan autodiff`, `jax_scan (autodiff, columns from n = 1,000)`.

    The variant that it has at most sizes, and where it has another.
    """
    sizes: dict[str, list[int]] = {}
    for row in rows:
        sizes.setdefault(row["variant"], []).append(row[axis])
    usual = max(sizes, key=lambda variant: len(sizes[variant]))
    parts = [usual]
    for variant, places in sizes.items():
        to_the_end = len(places) > 1 and places[0] == rows[-len(places)][axis]
        where = f"from {AXIS_LETTER[axis]} = {places[0]:,}" if to_the_end else _at(axis, places)
        parts += [f"{variant} {where}"] if variant != usual else []
    return competitor(rows[0] if len(parts) == 1 else rows[0] | {"variant": f"({', '.join(parts)})"})


def at_precision(precision: str | None) -> str:
    """What a case's name ends in: ` at default`; nothing for the highest precision, the only one of NumPy."""
    return "" if precision in (None, HIGHEST) else f" at {plain(str(precision))}"


def _at(axis: str, places: Sequence[int]) -> str:
    return f"at {AXIS_LETTER[axis]} = {listed([f'{place:,}' for place in places])}"


def _method(record: Record) -> str:
    if record["method"] == "gd":
        return f"gradient descent, {counted(record['steps'] or 0, 'step')}"
    if record["method"] == "gd_tol":
        return f"gradient descent to a step below {number_text(record['tolerance'] or 0.0)}"
    return method_name(record["method"])


Key = tuple[tuple[str, Any], ...]
"""What rows agree in, as pairs of name and value: `dict` makes a record of it."""


def grouped(records: Iterable[Record], names: Sequence[str] = CONTEST_KEYS) -> dict[Key, list[Record]]:
    """The rows that agree in all of these columns, groups and rows in the order given; by default whole contests."""
    values = itemgetter(*names)  # two names or more
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for record in records:
        groups.setdefault(values(record), []).append(record)
    return {tuple(zip(names, key, strict=True)): rows for key, rows in groups.items()}


def named(records: Sequence[Record]) -> list[Record]:
    """Rows of one group with their `name`: strategy and variant, a precision that is not the highest, the device
    unless all ran on the CPU, what variables were set to, and caches that were cold."""
    everywhere = {record["device"] for record in records} == {"cpu"}
    return [record | {"name": _name(record, device=not everywhere)} for record in records]


def varying(records: Iterable[Record], names: Iterable[str] = TOLD_IF_VARYING) -> frozenset[str]:
    """Those of the columns that have more than one value, missing ones aside: what a title must name."""
    seen: dict[str, set[Any]] = {name: set() for name in names}
    for record in records:
        for name, values in seen.items():
            values.add(record.get(name))
    return frozenset(name for name, values in seen.items() if len(values - {None}) > 1)


def _name(record: Record, *, device: bool) -> str:
    name = plain(f"{record['strategy']} {record['variant']}") + at_precision(record["precision"])
    name += f" on {plain(record['device'])}" if device else ""
    return name + under(record.get("setting"), record.get("cache"))
