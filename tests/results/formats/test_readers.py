"""Every format into the one frame: the same columns, nothing lost in silence, a named error for what is broken."""

import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shown
from door_files import (
    AXES,
    DOCUMENTS,
    MEMORY,
    RATIO,
    RUN,
    TIME,
    asv_folder,
    asv_index,
    asv_results,
    written,
)
from door_files import (
    COLUMNS as RESULT_COLUMNS,
)
from faults.mutations import put
from made import SMALL_BYTES

import linregbench
from linregbench.benchmarks.cli.main import main
from linregbench.results.fields import COLUMNS
from linregbench.results.formats import asv
from linregbench.results.formats.load import read
from linregbench.results.frame import from_runs
from linregbench.results.runfile.read import RunFileError
from linregbench.results.tables.formats import FORMS


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "run.jsonl").write_bytes(SMALL_BYTES)
    of_documents = {name: written(tmp_path / f"{name}.json", document) for name, document in DOCUMENTS.items()}
    return {"linregbench": tmp_path / "run.jsonl", "asv": asv_folder(tmp_path)} | of_documents


def test_all_of_them_are_one_frame(files: dict[str, Path]) -> None:
    frame = linregbench.load(*files.values())
    assert list(dict.fromkeys(frame["source"])) == list(files)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == COLUMNS
    assert frame["units"].notna().all()
    for form in FORMS:
        assert shown.cases(read(*files.values()), form)


@pytest.mark.parametrize("source", DOCUMENTS)
def test_what_was_exported_comes_back(files: dict[str, Path], source: str) -> None:
    ours, theirs = from_runs(RUN), linregbench.load(files[source])
    same = ["method", "strategy", "variant", "device", "samples", "features", "batch", "steps", "dtype", "threads"]
    assert theirs[same].equals(ours[same])
    assert theirs["time_s"].tolist() == pytest.approx(ours["time_all_s"].tolist(), rel=1e-9)
    assert theirs["compile_s"].equals(ours["compile_s"])


def test_failed_skipped_and_not_selected_are_told_apart(files: dict[str, Path]) -> None:
    frame = linregbench.load(files["asv"])
    assert len(frame) == 16
    assert frame["status"].tolist()[:2] == ["failed", "failed"]  # of cuda the memory failed, and the time was skipped
    without = asv_results()
    del without["results"][MEMORY]
    del without["results"][TIME]
    lone = linregbench.load(asv_folder(files["asv"] / "lone", None, without))
    assert set(lone["status"]) == {"not_selected"}
    timed = asv_results()
    del timed["results"][MEMORY]
    lone = linregbench.load(asv_folder(files["asv"] / "timed", None, timed))
    assert lone["status"].tolist()[:4] == ["failed", asv.UNTOLD, "ok", asv.UNTOLD]
    assert "writes the same for both" in lone["reason"][1]
    rated = asv_results()
    del rated["results"][MEMORY], rated["results"][TIME]
    params = asv_index()[RATIO]["params"]
    ratios, numbers = [math.nan] * 14 + [0.5, None], [1] + [None] * 13 + [1, None]
    rated["results"][RATIO] = [ratios, params, "1", 1, 2.0, None, numbers]
    rated["result_columns"] = [*RESULT_COLUMNS, "stats_number"]
    lone = linregbench.load(asv_folder(files["asv"] / "rated", None, rated))
    assert lone["status"].tolist() == ["skipped", *[asv.UNTOLD] * 13, "ok", "failed"]
    assert lone["reason"][14] == "its time is not selected"


def test_asv_ratio_is_turned_round(tmp_path: Path) -> None:
    result = asv_results()
    times = result["results"].pop(TIME)
    result["results"] = {RATIO: [[0.25] * 16, *times[1:]]}
    frame = linregbench.load(asv_folder(tmp_path, None, result))
    assert set(frame["ratio"]) == {4.0}


