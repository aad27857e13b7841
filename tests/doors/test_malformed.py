"""Malformed files: truncated, of wrong types, NaN, empty, 50 MB: read whole, or refused by name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from door_files import DOCUMENTS, asv_folder, asv_index, asv_results, changed, written
from hypothesis import given, settings
from hypothesis import strategies as st

import results
from results.lines import RunFileError
from results.table import FORMATS

ODD = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        2**70,
        1e400,
        float("nan"),
        "",
        "odd",
        "\ud800",
        [],
        [[]],
        {},
        {"odd": 1},
        [float("nan")],
        "1e9",
    ]
)


@pytest.mark.parametrize("filler", [b"{", b"[", b'{"a":"', b"\x00", b'{"benchmarks": [0, '])
def test_fifty_megabytes_of_nothing(tmp_path: Path, filler: bytes) -> None:
    path = tmp_path / "large.json"
    path.write_bytes(filler * (50 * 2**20 // len(filler)))
    with pytest.raises(RunFileError, match=r"large\.json"):
        results.load(path)


def places(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of everything in a document."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from places(value, (*at, key))


def loads_whole_or_names(path: Path, least: int) -> None:
    """Either every row is there and can be printed, or an error names the file."""
    named = None
    try:
        frame = results.load(path)
    except RunFileError as error:
        named = str(error)
    if named is not None:
        assert path.name in named
        return
    assert len(frame) >= least
    for table in FORMATS.values():
        table(frame)


@settings(deadline=None, max_examples=150)
@given(data=st.data(), source=st.sampled_from(sorted(DOCUMENTS)))
def test_a_changed_document_is_whole_or_named(
    data: st.DataObject, source: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = DOCUMENTS[source]
    kept = [place for place in places(document) if place != ("benchmarks",)]
    bad = changed(document, data.draw(st.sampled_from(kept)), data.draw(ODD))
    loads_whole_or_names(written(tmp_path_factory.mktemp("bad") / "bad.json", bad), len(document["benchmarks"]))


@settings(deadline=None, max_examples=150)
@given(data=st.data(), of_index=st.booleans())
def test_a_changed_asv_file_is_whole_or_named(
    data: st.DataObject, of_index: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = asv_index() if of_index else asv_results()
    bad = changed(document, data.draw(st.sampled_from(list(places(document)))), data.draw(ODD))
    where = tmp_path_factory.mktemp("bad")
    folder = asv_folder(where, bad) if of_index else asv_folder(where, None, bad)
    loads_whole_or_names(folder, 16)


@settings(deadline=None, max_examples=100)
@given(data=st.data(), source=st.sampled_from(sorted(DOCUMENTS)))
def test_a_torn_document_is_named(data: st.DataObject, source: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    text = json.dumps(DOCUMENTS[source])
    path = tmp_path_factory.mktemp("torn") / "torn.json"
    path.write_text(text[: data.draw(st.integers(0, len(text) - 1))])
    with pytest.raises(RunFileError, match=r"torn\.json"):
        results.load(path)
