"""Tables as Markdown. Names from files are shown as text, never obeyed."""

import re
from collections.abc import Iterable

from ..words.text import legible
from .table import Document, Table


def markdown_of(document: Document) -> str:
    """The answer on top, each table under a heading."""
    parts = [escaped(line) for line in document.above if line]
    parts += [f"**{escaped(document.last)}**"] if document.last else []
    parts += map(table_as_markdown, document.tables)
    parts += [escaped(note) for note in document.notes]
    return "\n\n".join(parts) + "\n"


def table_as_markdown(table: Table) -> str:
    """A heading, what the numbers mean or why there are none, the rows, and what there is to say of them."""
    about = table.about if table.rows else table.nothing
    parts = [f"### {escaped(table.title)}", escaped(about)]
    if table.rows:
        lines = [[column.name for column in table.columns], *([cell.text for cell in row] for row in table.rows)]
        grid = [_line(map(escaped, line)) for line in lines]
        grid.insert(1, _line("---:" if column.numbers else "---" for column in table.columns))
        parts.append("\n".join(grid))
    parts.append(bullets([*(f"* {line}" for line in table.remarks), *table.left_out]))
    parts.append(f"**{escaped(table.conclusion)}**" if table.conclusion else "")
    return "\n\n".join(filter(None, parts))


def bullets(lines: Iterable[str]) -> str:
    """A list of lines."""
    return "\n".join(f"- {escaped(line)}" for line in lines)


def escaped(text: str) -> str:
    """Text that Markdown shows as it stands; underscores inside words need no help, and stay readable without.

    An address becomes no link, and an @name on GitHub calls nobody.
    """
    text = re.sub(r"([\\`*\[\]|<>~#$!])", r"\\\1", legible(text).replace("&", "&amp;"))
    text = re.sub(r"(?<=\w):(?=//)|(?<=www)\.", lambda sign: f"&#{ord(sign[0])};", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<![^\W_])@(?=\w)", "@<!-- -->", text)
    text = re.sub(r"^(\s*\d*)([-+.)=])(?=\s|$|=)", r"\1\\\2", text, flags=re.MULTILINE)
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
