"""Malformed files: truncated, of another version, of wrong types, NaN, empty, 50 MB: read whole, or refused by name.

Run files have tests of their own for all but the 50 MB, in tests/results/runfile/test_damage.py.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shown
from door_files import DOCUMENTS, asv_folder, asv_index, asv_results, changed, written
from hypothesis import given, settings
from hypothesis import strategies as st
from made import SMALL

import linregbench
from linregbench.results.compare.files import compare_anything
from linregbench.results.formats.load import read
from linregbench.results.models.advise import Wish, advise, in_words
from linregbench.results.report.build import report_of
from linregbench.results.report.markdown import markdown
from linregbench.results.runfile.read import RunFileError
from linregbench.results.tables.formats import FORMS
from linregbench.results.tables.history import history_document

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


MEGABYTE = b'"' + b"odd " * (1 << 18) + b'", '
LARGE = {
    "nothing": (b"", b"\x00"),
    "brackets": (b"", b"["),
    "nested": (b"", b'{"benchmarks": [0, '),
    "text": (b"", b'{"a":"'),
    "pyperf": (b'{"version": "1.0", "benchmarks": [{"runs": [{"values": [', MEGABYTE),
    "pytest-benchmark": (b'{"machine_info": {}, "benchmarks": [{"stats": {"data": [', MEGABYTE),
    "asv": (b'{"result_columns": ["', b"odd"),
    "run": (json.dumps(SMALL[0]).encode() + b"\n", b'{"record": "run", '),
}


@pytest.mark.parametrize("of", LARGE)
def test_fifty_megabytes_of_nothing(tmp_path: Path, of: str) -> None:
    head, filler = LARGE[of]
    folder = asv_folder(tmp_path)
    path = folder / "machine" / "0.json" if of == "asv" else tmp_path / "0.json"
    path.write_bytes(head + filler * (50 * 2**20 // len(filler)) + b"\n")
    with pytest.raises(RunFileError, match=r"0\.json"):
        linregbench.load(folder if of == "asv" else path)


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
        loaded = read(path)
    except RunFileError as error:
        named = str(error)
    if named is not None:
        assert path.name in named
        return
    assert len(loaded.frame) >= least
    for form in FORMS:
        shown.cases(loaded, form)
    assert markdown(report_of(loaded))
    assert in_words(advise(loaded.frame, Wish(samples=500, features=2)))
    assert shown.compared(compare_anything(path, path))
    if path.is_dir():
        document = history_document(loaded.frame)
        assert document.tables or document.last


@settings(deadline=None, max_examples=60)
@given(data=st.data(), source=st.sampled_from(sorted(DOCUMENTS)))
def test_a_changed_document_is_whole_or_named(
    data: st.DataObject, source: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = DOCUMENTS[source]
    kept = [place for place in places(document) if place != ("benchmarks",)]
    bad = changed(document, data.draw(st.sampled_from(kept)), data.draw(ODD))
    loads_whole_or_names(written(tmp_path_factory.mktemp("bad") / "bad.json", bad), len(document["benchmarks"]))


@settings(deadline=None, max_examples=60)
@given(data=st.data(), of_index=st.booleans())
def test_a_changed_asv_file_is_whole_or_named(
    data: st.DataObject, of_index: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = asv_index() if of_index else asv_results()
    bad = changed(document, data.draw(st.sampled_from(list(places(document)))), data.draw(ODD))
    where = tmp_path_factory.mktemp("bad")
    folder = asv_folder(where, bad) if of_index else asv_folder(where, None, bad)
    loads_whole_or_names(folder, 16)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), source=st.sampled_from([*sorted(DOCUMENTS), "asv's index", "asv"]))
def test_a_torn_document_is_named(data: st.DataObject, source: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    where = tmp_path_factory.mktemp("torn")
    given_to_load = path = where / "torn.json"
    if source in DOCUMENTS:
        path.write_text(json.dumps(DOCUMENTS[source]))
    else:
        given_to_load = asv_folder(where)
        path = given_to_load / ("machine/0.json" if source == "asv" else "benchmarks.json")
    text = path.read_text()
    path.write_text(text[: data.draw(st.integers(0, len(text) - 1))])
    with pytest.raises(RunFileError, match=re.escape(path.name)):
        linregbench.load(given_to_load)
