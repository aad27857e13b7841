"""A comparison as a comment for a pull request: compact Markdown, the bad news first, what did not change folded."""

from collections.abc import Iterator, Sequence

from ..compare.runs import VERDICTS, Comparison
from ..frame import records_of
from ..words.guesses import shown_ratio, shown_time, verdict_text
from ..words.names import Record, brief, named, varying
from ..words.text import bound_text, counted, plain
from .comparison import comparison_frame, summary, word_of
from .markdown import escaped

MARK = "<!-- linregbench -->"
"""By which whoever posts it finds the comment again, to edit it in place."""
MOST_CHARACTERS = 60_000
"""A comment may have 65,536; what is left is for whoever posts it."""
ROOM = 2_000
"""Of that, for everything but rows."""
FOLDED = ("same", "skipped")
_WORST_FIRST = (*(verdict for verdict in VERDICTS if verdict not in FOLDED), *FOLDED)


def github_comment(comparisons: Sequence[Comparison], again: str) -> str:
    """`again` is the command that measures it anew."""
    left, parts = MOST_CHARACTERS - ROOM, [MARK]
    for comparison in comparisons:
        parts.append(_headline(comparison))
        told = (*comparison.refusals, *(f"differs: {text}" for text in comparison.beside), *comparison.shortfalls)
        parts += [escaped(plain(text)) for text in told]
        records = _rows(comparison)
        open_rows = [record for record in records if record["verdict"] not in FOLDED]
        folded = [record for record in records if record["verdict"] in FOLDED]
        for number, rows in enumerate((open_rows, folded)):
            if not rows:
                continue
            text = _table(rows, comparison.more_than, left)
            left -= len(text)
            if number:
                title = f"{counted(len(rows), 'case')} unchanged or skipped"
                text = f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"
            parts.append(text)
    parts.append(f"Again: `{plain(again).replace('`', ' ')}`")
    return "\n\n".join(parts) + "\n"


def _headline(comparison: Comparison) -> str:
    """What came out, how far apart two copies of the same code were, how quiet the machine was."""
    told = [f"base is {plain(comparison.base)}, new is {plain(comparison.new)}"]
    floors = [row.floor for row in comparison.rows if row.floor is not None]
    if floors:
        told.append(f"two copies of the same code differ by up to {bound_text(max(floors))}")
    if comparison.quiet_share is not None:
        told.append(f"{comparison.quiet_share:.0%} of the looks at the machine were quiet")
    return f"**{escaped(summary(comparison))}**: {escaped('; '.join(told))}."


def _rows(comparison: Comparison) -> list[Record]:
    """The worst verdict first, and in each what is furthest off."""
    records = named(records_of(comparison_frame(comparison)))
    return sorted(records, key=lambda row: (_WORST_FIRST.index(row["verdict"] or "skipped"), row["ratio"] or 0.0))


def _table(rows: Sequence[Record], more_than: float | None, room: int) -> str:
    """As many rows as there is room for, and how many are left."""
    lines = ["| workload | case | base | new | base / new | verdict |", "| --- | --- | ---: | ---: | ---: | --- |"]
    told = varying(rows)
    for shown, row in enumerate(rows):
        line = f"| {' | '.join(escaped(cell) for cell in _cells(row, brief(row, told), more_than))} |"
        room -= len(line) + 1
        if room < 0:
            left = counted(len(rows) - shown, "more case")
            return "\n".join([*lines, "", f"{left}: `--format markdown` has them all."])
        lines.append(line)
    return "\n".join(lines)


def _cells(row: Record, workload: str, more_than: float | None) -> Iterator[str]:
    blocks = row["blocks"]
    yield from (workload, row["name"])
    if row["ratio"] is None:
        yield from ("", "", "", f"{row['verdict'] or 'skipped'}: {plain(row['reason'] or '')}")
        return
    yield from (shown_time(row[side], blocks=blocks) for side in ("base_time_s", "new_time_s"))
    yield shown_ratio(row["ratio"], row["ratio_low"], row["ratio_high"], blocks=blocks)
    yield verdict_text(word_of(row["verdict"], more_than), blocks)
