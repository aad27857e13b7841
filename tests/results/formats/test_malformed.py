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
from door_files import AXES, DOCUMENTS, TIME, asv_folder, asv_index, asv_results, written
from faults.mutations import put
from hypothesis import given, settings
from hypothesis import strategies as st
from made import SMALL

import linregbench
from linregbench.results.compare.files import compare_anything
from linregbench.results.compare.history import history_of
from linregbench.results.fields import FIELDS, WORKLOAD
from linregbench.results.formats.load import read
from linregbench.results.formats.pyperf import CASE_KEY
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


REQUIRED = [field.name for field in FIELDS if field.required]
TEXTS = [field.name for field in FIELDS if field.required and field.kind is str and field.of in ("workload", "case")]
CASE_OF_PYPERF = json.loads(DOCUMENTS["pyperf"]["benchmarks"][1]["metadata"][CASE_KEY])

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
    assert len(loaded.frame) >= least or "of another suite" in loaded.notices[0]
    assert loaded.frame[REQUIRED].notna().all(axis=None)
    assert (loaded.frame[REQUIRED] != "").all(axis=None)
    for form in FORMS:
        shown.cases(loaded, form)
    assert markdown(report_of(loaded))
    assert in_words(advise(loaded.frame, Wish(samples=500, features=2)))
    assert shown.compared(compare_anything(path, path))
    if path.is_dir():
        document = history_document(history_of(loaded))
        assert document.tables or document.last


@pytest.mark.long
@settings(deadline=None, max_examples=200)
@given(data=st.data(), source=st.sampled_from(sorted(DOCUMENTS)))
def test_a_changed_document_is_whole_or_named(
    data: st.DataObject, source: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = DOCUMENTS[source]
    kept = [place for place in places(document) if place != ("benchmarks",)]
    bad = put(document, data.draw(st.sampled_from(kept)), data.draw(ODD))
    loads_whole_or_names(written(tmp_path_factory.mktemp("bad") / "bad.json", bad), len(document["benchmarks"]))


def with_field(source: str, place: tuple[Any, ...], value: Any) -> Any:
    """The document with another value somewhere in its second case, which is text in a file of pyperf's."""
    document = DOCUMENTS[source]
    if source == "pytest-benchmark":
        return put(document, ("benchmarks", 1, "extra_info", *place), value)
    return put(document, ("benchmarks", 1, "metadata", CASE_KEY), json.dumps(put(CASE_OF_PYPERF, place, value)))


@pytest.mark.long
@settings(deadline=None, max_examples=200)
@given(place=st.sampled_from(list(places(CASE_OF_PYPERF))), value=ODD)
def test_a_changed_case_of_pyperf_is_whole_or_named(
    place: tuple[Any, ...], value: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(tmp_path_factory.mktemp("bad") / "bad.json", with_field("pyperf", place, value))
    loads_whole_or_names(path, 2)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("source", DOCUMENTS)
def test_what_a_case_must_have_is_not_empty(tmp_path: Path, source: str, name: str) -> None:
    place = ("workload", name) if name in WORKLOAD else (name,)
    path = written(tmp_path / "bad.json", with_field(source, place, ""))
    with pytest.raises(RunFileError, match=rf"bad\.json: benchmark 2: '{name}' is empty, but it is required"):
        linregbench.load(path)


@pytest.mark.parametrize("name", [name for name, field in WORKLOAD.items() if field.least])
@pytest.mark.parametrize("source", DOCUMENTS)
def test_nothing_is_counted_below_one(tmp_path: Path, source: str, name: str) -> None:
    path = written(tmp_path / "bad.json", with_field(source, ("workload", name), 0))
    with pytest.raises(RunFileError, match=rf"bad\.json: benchmark 2: '{name}' must be at least 1, got 0"):
        linregbench.load(path)


def test_a_run_has_a_name(tmp_path: Path) -> None:
    unnamed = written(tmp_path / "bad.json", with_field("pyperf", ("run",), ""))
    with pytest.raises(RunFileError, match=r"bad\.json: benchmark 2: 'run' is empty, but it is required"):
        linregbench.load(unnamed)
    undated = written(tmp_path / "undated.json", DOCUMENTS["pytest-benchmark"] | {"datetime": ""})
    with pytest.raises(RunFileError, match=r"undated\.json: .*'datetime' is empty, but it is required"):
        linregbench.load(undated)
    folder = asv_folder(tmp_path, None, asv_results() | {"env_name": ""})
    with pytest.raises(RunFileError, match=r"0\.json: .*'env_name' is empty, but it is required"):
        linregbench.load(folder)


@pytest.mark.parametrize("name", ["method", "strategy", "device"])
def test_a_parameter_of_asv_is_not_empty(tmp_path: Path, name: str) -> None:
    document = put(asv_results(), ("results", TIME, 1, list(AXES).index(name), 1), "''")
    with pytest.raises(RunFileError, match=rf"0\.json: .*time_call: '{name}' is empty, but it is required"):
        linregbench.load(asv_folder(tmp_path, None, document))


@pytest.mark.parametrize("text", ["nan", "None.real", "cpu", "(", None, 2])
def test_a_parameter_of_asv_that_is_no_plain_value_is_named(tmp_path: Path, text: Any) -> None:
    document = put(asv_results(), ("results", TIME, 1, list(AXES).index("device"), 1), text)
    named = f"'params' holds {text!r}, which is no plain value"
    with pytest.raises(RunFileError, match=rf"0\.json: .*time_call: {re.escape(named)}"):
        linregbench.load(asv_folder(tmp_path, None, document))


@settings(deadline=None, max_examples=30)
@given(data=st.data(), of_index=st.booleans())
def test_a_changed_asv_file_is_whole_or_named(
    data: st.DataObject, of_index: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = asv_index() if of_index else asv_results()
    bad = put(document, data.draw(st.sampled_from(list(places(document)))), data.draw(ODD))
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