def test_a_benchmark_that_is_gone_is_told(tmp_path: Path) -> None:
    index = asv_index()
    del index[MEMORY]
    with pytest.warns(UserWarning, match="left out suites.asv_steady"):
        linregbench.load(asv_folder(tmp_path, index))


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ("", "is empty"),
        ("{", "not whole as JSON"),
        ('{"benchmarks": [', "not whole as JSON"),
        ("[1, 2]", "not a linregbench run file"),
        ({"version": "2.0", "benchmarks": []}, "version '2.0'"),
        ({"version": "1.0", "benchmarks": []}, "without benchmarks"),
        ({"version": "6.0.0", "machine_info": {}, "benchmarks": []}, "of version '6.0.0'"),
        ({"result_columns": []}, "has none: copy it too"),
        ({"version": "1.0", "benchmarks": [{"runs": [], "metadata": {"name": "theirs"}}]}, "of some other suite"),
        ({"version": "0.8.3", "benchmarks": []}, "python -m pyperf convert FILE -o NEW"),
        ({"version": 1, "runs": []}, "of pyperf's first format; python -m pyperf convert"),
        (
            DOCUMENTS["pytest-benchmark"]
            | {"benchmarks": [DOCUMENTS["pytest-benchmark"]["benchmarks"][0] | {"stats": {}}]},
            "its times are not in it: save with --benchmark-json FILE, or add --benchmark-save-data",
        ),
        (DOCUMENTS["pytest-benchmark"] | {"benchmarks": [{"extra_info": {}, "stats": {}}]}, "of some other suite"),
    ],
)
def test_what_is_broken_foreign_or_newer_is_named(tmp_path: Path, document: Any, named: str) -> None:
    path = written(tmp_path / "bad.json", document)
    with pytest.raises(RunFileError, match=f"bad.json.*{named}"):
        linregbench.load(path)


@pytest.mark.parametrize(
    ("index", "result", "named"),
    [
        ({"version": 3}, asv_results(), "version 3"),
        (
            asv_index() | {"theirs.time_x": asv_index()[TIME]},
            asv_results() | {"results": {"theirs.time_x": [[1.0], [], "1"]}},
            "theirs.time_x is no benchmark of linregbench",
        ),
        (None, asv_results() | {"version": 1}, "version 1"),
        (None, {}, "version None"),
        (None, asv_results() | {"results": {TIME: [[1.0], asv_index()[TIME]["params"], "1"]}}, "1 values for 16"),
        (None, asv_results() | {"results": {TIME: [None, [], "2"]}}, "version '2'"),
    ],
)
def test_an_asv_folder_that_cannot_be_read(tmp_path: Path, index: Any, result: Any, named: str) -> None:
    with pytest.raises(RunFileError, match=named):
        linregbench.load(asv_folder(tmp_path, index, result))


@pytest.mark.parametrize("source", DOCUMENTS)
def test_a_benchmark_of_another_suite_costs_none_of_ours(tmp_path: Path, source: str) -> None:
    document = DOCUMENTS[source]
    theirs = {"name": "theirs", "extra_info": None, "metadata": {}, "runs": [], "stats": {}}
    mixed = document | {"benchmarks": [theirs, *document["benchmarks"]]}
    loaded = read(written(tmp_path / "mixed.json", mixed))
    assert len(loaded.frame) == len(document["benchmarks"])
    assert loaded.notices == (f"{tmp_path / 'mixed.json'}: left out 1 benchmark of another suite",)


def test_nor_does_one_in_a_folder_of_asv(tmp_path: Path) -> None:
    index = asv_index() | {"theirs.time_x": asv_index()[TIME]}
    results = asv_results()
    results["results"]["theirs.time_x"] = [[1.0], [], "1"]
    loaded = read(asv_folder(tmp_path, index, results))
    assert len(loaded.frame) == 16
    assert "left out 1 benchmark of another suite" in loaded.notices[0]


