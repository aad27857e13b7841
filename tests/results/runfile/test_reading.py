"""The quick way to read a line says what the slow one says, of everything that a line can hold."""

import json
from unittest import mock

import pytest
import synthetic
from made import SMALL

from linregbench.results.runfile import read
from linregbench.results.runfile.read import RunFileError

MEASURED = synthetic.measurement()
SLOWLY = read._parse_slowly
ODD = [None, True, 7, 2**63, 2**64, -(2**70), 1.5, 1e300, "", "caf\u00e9", "\ud800", [], [1, 2], [0.5, 1], {}, {"a": 1}]


def told(line: bytes) -> str:
    """The record in full, types and all, or the error."""
    try:
        return repr(read._parse_line("run.jsonl", 5, line, read.Shared()))
    except RunFileError as error:
        return str(error)


def told_slowly(line: bytes) -> str:
    """The same by the standard library, field by field."""
    with mock.patch.object(read, "_parse_line", SLOWLY):
        return told(line)


@pytest.mark.parametrize("key", sorted(MEASURED))
def test_a_field_is_read_alike_or_refused_in_the_same_words(key: str) -> None:
    for odd in ODD:
        line = json.dumps(MEASURED | {key: odd}).encode()
        assert told(line) == told_slowly(line), odd
    del (rest := dict(MEASURED))[key]
    line = json.dumps(rest).encode()
    assert told(line) == told_slowly(line)


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"{", b"nul", b"\xff", b"[" * 5_000, b'{"record": NaN}', b'\xef\xbb\xbf{"record": "stop"}'),
        json.dumps(MEASURED).replace('"loops": 100', '"loops": 1e400').encode(),
        json.dumps(MEASURED).replace('"error":', '"error": 1, "error":').encode(),
        json.dumps(MEASURED).replace('"error":', '"error": -Infinity, "other":').encode(),
        json.dumps(MEASURED | {"error": 10**400}).encode(),
    ],
)
def test_what_is_no_json_is_refused_in_the_same_words(line: bytes) -> None:
    assert told(line) == told_slowly(line)


@pytest.mark.parametrize("record", SMALL[:5], ids=lambda record: record["record"])
def test_every_kind_of_record_is_read_alike(record: dict[str, object]) -> None:
    line = json.dumps(record).encode()
    assert told(line) == told_slowly(line)
    assert told(line).startswith(("Header", "Environment", "Measurement", "Block"))


def test_the_quick_way_is_taken() -> None:
    with mock.patch.object(read, "_parse_slowly", side_effect=AssertionError("field by field")):
        assert told(json.dumps(MEASURED).encode()).startswith("Measurement(")
