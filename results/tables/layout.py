"""Groups of rows, and how they look as Markdown. Names from files are shown as text, never obeyed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LEFT_ALIGNED = ("case", "verdict")


@dataclass(frozen=True)
class Row:
    """One case in words, by column; empty where there is nothing to say."""

    cells: dict[str, str]
    verdict: str
    wins: bool = False
    noisy: bool = False


@dataclass(frozen=True)
class Group:
    """One workload in words."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()  # on rows marked with a star
    left_out: tuple[str, ...] = ()  # the cases without a row, and why
    conclusion: str = ""


@dataclass(frozen=True)
class Page:
    """What is shown: lines above, groups, lines below."""

    groups: Sequence[Group]
    above: Sequence[str] = ()
    notes: Sequence[str] = ()
    last: str = ""  # the answer, where a person looks first


def markdown_of(page: Page) -> str:
    """The same content as Markdown, each group under a heading."""
    parts = [escaped(line) for line in page.above]
    parts += [f"**{escaped(page.last)}**"] if page.last else []
    for group in page.groups:
        parts.append(f"### {escaped(group.title)}")
        if group.rows:
            lines = [group.columns, tuple("---" if name in LEFT_ALIGNED else "---:" for name in group.columns)]
            lines += [tuple(escaped(row.cells[name]) for name in group.columns) for row in group.rows]
            parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
        below = [f"\\* {escaped(line)}" for line in group.remarks] + [escaped(line) for line in group.left_out]
        if below:
            parts.append("\n".join(f"- {line}" for line in below))
        if group.conclusion:
            parts.append(f"**{escaped(group.conclusion)}**")
    parts += [escaped(note) for note in page.notes]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it stands; underscores inside words need no help, and stay readable without."""
    text = re.sub(r"([\\`*\[\]|<>~#$!])", r"\\\1", text.replace("&", "&amp;"))
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
