"""Where a comparison goes: several forms at once, each checked before anything is measured."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import synthetic
from made import sides_records
from synthetic import Truth

from linregbench.benchmarks.cli.judged import Output, outputs_of
from linregbench.benchmarks.cli.main import main
from linregbench.benchmarks.grid.options import UsageError
from linregbench.results.tables.github import MARK


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return synthetic.write(tmp_path / "run.jsonl", sides_records((Truth("jax_scan", "analytic", 1e-4), 0.6)))


def status(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return ended.value.code


def test_one_comparison_goes_to_several_files_and_is_printed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forms = {"github": "comment.md", "junit": "out.xml", "bencher": "b.json", "csv": "all.csv"}
    files = {form: run.parent / name for form, name in forms.items()}
    asked = [part for form, path in files.items() for part in ("--format", f"{form}={path}")]
    assert status("compare", str(run), "--fail-on", "slower", *asked) == 3
    assert "base / new" in capsys.readouterr().out, "the tables, where no other form is printed"
    assert files["github"].read_text().startswith(MARK)
    assert ElementTree.parse(files["junit"]).find(".//failure") is not None
    assert len(json.loads(files["bencher"].read_text())) == 2
    assert files["csv"].read_text().startswith("method,")
    assert status("compare", str(run), *asked) == 2
    assert "comment.md: exists already" in capsys.readouterr().err


def test_the_form_without_a_file_is_the_one_that_is_printed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status("compare", str(run), "--format", "junit", "--format", f"csv={run.parent / 'a.csv'}") == 0
    assert ElementTree.fromstring(capsys.readouterr().out).tag == "testsuites"


@pytest.mark.parametrize(
    ("forms", "said"),
    [
        (["gihub"], "did you mean github"),
        (["csv", "json"], "one is printed"),
        (["junit="], "no name behind the ="),
        (["junit=there/is/none.xml"], "no folder that can be written to"),
        (["junit=a", "csv=a"], "another output's as well"),
        (["junit=run.jsonl"], "another output's as well"),
        (["junit=."], "exists already"),
    ],
)
def test_a_form_that_could_not_be_written_is_refused_before_anything_is_measured(
    forms: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said):
        outputs_of(forms, Path("run.jsonl"))


def test_tables_are_the_usual(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert outputs_of([]) == (Output("rich"),)
    assert status("versus", "HEAD", "--format", "junit=there/is/none.xml") == 2
    assert "no folder" in capsys.readouterr().err
    assert status("compare", str(run), str(run), "--across", "--format", "junit") == 2
    assert "there are none across devices" in capsys.readouterr().err
