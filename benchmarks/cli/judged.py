"""What is said of a comparison, by `versus` and `compare`: in the forms and files asked for, and by the exit status."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..grid.options import UsageError, one_of, parse_list
from .help import OUTPUT, option, program
from .statuses import DONE, FAILURES

if TYPE_CHECKING:
    from linregbench.results.compare.runs import Comparison

JUDGED = {"faster", "slower", "same", "broken"}
FOR_READING = ("rich", "markdown", "csv", "json")
FORMS = (*FOR_READING, "github", "junit", "bencher", "github-action-benchmark")

FORMATS = option(
    *("--format", "forms"),
    multiple=True,
    metavar="FORM[=FILE]",
    group=OUTPUT,
    example="--format github=comment.md --format junit=out.xml",
    otherwise="rich",
    help="rich (tables for a terminal), markdown, csv and json (in full precision), github (a comment for a pull "
    "request), junit (XML), bencher or github-action-benchmark (their dashboards): printed, or with =FILE written; "
    "as often as wanted.",
)
SUMMARY = option(
    "--summary",
    is_flag=True,
    group=OUTPUT,
    example="--summary",
    help="Append the comment for a pull request to the file that GITHUB_STEP_SUMMARY names, where it names one.",
)
FAIL_ON = option(
    "--fail-on",
    group=OUTPUT,
    example="--fail-on slower",
    otherwise="nothing",
    help="Verdicts that fail, separated by commas: slower (exit status 3), broken, which slower includes: no longer an "
    "answer (6), undecided (4), refused (5). Where nothing at all was judged it fails by 4 or 5 in any case.",
)


@dataclass(frozen=True)
class Output:
    """A form, and the file that takes it; None for what is printed."""

    form: str
    path: Path | None = None


def outputs_of(forms: Sequence[str], beside: Path | None = None) -> tuple[Output, ...]:
    """What --format asks for, checked before anything is measured; the tables are printed where nothing else is.

    `beside` is the run file to be. Raises UsageError for an unknown form, for two that would be printed, and for a file
    that exists, stands in another's way, or has no folder that can be written to.
    """
    pairs = [(form, file if equals else None) for form, equals, file in (text.partition("=") for text in forms)]
    one_of("--format", [form for form, _ in pairs], FORMS)
    outputs = [Output(form, None if file is None else Path(file)) for form, file in pairs]
    if "" in (file for _, file in pairs):
        raise UsageError("--format FORM=FILE: there is no name behind the =")
    taken = [] if beside is None else [beside.absolute()]
    for output in outputs:
        if output.path is None:
            continue
        what = f"--format {output.form}={output.path}"
        if output.path.exists():
            raise UsageError(f"{what}: exists already; name another file")
        if not os.access(output.path.absolute().parent, os.W_OK):
            raise UsageError(f"{what}: {output.path.absolute().parent} is no folder that can be written to")
        if output.path.absolute() in taken:
            raise UsageError(f"{what}: that file is another output's as well; name another one")
        taken.append(output.path.absolute())
    printed = [output.form for output in outputs if output.path is None]
    if len(printed) > 1:
        raise UsageError(
            f"--format {' and '.join(printed)}: one is printed; give the others a file, --format {printed[1]}=FILE"
        )
    return tuple(outputs) if printed else (Output("rich"), *outputs)


def print_judged(
    comparisons: Sequence[Comparison], fail_on: str | None, outputs: Sequence[Output], *, summary: bool = False
) -> int:
    """Print comparisons and write them to files; the status of what they were asked to fail on, the worst first.

    `summary`: append them as a comment to the file that CI shows, too. A file that can no longer be written is told,
    and fails nothing that was measured.
    """
    from linregbench.results.tables.comparison import comparison_document, comparison_frame
    from linregbench.results.tables.formats import show

    failures = failures_of(fail_on)
    if summary:
        _append_summary(_text("github", comparisons, fail_on))
    for output in outputs:
        if output.path is not None:
            try:
                with output.path.open("x", encoding="utf-8") as file:
                    file.write(_text(output.form, comparisons, fail_on))
            except OSError as error:
                print(f"linregbench: --format {output.form}={output.path}: {error.strerror}", file=sys.stderr)
        elif output.form == "rich":
            show("rich", lambda: [*map(comparison_document, comparisons)], lambda: comparison_frame(*comparisons))
        else:
            print(_text(output.form, comparisons, fail_on), end="")
    verdicts = {row.verdict for comparison in comparisons for row in comparison.rows}
    for name, (status, verdict) in FAILURES.items():
        if name in failures and verdict in verdicts:
            return status
    if failures and not verdicts & JUDGED:
        # a gate that judged nothing must not be passed
        print(f"linregbench: --fail-on {fail_on}: no case was judged at all", file=sys.stderr)
        return FAILURES["undecided" if "inconclusive" in verdicts else "refused"][0]
    return DONE


def _text(form: str, comparisons: Sequence[Comparison], fail_on: str | None) -> str:
    from linregbench.results.tables.comparison import comparison_document, comparison_frame
    from linregbench.results.tables.dashboards import DASHBOARDS, points_of_comparisons
    from linregbench.results.tables.formats import in_form
    from linregbench.results.tables.github import github_comment
    from linregbench.results.tables.junit import junit

    if form == "github":
        return github_comment(comparisons, shlex.join([program(), *sys.argv[1:]]))
    if form == "junit":
        return junit(comparisons, {FAILURES[name][1] for name in failures_of(fail_on or "slower")})
    if form in DASHBOARDS:
        return DASHBOARDS[form](points_of_comparisons(comparisons))
    return in_form(form, lambda: [*map(comparison_document, comparisons)], lambda: comparison_frame(*comparisons))


def _append_summary(comment: str) -> None:
    """To GITHUB_STEP_SUMMARY's file; whatever stands in the way is told, and fails nothing that was measured."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        print(
            "linregbench: --summary: GITHUB_STEP_SUMMARY names no file, so there is none to append to", file=sys.stderr
        )
        return
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(comment)
    except OSError as error:
        print(f"linregbench: --summary {path}: {error.strerror}", file=sys.stderr)


def failures_of(fail_on: str | None) -> tuple[str, ...]:
    """What --fail-on names. Raises UsageError."""
    names = parse_list("--fail-on", fail_on, str) or ()
    one_of("--fail-on", names, FAILURES)
    return (*names, "broken") if "slower" in names else names
