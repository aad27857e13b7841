"""A comparison as a comment for a pull request: short, the worst first, and nothing of it obeyed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made import sides_records, sides_run
from synthetic import Truth

from linregbench.benchmarks.cli.main import main
from linregbench.results.compare.runs import Comparison, compare_sides
from linregbench.results.tables.github import MARK, MOST_CHARACTERS, github_comment

SCAN = Truth("jax_scan", "analytic", 100e-6)


@pytest.fixture(scope="module")
def slower() -> Comparison:
    comparison = compare_sides(sides_run((SCAN, 0.6)), "ref", "here")
    return replace(comparison, rows=tuple(row for row in comparison.rows if row.case.strategy == "jax_scan"))


def test_the_first_line_says_what_came_out_and_how_far_to_believe_it(slower: Comparison) -> None:
    lines = github_comment([slower], "linregbench versus ref").splitlines()
    assert lines[0] == MARK
    assert lines[2].startswith("**1 slower**: base is ref, new is here; two copies of the same code differ by up to ")
    assert lines[2].endswith("% of the looks at the machine were quiet.")
    assert lines[-1] == "Again: `linregbench versus ref`"


def test_what_did_not_change_is_folded_and_the_worst_comes_first(slower: Comparison) -> None:
    (row,) = slower.rows
    verdicts = ("same", "faster", "slower", "broken", "inconclusive", "same")
    rows = tuple(replace(row, verdict=verdict, ratio=1 + n / 10) for n, verdict in enumerate(verdicts))
    text = github_comment([replace(slower, rows=rows)], "again")
    shown, folded = text.split("<details><summary>2 cases unchanged or skipped</summary>")
    order = [line.rsplit("| ", 1)[1].rstrip(" |") for line in shown.splitlines() if line.startswith("| gd")]
    assert order == ["broken", "slower", "faster", "inconclusive"]
    assert folded.count("| same |") == 2


def test_it_fits_into_a_comment_and_says_what_it_left_out(slower: Comparison) -> None:
    (row,) = slower.rows
    many = replace(slower, rows=tuple(replace(row, verdict=v) for v in ("slower", "same") for _ in range(2_000)))
    text = github_comment([many, many], "again")
    assert len(text) < MOST_CHARACTERS
    assert "more cases: `--format markdown` has them all." in text
    assert text.count("<details>") == text.count("</details>")
    assert len(github_comment([replace(slower, rows=tuple([row] * 60))], "again")) < 12_000


def test_nothing_in_it_is_obeyed(slower: Comparison) -> None:
    odd = replace(slower, base="<img src=x>|`@everyone`", refusals=("<!-- [x](http://example.org) -->",))
    text = github_comment([odd], "linregbench versus 'a`b'")
    assert r"\<img src=x\>\|\`@<!-- -->everyone\`" in text
    assert text.replace("@<!-- -->", "@").count("<!--") == 1
    assert text.splitlines()[-1] == "Again: `linregbench versus 'a b'`"


def test_a_comment_is_printed_and_appended_to_the_summary_of_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, summary = tmp_path / "run.jsonl", tmp_path / "summary.md"
    path.write_text("".join(json.dumps(record) + "\n" for record in sides_records((SCAN, 0.6))))
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(path), "--format", "github", "--summary", "--fail-on", "slower"])
    out, _ = capsys.readouterr()
    assert ended.value.code == 3
    assert out.startswith("<!-- linregbench -->\n\n**1 slower")
    assert summary.read_text() == f"before\n{out}"
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    with pytest.raises(SystemExit):
        main(["compare", str(path), "--summary"])
    assert "GITHUB_STEP_SUMMARY names no file" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(path), "--across", "--format", "github"])
    assert ended.value.code == 2
