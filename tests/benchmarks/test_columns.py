"""`linregbench columns`: every column of the frame, in a terminal, for programs, and in docs/columns.md as now."""

import json
from pathlib import Path

import pytest

from linregbench.benchmarks.cli.main import cli
from linregbench.results.fields import COLUMNS
from linregbench.results.formats.load import load

DOCS = Path(__file__).resolve().parents[2] / "docs" / "columns.md"


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    cli.main(["columns", *options], standalone_mode=False)
    return capsys.readouterr().out


def test_the_document_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    """Where this fails: linregbench columns --format markdown > docs/columns.md."""
    assert printed(capsys, "--format", "markdown") == DOCS.read_text(encoding="utf-8")


def test_programs_and_people_are_told_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    assert {row["column"]: row["type"] for row in json.loads(printed(capsys, "--format", "json"))} == COLUMNS
    lines = printed(capsys).splitlines()
    assert max(map(len, lines)) <= 100
    for text in ("\n".join(lines), load.__doc__ or ""):
        assert not [name for name in COLUMNS if f"{name} " not in text]
