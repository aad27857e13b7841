"""What people see of runs and comparisons, in each form, as text."""

from collections.abc import Sequence

from linregbench.results.compare.devices.frame import across_frame
from linregbench.results.compare.devices.ratios import Across
from linregbench.results.compare.runs import Comparison
from linregbench.results.formats.load import Loaded, of_runs
from linregbench.results.report.build import Report, report_of
from linregbench.results.runfile.read import Run
from linregbench.results.tables.cases import case_document
from linregbench.results.tables.comparison import comparison_document, comparison_frame
from linregbench.results.tables.device_words import across_document
from linregbench.results.tables.formats import in_form


def cases(loaded: Loaded, form: str = "rich", *, width: int = 100) -> str:
    """As `linregbench table`."""
    return in_form(form, lambda: [case_document(loaded)], lambda: loaded.frame, width=width)


def compared(comparison: Comparison, form: str = "rich", *, width: int = 100) -> str:
    """As `linregbench compare`."""
    return in_form(form, lambda: [comparison_document(comparison)], lambda: comparison_frame(comparison), width=width)


def across(pairs: Sequence[Across], form: str = "rich", *, width: int = 100) -> str:
    """As `linregbench compare --across`."""
    return in_form(form, lambda: [across_document(pair) for pair in pairs], lambda: across_frame(pairs), width=width)


def report(*runs: Run) -> Report:
    """As `linregbench report` builds it."""
    return report_of(of_runs(*runs))
