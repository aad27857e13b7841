"""A comparison as JUnit XML, which the test pages of CI servers show: a suite a comparison, a test a case.

Valid by the schema that pytest and Jenkins hold to (junit-10.xsd). A test has no time of its own here: that is taken
for how long a test ran, and says nothing of a call.
"""

from collections.abc import Collection, Sequence
from xml.etree import ElementTree

from ..compare.runs import Comparison
from ..frame import records_of
from ..words.guesses import shown_ratio, shown_time, verdict_text
from ..words.names import Record, named, title, varying
from ..words.text import plain
from .comparison import comparison_frame, summary, word_of


def junit(comparisons: Sequence[Comparison], failing: Collection[str]) -> str:
    """Cases of a verdict in `failing` are failures, those that were not judged are skipped, all others passed."""
    root = ElementTree.Element("testsuites", name="linregbench")
    for comparison in comparisons:
        root.append(_suite(comparison, failing))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _suite(comparison: Comparison, failing: Collection[str]) -> ElementTree.Element:
    records = named(records_of(comparison_frame(comparison)))
    tests = [_test(record, comparison, failing, varying(records)) for record in records]
    failures, skipped = (sum(test.find(kind) is not None for test in tests) for kind in ("failure", "skipped"))
    name = f"{plain(comparison.new)} against {plain(comparison.base)}"
    counts = {"tests": len(tests), "failures": failures, "errors": 0, "skipped": skipped}
    suite = ElementTree.Element("testsuite", {"name": name} | {key: str(count) for key, count in counts.items()})
    suite.extend(tests)
    said = [summary(comparison), *map(plain, (*comparison.refusals, *comparison.beside, *comparison.shortfalls))]
    ElementTree.SubElement(suite, "system-out").text = "\n".join(said)
    return suite


def _test(
    record: Record, comparison: Comparison, failing: Collection[str], told: frozenset[str]
) -> ElementTree.Element:
    test = ElementTree.Element("testcase", classname=title(record, told), name=record["name"])
    verdict, message = record["verdict"] or "no verdict", _message(record, comparison)
    if verdict in failing:
        ElementTree.SubElement(test, "failure", type=verdict, message=message)
    elif verdict in ("inconclusive", "refused", "skipped", "no verdict"):
        ElementTree.SubElement(test, "skipped", type=verdict, message=message)
    else:
        ElementTree.SubElement(test, "system-out").text = message
    return test


def _message(record: Record, comparison: Comparison) -> str:
    """`slower: base / new 0.93x (0.92-0.94); base 1.00 ms, new 1.08 ms`, or why there is no ratio."""
    blocks, why = record["blocks"], plain(record["reason"] or "")
    word = verdict_text(word_of(record["verdict"], comparison.more_than), blocks) or "no verdict"
    if record["ratio"] is None:
        return f"{word}: {why}"
    base, new = (shown_time(record[side], blocks=blocks) for side in ("base_time_s", "new_time_s"))
    ratio = shown_ratio(record["ratio"], record["ratio_low"], record["ratio_high"], blocks=blocks)
    return "; ".join(filter(None, (f"{word}: base / new {ratio}", f"base {base}, new {new}", why)))
