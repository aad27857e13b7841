"""`linregbench columns`: the columns of the frame, each with its type, its unit and what it means."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--format", "form", type=click.Choice(["rich", "markdown", "json"]), default="rich", show_default=True)
def columns(form: str) -> None:
    """What each column of a DataFrame, a CSV or a JSON table holds."""
    from linregbench.results.fields import COLUMNS, FIELDS

    told = [field for field in FIELDS if field.name in COLUMNS]
    rows = [{"column": f.name, "type": f.dtype, "unit": f.unit, "meaning": f.words} for f in told]
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
    elif form == "markdown":
        click.echo(MARKDOWN_HEAD)
        for row in rows:
            click.echo(f"| `{row['column']}` | {row['type']} | {row['unit']} | {row['meaning']} |")
    else:
        _print(rows)


MARKDOWN_HEAD = """\
# Columns

What `linregbench.load` and `linregbench.run` return, one row a case, and what `--format csv` and `json` print; made by
`linregbench columns --format markdown`. Whatever a row does not have is missing, never 0.

| column | type | unit | meaning |
|---|---|---|---|"""


def _print(rows: list[dict[str, str]]) -> None:
    from linregbench.results.tables.table import Document, table_of
    from linregbench.results.tables.terminal import print_document

    print_document(Document([table_of("Columns", tuple(rows[0]), (row.values() for row in rows))]))
