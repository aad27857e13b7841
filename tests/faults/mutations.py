"""Inputs made bad: every change is drawn from a seed, so that one that was badly answered can be made again."""

import copy
import gzip
import json
import random
from collections.abc import Iterator
from typing import Any

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "\x9b31m",
    "\u202egnp.exe",
    "a\nb\r\nc",
    "\x00\x07\x08",
    "\ud800",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "](javascript:alert(1))",
    "https://example.org @everyone",
    "# heading\n* item",
    "| pipe ` back `` tick |",
    "$\\frac{1}{",
    "]]></svg><b>",
    "[bold red]rich[/]",
    "%s {0} {x} \\N{DASH}",
    "=cmd|' /C calc'!A0",
    "\u0416\u4e2d\U0001f600\u200d",
    "\ufeff\u2028\ufffe",
    "x" * 5_000,
)
"""Texts that a terminal, a browser, Markdown, XML, a template or a spreadsheet could obey."""

ODD = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**70), 10**400, 0.5, 1e300, 1e-320, -0.0),
    *("", "x", "1", "nan", [], [[]], [None], [1, "a"], {}, {"a": None}, {"": {"": []}}, *HOSTILE[:6]),
    json.loads("[" * 40 + "]" * 40),
)
"""Values of another type, out of range, or empty."""

RAW = ("NaN", "Infinity", "1e999", "9" * 5_000, "[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900, "tru", "'x'")
"""What stands in the place of a value and is no JSON, or more of it than there should be."""


def places(document: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON document, the whole of it left out; of a long list the first two."""
    if isinstance(document, dict):
        items: Any = document.items()
    else:
        items = enumerate(document[:2]) if isinstance(document, list) else ()
    for key, item in items:
        yield (*here, key)
        yield from places(item, (*here, key))


def put(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    """The document with another value there."""
    document = copy.deepcopy(document)
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return document


def mutated(document: Any, draw: random.Random) -> str:
    """A JSON document as text, with one value changed, raw text in its place, or a key gone, doubled or renamed."""
    place = draw.choice(list(places(document)))
    kind = draw.randrange(4)
    if kind == 0:
        return json.dumps(put(document, place, "@RAW@")).replace('"@RAW@"', draw.choice(RAW))
    if kind == 1 and isinstance(place[-1], str):
        document = copy.deepcopy(document)
        inner = document
        for key in place[:-1]:
            inner = inner[key]
        value = inner.pop(place[-1])
        if draw.random() < 0.5:
            inner[draw.choice(HOSTILE)] = value
        return json.dumps(document)
    return json.dumps(put(document, place, draw.choice(ODD)), ensure_ascii=draw.random() < 0.5)


def of_lines(lines: list[Any], draw: random.Random) -> bytes:
    """A run file with one thing wrong: a record, the order of its lines, or its bytes."""
    texts = [json.dumps(line) for line in lines]
    kind, number = draw.randrange(8), draw.randrange(len(lines))
    if kind < 4:
        texts[number] = mutated(lines[number], draw)
    elif kind == 4:
        texts.insert(draw.randrange(len(lines)), texts[number])
    elif kind == 5:
        del texts[number]
    elif kind == 6:
        draw.shuffle(texts)
    return of_bytes(encoded("\n".join(texts)), draw) if kind == 7 else encoded("\n".join(texts) + "\n")


def encoded(text: str) -> bytes:
    """In UTF-8, lone surrogates too."""
    return text.encode("utf-8", "surrogatepass")


def of_bytes(whole: bytes, draw: random.Random) -> bytes:
    """The bytes cut, flipped, doubled, zeroed, or in another encoding or compression."""
    at, many = draw.randrange(len(whole)), draw.randrange(1, 40)
    return draw.choice(
        (
            lambda: whole[:at],
            lambda: whole[at:],
            lambda: whole[:at] + bytes([whole[at] ^ 1 << draw.randrange(8)]) + whole[at + 1 :],
            lambda: whole[:at] + draw.randbytes(many) + whole[at + many :],
            lambda: whole[:at] + b"\0" * many + whole[at:],
            lambda: whole + whole[:at],
            lambda: b"\xef\xbb\xbf" + whole,
            lambda: whole.decode("utf-8", "replace").encode("utf-16"),
            lambda: gzip.compress(whole, mtime=0),
            lambda: b"",
        )
    )()


def table(draw: random.Random) -> str:
    """A table as text, of which a few cells, separators or lines are not as they should be."""
    width, rows = draw.randrange(1, 5), draw.randrange(0, 5)
    odd = (
        "",
        "NA",
        "#",
        "1e400",
        "-1e39",
        "nan",
        "inf",
        "0",
        "1_0",
        '"1"',
        '"a',
        "0x1",
        "1;2",
        "\x1b[31m",
        "1 2",
        "=1+1",
    )
    cells = [[str(draw.uniform(-9, 9)) for _ in range(width)] for _ in range(rows)]
    for _ in range(draw.randrange(3)):
        if cells and width:
            draw.choice(cells)[draw.randrange(width)] = draw.choice(odd)
    names = draw.choice((None, [f"c{n}" for n in range(width)], [str(n) for n in range(width)], ["", *"abcd"][:width]))
    lines = [draw.choice((",", ",", ",", ";", "\t")).join(row) for row in ([names] if names else []) + cells]
    return draw.choice(("\n", "\n", "\r\n", "\n\n")).join(lines) + draw.choice(("", "\n", "\n\n", "\n#\n"))
