"""`inspect`: compile for a GPU that is not here, and print what it would run."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..aot.targets import targets
from ..grid.options import AXES, RunOptions, UsageError, lists_of
from .help import HOW, OUTPUT, WHAT, WHERE, Choice, Command, completion, names_from, option
from .read import FILE
from .statuses import DONE, NO_ANSWER

if TYPE_CHECKING:
    from linregbench.results.tables.table import Cell, Document, Table

    from ..aot.compiler import Compiled
    from ..aot.floors import Row
    from ..aot.targets import Target

START_S, COMPILE_S = 2.0, 0.35
"""About how long the compiler takes to start, and for one case; for the progress line."""

NUMBERS = (
    *("launches a step", "submits a step", "launches in all", "temporary memory", "TF32", "launch floor", "roofline"),
)
_GROUP = ("method", "dtype", "samples", "features", "batch", "steps")
_METHODS = {"gd": "gradient descent", "gd_tol": "gradient descent to a tolerance", "ols": "least squares"}


@click.command(
    cls=Command,
    examples=("inspect --target h100", "inspect --target h100 --method gd --strategy jax_scan"),
)
@option(
    "--target",
    required=True,
    group=WHERE,
    example="--target h100",
    help="The GPU; a wrong name lists those that are known.",
    shell_complete=names_from(targets),
)
@option(
    "--method", group=WHAT, example="--method gd", otherwise="all", help=AXES["method"].help, **completion("method")
)
@option(
    "--strategy",
    group=WHAT,
    example="--strategy jax_scan,jax_vmap",
    otherwise="every compiled one",
    help="Compiled strategies, as `linregbench list` names them.",
    **completion("strategy"),
)
@option(
    "--variant",
    group=WHAT,
    example="--variant analytic",
    otherwise="all",
    help=AXES["variant"].help,
    **completion("variant"),
)
@option(
    "--dtype",
    default="float32",
    group=WHAT,
    example="--dtype float32,float64",
    help=AXES["dtype"].help,
    **completion("dtype"),
)
@option(
    "--precision",
    default="highest,default",
    group=HOW,
    example="--precision highest",
    help="Of float32 products.",
    **completion("precision"),
)
@option("--samples", default="1000", group=WHAT, example="--samples 1000,1e5", help=AXES["samples"].help)
@option("--features", default="16", group=WHAT, example="--features 2,16", help=AXES["features"].help)
@option("--batch", default="1,128", group=WHAT, example="--batch 1,1024", help=AXES["batch"].help)
@option("--steps", default="100", group=WHAT, example="--steps 1000", help=AXES["steps"].help)
@option(
    "--launch-us",
    default=1.0,
    type=float,
    group=HOW,
    example="--launch-us 2.5",
    help="Assumed cost of a launch, microseconds.",
)
@option(
    "--aot",
    type=FILE,
    group=WHERE,
    example="--aot .aot",
    otherwise=".aot, which `make inspect` fills",
    help="The folder with JAX's CUDA compiler.",
)
@option(
    "--plugin",
    type=FILE,
    multiple=True,
    group=WHAT,
    example="--plugin mine.py",
    otherwise="none",
    help="A file of your own @solver functions; may be repeated.",
)
@option(
    *("--format", "form"),
    type=Choice(["rich", "csv", "json"]),
    default="rich",
    group=OUTPUT,
    example="--format csv",
    help="As tables for a terminal, or for programs.",
)
def inspect(
    target: str,
    launch_us: float,
    aot: Path | None,
    plugin: tuple[Path, ...],
    form: str,
    **axes: str | None,
) -> int:
    """What a GPU that is not here would run, compiled for it.

    Launches a step, memory, TF32, and the time that launches take at least.
    """
    from ..aot import compiler, floors
    from ..sampling import progress

    if not 0 < launch_us < 1e6:
        raise UsageError(f"--launch-us must be a time in microseconds above 0, got {launch_us:g}")
    plugins = tuple(dict.fromkeys(plugin))
    options = RunOptions(**lists_of(axes))
    gpu = floors.find_target(target)
    cases = floors.cases_of(options, plugins)
    folder = compiler.find_extra(aot)
    compiled: list[Compiled] = []
    try:
        with progress.watcher(START_S + COMPILE_S * len(cases), quiet=not sys.stderr.isatty()) as watch:

            def tell(done: int, everything: int, what: str) -> None:
                watch.tell(what)
                watch.progress(COMPILE_S * done, COMPILE_S * (everything - done))

            compiled += compiler.compile_all(gpu, cases, folder, tell, plugins)
    except compiler.CompileError as error:
        print(f"linregbench: {error}", file=sys.stderr)
        return NO_ANSWER
    rows = floors.records(compiled, gpu, launch_us)
    _show(rows, gpu, launch_us, form)
    return DONE if any(row["status"] == "ok" for row in rows) else NO_ANSWER


def document_of(rows: Sequence[Row], target: Target, launch_us: float) -> Document:
    """A table a workload, and below what is counted and what is assumed."""
    from linregbench.results.tables.table import Document
    from linregbench.results.words.names import grouped

    from ..aot.floors import without_repeats

    groups = grouped(without_repeats(rows), _GROUP)
    notes = _notes(target, launch_us, any(row["method"] == "gd_tol" for row in rows))
    return Document([_table(group) for group in groups.values()], notes=list(notes))


def _show(rows: Sequence[Row], target: Target, launch_us: float, form: str) -> None:
    if form == "json":
        print(json.dumps(list(rows), indent=1))
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        from linregbench.results.tables.terminal import print_document

        print_document(document_of(rows, target, launch_us))


def _title(row: Row) -> str:
    problems = "1 problem" if row["batch"] == 1 else f"{row['batch']:,} problems"
    steps = f"{', stopping after' if row['method'] == 'gd_tol' else ','} {row['steps']:,} steps" if row["steps"] else ""
    return (
        f"{_METHODS[row['method']]}{steps}: n = {row['samples']:,}, d = {row['features']:,}, {problems}, {row['dtype']}"
    )


def _table(group: Sequence[Row]) -> Table:
    from linregbench.results.tables.table import Column, Table

    columns = (
        *(Column("case"), Column("precision", least=9)),
        *(Column(name, numbers=True) for name in NUMBERS),
        Column("bound by"),
    )
    rows = tuple(_cells(row) for row in group if row["status"] == "ok")
    return Table(_title(group[0]), columns, rows, left_out=tuple(_remarks(group))).filled()


def _cells(row: Row) -> tuple[Cell, ...]:
    from linregbench.results.models.words import bytes_text
    from linregbench.results.tables.table import Cell
    from linregbench.results.words.text import text_of_time

    at_least = ">=" if row["libraries"] else ""
    texts = (
        f"{row['strategy']} {row['variant']}",
        "" if row["dtype"] == "float64" else row["precision"],
        "" if row["step_launches"] is None else f"{row['step_launches']:,}",
        "" if row["step_submitted"] is None else f"{row['step_submitted']:,}{', wait' if row['waits'] else ''}",
        f"{at_least}{row['launches']:,}",
        bytes_text(row["temp_bytes"]),
        "yes" if row["tf32"] else "no",
        at_least + text_of_time(row["launch_floor_s"]),
        text_of_time(row["roofline_s"]),
        row["bound"] or "",
    )
    return tuple(map(Cell, texts))


def _remarks(rows: Sequence[Row]) -> Iterator[str]:
    """What is said of several cases alike: the libraries that they call, and why others were not compiled."""
    of_cases: dict[str, dict[str, None]] = {}
    for row in rows:
        if row["status"] != "ok":
            remark = f" {row['status']}: {row['reason']}"
        elif row["library_calls"]:
            remark = f": calls {row['library_calls']}"
        else:
            continue
        of_cases.setdefault(remark, {})[f"{row['strategy']} {row['variant']}"] = None
    for remark, cases in of_cases.items():
        yield f"{', '.join(cases)}{remark}"


def _notes(target: Target, launch_us: float, stops: bool) -> Iterator[str]:
    import importlib.metadata

    from ..aot.floors import LAUNCH_SOURCE, LAUNCH_US

    major, minor = target.capability
    version = importlib.metadata.version("jaxlib")
    yield (
        f"Compiled by XLA (jaxlib {version}) for {target.name}, compute capability {major}.{minor}. Nothing ran on a "
        "GPU, and no time here was measured."
    )
    yield (
        "launches: kernels, library calls and copies; in all: for every step, problem and call. A library call counts "
        "as one, and is at least one kernel. submits: what the host submits for a step, a CUDA graph counting once."
    )
    if stops:
        yield (
            "wait: the number of steps is not known beforehand, so after each the host reads the condition and waits; "
            "how many there will be is the title's assumption."
        )
    yield (
        "temporary memory: of one call, beside its arguments and its result. TF32: whether a kernel of XLA's, or a "
        "cuBLAS product, rounds float32 to TF32; what other library calls do inside is not seen."
    )
    yield (
        f"launch floor: launches x {launch_us:g} us, which is assumed"
        + (f" ({LAUNCH_SOURCE})" if launch_us == LAUNCH_US else "")
        + f"; --launch-us sets it. roofline: least bytes over {target.bandwidth_bytes_per_s / 1e12:.3g} TB/s, or least "
        "operations over the peak, from data sheets. bound by: the larger of the two, where no library call hides its "
        "kernels."
    )
    yield "Matrix products are not tuned without the GPU: on one, XLA may choose other kernels for them."
