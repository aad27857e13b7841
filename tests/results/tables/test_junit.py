"""A comparison as JUnit XML: what junit-10.xsd allows, the failures that were asked for, and nothing of it obeyed."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from made import sides_run
from synthetic import Truth

from linregbench.results.compare.runs import Comparison, compare_sides
from linregbench.results.tables.junit import junit

ALLOWED = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": ({"name", "time", "classname", "group"}, {"skipped", "errors", "failure", "system-out", "system-err"}),
    "failure": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}
"""By element, the attributes and children that the schema knows."""
REQUIRED = {"testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name"}}


def parsed(comparison: Comparison, failing: set[str]) -> ElementTree.Element:
    root = ElementTree.fromstring(junit([comparison], failing))
    for element in root.iter():
        attributes, children = ALLOWED[element.tag]
        assert REQUIRED.get(element.tag, set()) <= set(element.attrib) <= attributes
        assert {child.tag for child in element} <= children
    return root


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    """Every verdict once."""
    (row,) = (
        row
        for row in compare_sides(sides_run((Truth("jax_scan", "analytic", 1e-4), 0.6)), "ref", "here").rows
        if row.case.strategy == "jax_scan"
    )
    rows = [replace(row, verdict=verdict) for verdict in ("slower", "faster", "same", "inconclusive", "refused")]
    rows += [replace(row, verdict=verdict, ratio=None, reason="it raised") for verdict in ("broken", "skipped")]
    return Comparison(base="ref", new="here", rows=tuple(rows), paired=True)


def kinds(root: ElementTree.Element) -> list[str]:
    return [f"{test[0].tag} {test[0].get('type', '')}".rstrip() for test in root.iter("testcase")]


def test_what_is_slower_or_broken_fails_and_what_was_not_judged_is_skipped(comparison: Comparison) -> None:
    root = parsed(comparison, {"slower", "broken"})
    assert kinds(root) == [
        *("failure slower", "system-out", "system-out", "skipped inconclusive", "skipped refused"),
        *("failure broken", "skipped skipped"),
    ]
    (suite,) = root
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["7", "2", "0", "3"]
    failure = root.find(".//failure")
    assert failure is not None
    assert str(failure.get("message")).startswith("slower: base / new 0.60")
    assert [f.get("message") for f in root.iter("failure")][1] == "broken: it raised"


def test_the_verdicts_that_were_asked_for_fail(comparison: Comparison) -> None:
    assert kinds(parsed(comparison, {"inconclusive"})).count("failure inconclusive") == 1
    assert "failure slower" not in kinds(parsed(comparison, {"inconclusive"}))


def test_names_are_text(comparison: Comparison) -> None:
    odd = "</testsuite>&\"'\x00\x1b[31m\ud800"
    (first, *_) = comparison.rows
    rows = (replace(first, case=replace(first.case, strategy=odd), reason=odd),)
    root = parsed(replace(comparison, base=odd, refusals=(odd,), rows=rows), {"slower"})
    (test,) = root.iter("testcase")
    assert str(test.get("name")).startswith("</testsuite>&\"'\\x00\\x1b[31m\\ud800")
