"""The run file: what is written can be read, what is damaged is named, and nothing closed is ever lost."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import synthetic
from made import END, SMALL, STOP
from resuming import trimmed

from linregbench.results.runfile.read import RunFileError, read_run
from linregbench.results.runfile.records import Block, Measurement
from linregbench.results.runfile.write import RunWriter


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run.jsonl") as writer:
        written = [writer.append(record) for record in SMALL]
    run = read_run(tmp_path / "run.jsonl")
    assert run.name == "run.jsonl"
    assert [run.header, *run.environments] == written[:2]
    assert run.measurements == tuple(record for record in written if isinstance(record, Measurement))
    assert run.blocks == tuple(record for record in written if isinstance(record, Block))
    assert [stop.reason for stop in run.stops] == ["5 blocks, fixed"]
    assert run.end is not None
    assert run.end.reason == "complete"
    assert run.notices == ()


def test_each_record_is_in_the_file_before_the_next(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run.jsonl")
    for count, record in enumerate(SMALL, start=1):
        writer.append(record)
        assert (tmp_path / "run.jsonl").read_bytes().count(b"\n") == count
    writer.close()


def test_numbers_that_json_cannot_hold_become_null(tmp_path: Path) -> None:
    record = synthetic.measurement(status="wrong", error=math.inf, dispatch_s=math.nan, samples_s=[], rounds=[])
    with RunWriter(tmp_path / "run.jsonl") as writer:
        writer.append(synthetic.header())
        back = writer.append(record)
        writer.append(synthetic.block())
    assert isinstance(back, Measurement)
    assert (back.error, back.dispatch_s) == (None, None)
    assert read_run(tmp_path / "run.jsonl").measurements == (back,)


def test_a_record_that_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run.jsonl") as writer:
        with pytest.raises(ValueError, match="first record"):
            writer.append(synthetic.environment())
        writer.append(synthetic.header())
        with pytest.raises(ValueError, match="'samples_s' has 1 samples but 'rounds' has 2"):
            writer.append(synthetic.measurement(samples_s=[1.0], rounds=[0, 1]))
        with pytest.raises(ValueError, match="'status' must be one of ok"):
            writer.append(synthetic.measurement(status="great"))
    assert (tmp_path / "run.jsonl").read_bytes().count(b"\n") == 1


def test_the_writer_keeps_what_is_there(tmp_path: Path) -> None:
    path = synthetic.write(tmp_path / "run.jsonl", SMALL)
    with pytest.raises(RunFileError, match="exists already"):
        RunWriter(path)
    with pytest.raises(RunFileError, match="cannot be written"):
        RunWriter(tmp_path / "no" / "such" / "folder.jsonl")
    with pytest.raises(RunFileError, match="cannot be written"):
        RunWriter(tmp_path / "absent.jsonl", append=True)
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    with pytest.raises(RunFileError, match="is empty"):
        RunWriter(empty, append=True)
    torn = path.read_bytes()[:-5]
    path.write_bytes(torn)
    RunWriter(path, append=True).close()
    assert path.read_bytes() == torn[: torn.rindex(b"\n") + 1]


def test_undecodable_names_are_written_and_read(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run.jsonl") as writer:
        writer.append(synthetic.header(preset="a\udcff"))
    assert read_run(tmp_path / "run.jsonl").header.preset == "a?"
    (tmp_path / "escaped.jsonl").write_text(json.dumps(synthetic.header(preset="\ud800")) + "\n")
    assert read_run(tmp_path / "escaped.jsonl").header.preset == r"\ud800"


def test_unknown_keys_are_ignored_and_nullable_ones_may_be_missing(tmp_path: Path) -> None:
    lean = {k: v for k, v in synthetic.measurement(colour="blue").items() if v is not None}
    run = read_run(synthetic.write(tmp_path / "a.jsonl", [synthetic.header(more=1), lean, synthetic.block(x=[])]))
    assert run.measurements[0].error == 2.1e-7
    assert run.measurements[0].compile_s is None


@pytest.mark.parametrize(("closed", "kept"), [(1, 0), (2, 2)])
def test_a_block_is_whole_when_every_group_of_it_is_closed(tmp_path: Path, closed: int, kept: int) -> None:
    parts = [
        record
        for group in range(closed)
        for record in (synthetic.measurement(group=group), synthetic.block(group=group, groups=2))
    ]
    path = synthetic.write(tmp_path / "run.jsonl", [synthetic.header(), *parts])
    assert len(read_run(path).measurements) == closed  # each group is a comparison of its own
    left = trimmed(path)
    assert len(left.measurements) == len(left.blocks) == kept
    assert bool(left.notices) is (kept == 0)


BAD_LINES: list[tuple[str, Any, str]] = [
    ("half a case", STOP | {"case": {"strategy": "a"}}, "'case' must have dtype, "),
    ("missing key", {k: v for k, v in synthetic.measurement().items() if k != "strategy"}, "'strategy' is missing"),
    ("null", synthetic.measurement(strategy=None), "'strategy' is null"),
    ("text for a number", synthetic.measurement(error="small"), "'error' must be a number, got 'small'"),
    ("bool for a number", synthetic.measurement(error=True), "'error' must be a number"),
    ("float for an integer", synthetic.measurement(block=1.5), "'block' must be a whole number"),
    ("text for a bool", synthetic.measurement(compiled="yes"), "'compiled' must be true or false"),
    ("number for text", synthetic.measurement(reason=3), "'reason' must be text"),
    ("number for a list", synthetic.measurement(samples_s=3.0), "'samples_s' must be a list"),
    ("list for an object", synthetic.measurement(workload=[]), "'workload' must be an object"),
    ("nested workload", synthetic.measurement(workload=synthetic.workload(x=[1])), "'workload' has a bad 'x'"),
    ("no method", synthetic.measurement(workload={}), "'workload' needs 'method'"),
    ("samples as text", synthetic.measurement(workload=synthetic.workload(samples="9")), "needs 'samples' as int"),
    ("no samples", synthetic.measurement(workload=synthetic.workload(samples=0)), "'samples' of at least 1"),
    ("zero time", synthetic.measurement(samples_s=[1.0, 0.0, 1.0]), "'samples_s' must be from"),
    ("negative phase", synthetic.measurement(first_call_s=-1.0), "'first_call_s' must be from 0"),
    ("same round twice", synthetic.measurement(rounds=[0, 0, 1]), "'rounds' must be different"),
    ("round past the block", synthetic.measurement(rounds=[0, 1, 7]), "past the 3 rounds"),
    ("null sample", synthetic.measurement(samples_s=[None, 1.0, 1.0]), "'samples_s' must be a number"),
    ("unknown role", synthetic.measurement(role="star"), "'role' must be one of case"),
    ("a wait too few", synthetic.measurement(waits_s=[0.0, 0.0]), "'waits_s' has 2 entries for 3 samples"),
    ("negative wait", synthetic.measurement(waits_s=[0.0, -1.0, 0.0]), "'waits_s' must be from 0"),
    ("a switch too many", synthetic.measurement(switches=[0] * 4), "'switches' has 4 entries for 3 samples"),
    ("seat twice in a round", synthetic.block(block=9, order=[[1, 1], [0], [0]]), "'order' must have different seats"),
    ("sentinel of other length", synthetic.block(block=9, sentinel_s=[[1.0]]), "'sentinel_s' has 1 entries for 3"),
    ("endless block", synthetic.block(block=9, rounds=10**12, sentinel_s=[]), "'rounds' must be from 0 to 100,000"),
    ("unknown record", {"record": "gossip"}, "'record' must be one of run"),
    ("record of another type", {"record": ["run"]}, "'record' must be one of run"),
    ("list", [1, 2], "must be a JSON object"),
    ("second header", synthetic.header(), "second 'run' record"),
    ("block twice", synthetic.block(), "is there twice"),
]


@pytest.mark.parametrize(("record", "message"), [case[1:] for case in BAD_LINES], ids=[case[0] for case in BAD_LINES])
def test_a_bad_line_is_named(tmp_path: Path, record: Any, message: str) -> None:
    path = synthetic.write(tmp_path / "bad.jsonl", [synthetic.header(), record, synthetic.block(), END])
    with pytest.raises(RunFileError) as caught:
        read_run(path)
    line = 3 if "twice" in message else 2
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


BAD_TEXTS = {
    "NaN": json.dumps(synthetic.measurement()).replace("0.0012", "NaN"),
    "Infinity": json.dumps(synthetic.measurement()).replace("0.0012", "-Infinity"),
    "overflow": json.dumps(synthetic.measurement()).replace("0.0012", "1e999"),
    "huge integer": json.dumps(synthetic.measurement()).replace("0.0012", "9" * 400),
    "too many digits": json.dumps(synthetic.measurement()).replace("0.0012", "9" * 5000),
    "blank": "",
    "brackets": "[" * 100_000,
    "half a record": json.dumps(synthetic.measurement())[:100],
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
def test_bad_json_inside_a_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(f"{json.dumps(synthetic.header())}\n{text}\n{json.dumps(synthetic.block())}\n")
    with pytest.raises(RunFileError, match=r"bad\.jsonl:2: "):
        read_run(path)


FOREIGN = {
    "empty": (b"", "is empty"),
    "blank line": (b"\n", "not a linregbench run file"),
    "text": (b"hello\nworld\n", "not a linregbench run file"),
    "binary": (bytes(range(256)) * 50, "not a linregbench run file"),
    "zeros": (b"\0" * 4096, "not a linregbench run file"),
    "another JSON": (b'{"machine_info": {}, "benchmarks": []}\n', "'record' must be one of"),
    "JSON list": (b"[1, 2]\n", "must be a JSON object"),
    "half a header": (json.dumps(synthetic.header()).encode()[:80], "not a linregbench run file"),
    "no header": (json.dumps(synthetic.block()).encode() + b"\n", "first record is not 'run'"),
    "other format": (json.dumps(synthetic.header(format="x")).encode(), "'format' must be 'linregbench-run'"),
    "newer": (json.dumps(synthetic.header(version=3)).encode(), "format is version 3, this program reads versions 1"),
    "version as text": (json.dumps(synthetic.header(version="1")).encode(), "version 1, this program reads"),
    "version as bool": (json.dumps(synthetic.header(version=True)).encode(), "version True"),
}


@pytest.mark.parametrize(("content", "message"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "foreign.jsonl"
    path.write_bytes(content)
    with pytest.raises(RunFileError) as caught:
        read_run(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match=r"absent\.jsonl: cannot be read: No such file"):
        read_run(tmp_path / "absent.jsonl")
    with pytest.raises(RunFileError, match="cannot be read: Is a directory"):
        read_run(tmp_path)


def test_a_large_foreign_file_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    path.write_bytes(b"x" * 50_000_000)
    with pytest.raises(RunFileError, match="not a linregbench run file"):
        read_run(path)


def test_what_many_measurements_tell_alike_is_one_object_within_a_read(tmp_path: Path) -> None:
    rows = [synthetic.measurement(block=n, strategy=name) for n in (0, 1) for name in ("jax_scan", "jax_vmap")]
    odd = synthetic.measurement(block=1, strategy="jax_eager", workload=synthetic.workload(dtype="float64"))
    records = [synthetic.header(), *rows, odd, synthetic.block(), synthetic.block(block=1)]
    path = synthetic.write(tmp_path / "run.jsonl", records)
    first, second, again, _, other = read_run(path).measurements
    assert first.workload is second.workload is again.workload is not other.workload
    assert first.rounds is other.rounds
    assert first.case is again.case
    assert len({m.case for m in (first, second, other)}) == 3
    assert read_run(path).measurements[0].workload is not first.workload