@pytest.mark.parametrize(
    ("pack", "named"),
    [
        (gzip.compress, "is compressed: unpack it first"),
        (lambda whole: whole.decode().encode("utf-16"), "is in UTF-16: save it as UTF-8"),
    ],
)
def test_what_a_file_is_packed_in_is_named(tmp_path: Path, pack: Callable[[bytes], bytes], named: str) -> None:
    for name, whole in (("p.json", json.dumps(DOCUMENTS["pyperf"]).encode()), ("run.jsonl", SMALL_BYTES)):
        (tmp_path / name).write_bytes(pack(whole))
        with pytest.raises(RunFileError, match=named):
            linregbench.load(tmp_path / name)


def test_a_byte_order_mark_is_read_or_named(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps(DOCUMENTS["pyperf"]), encoding="utf-8-sig")
    assert len(linregbench.load(tmp_path / "p.json"))
    (tmp_path / "run.jsonl").write_bytes(b"\xef\xbb\xbf" + SMALL_BYTES)
    with pytest.raises(RunFileError, match="begins with a byte order mark: save it without one"):
        linregbench.load(tmp_path / "run.jsonl")


def test_the_folder_of_one_machine_and_one_file_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = asv_folder(tmp_path, None, asv_results(commit="aaaaaaaaaa"), asv_results(commit="bbbbbbbbbb"))
    whole = linregbench.load(folder)
    assert linregbench.load(folder / "machine").equals(whole)
    lone = linregbench.load(folder / "machine" / "1.json")
    assert set(lone["run"]) == {"bbbbbbbb virtualenv-py3.11-jax0.10.2"}
    monkeypatch.chdir(folder / "machine")
    assert linregbench.load("1.json").equals(lone)
    assert linregbench.load(".").equals(whole)


def test_two_machines_are_two_runs(tmp_path: Path) -> None:
    folder = asv_folder(tmp_path)
    (folder / "other").mkdir()
    (folder / "other" / "0.json").write_bytes((folder / "machine" / "0.json").read_bytes())
    assert [name.rpartition(" on ")[2] for name in linregbench.load(folder)["run"].unique()] == ["machine", "other"]


def test_the_same_run_twice_is_named(files: dict[str, Path]) -> None:
    with pytest.raises(RunFileError, match="give it once"):
        linregbench.load(files["asv"], files["asv"] / "machine")
    both = linregbench.load(files["linregbench"], files["pyperf"])
    assert both["run"].nunique() == 2


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="no folder of asv's results"):
        linregbench.load(tmp_path)


def test_four_hundred_rows(tmp_path: Path) -> None:
    axes = AXES | {"samples": list(range(1, 51))}
    folder = asv_folder(tmp_path, asv_index(axes), asv_results(axes), asv_results(axes, commit="abcdef1234"))
    assert len(linregbench.load(folder)) == 800
    for name, document in DOCUMENTS.items():
        benchmarks = [
            put(b, ("metadata", "name"), n) if name == "pyperf" else b
            for n in range(200)
            for b in document["benchmarks"]
        ]
        assert len(linregbench.load(written(tmp_path / f"{name}.json", document | {"benchmarks": benchmarks}))) == 400


def test_across_takes_any_two(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    for base, new in [("linregbench", "pyperf"), ("pyperf", "pytest-benchmark"), ("asv", "linregbench")]:
        with pytest.raises(SystemExit) as ended:
            main(["compare", "--across", "--format", "json", str(files[base]), str(files[new])])
        assert ended.value.code == 0
        rows = json.loads(capsys.readouterr().out)
        if "asv" not in (base, new):
            ratios = [row["ratio"] for row in rows if row["ratio"] is not None]
            assert ratios == pytest.approx([1.0] * len(ratios), rel=0.2)
            assert ratios


def test_no_verdict_on_what_is_no_run(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    pair = [str(files["linregbench"]), str(files["pyperf"])]
    with pytest.raises(SystemExit) as ended:
        main(["compare", *pair])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "refused: pyperf keeps no sentinel" in " ".join(out.split())
    assert "without an interval" in out
    assert out.endswith("1 refused, 2 skipped\n")
    with pytest.raises(SystemExit) as ended:
        main(["compare", "--fail-on", "slower", *pair])
    assert ended.value.code == 2
    assert "needs verdicts" in capsys.readouterr().err
