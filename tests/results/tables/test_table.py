"""One table on a terminal and as Markdown: what folds, what goes first, where a heading stands."""

import pytest

from linregbench.results.tables.markdown import table_as_markdown
from linregbench.results.tables.table import Cell, Document, Table, number_cell, table_of
from linregbench.results.tables.terminal import text_of

WIDE = table_of(
    "Wide",
    ("case", "first result", "ratio", "error"),
    [
        (Cell("a strategy of many words"), Cell("1 s", 1.0), Cell("3.1x (2.9-3.4)", 3.1), Cell("1e-7", 1e-7)),
        (Cell("another"), number_cell("", None), Cell("10x", 10.0), Cell("2e-7", 2e-7)),
    ],
    ("error", "first result"),
)


def lines_of(table: Table, width: int) -> list[str]:
    return text_of(Document([table]), width=width).splitlines()


def test_a_heading_breaks_where_its_cells_are_narrower() -> None:
    assert lines_of(WIDE, 60)[1:5] == [
        "                             first",
        "  case                      result           ratio  error",
        "  a strategy of many words     1 s  3.1x (2.9-3.4)   1e-7",
        "  another                                      10x   2e-7",
    ]


def test_the_most_dispensable_column_goes_first() -> None:
    assert lines_of(WIDE, 50)[2].split() == ["case", "result", "ratio"]
    assert lines_of(WIDE, 45)[1].split() == ["case", "ratio"]


def test_text_folds_no_narrower_than_its_least_width_and_numbers_last() -> None:
    assert lines_of(WIDE, 36)[1:] == [
        "  case                         ratio",
        "  a strategy of many  3.1x (2.9-3.4)",
        "  words",
        "  another                        10x",
        "",
    ]
    narrow = lines_of(WIDE, 30)
    assert any(line.startswith("  a strategy of ") for line in narrow)
    assert any(line.endswith("(2.9-3.4)") for line in narrow)


@pytest.mark.parametrize("width", [12, 20, 40, 80])
def test_no_line_is_longer_than_the_width_and_no_word_is_lost(width: int) -> None:
    texts = [("x" * 30, "word " * 20, "y" * 9)] * 2
    lines = lines_of(table_of("T", ("a", "b", "c"), texts), width)
    assert max(map(len, lines)) <= width
    assert sum(line.count("x") for line in lines) == 60


def test_a_column_that_says_nothing_is_left_out() -> None:
    table = table_of("T", ("a", "b"), [("1", ""), ("2", "")], choose={"a"}).filled()
    assert [(column.name, column.choose) for column in table.columns] == [("a", True)]
    assert table.texts("a") == ["1", "2"]


def test_a_cut_table_says_so() -> None:
    table = table_of("T", ("a",), [("1",), ("2",)], about="Numbers.")
    assert table.first(2, "elsewhere") is table
    cut = table.first(1, "elsewhere")
    assert (cut.texts("a"), cut.about) == (["1"], "Numbers. The first 1 of 2 rows: elsewhere has all.")


def test_markdown_aligns_numbers_and_says_why_there_are_none() -> None:
    lines = table_as_markdown(WIDE).splitlines()
    assert lines[:4] == ["### Wide", "", "| case | first result | ratio | error |", "| --- | ---: | ---: | ---: |"]
    assert table_as_markdown(Table("Empty", nothing="Not in range.")) == "### Empty\n\nNot in range."
