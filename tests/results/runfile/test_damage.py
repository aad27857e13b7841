"""Damaged run files: whatever was cut off or changed is left out or named, and nothing closed is ever lost."""

import dataclasses
import json
import stat
from pathlib import Path

import pytest
import shown
import synthetic
from hypothesis import given, settings
from hypothesis import strategies as st
from made import END, SMALL, SMALL_BYTES, STOP
from resuming import trimmed

from linregbench.results.fields import FIELDS, WORKLOAD
from linregbench.results.formats.load import of_runs
from linregbench.results.runfile.read import RunFileError, read_run
from linregbench.results.runfile.write import RunWriter, left_to_resume
from linregbench.results.tables.formats import FORMS

TEXTS = [field.name for field in FIELDS if field.required and field.kind is str and field.of in ("workload", "case")]


def test_unclosed_blocks_are_left_out_and_trimmed(tmp_path: Path) -> None:
    late = [synthetic.measurement(block=1, strategy=name) for name in ("jax_scan", "jax_vmap")]
    interrupted = STOP | {"reason": "interrupted"}
    content = [synthetic.header(), STOP, synthetic.measurement(), synthetic.block(), *late, interrupted, END]
    path = synthetic.write(tmp_path / "run.jsonl", content)
    path.chmod(0o640)
    with path.open("a") as file:
        file.write('{"record": "meas')
    damaged = path.read_bytes()
    left = left_to_resume(read_run(path))
    assert path.read_bytes() == damaged
    run = trimmed(path)
    assert run == left
    assert len(run.notices) == 2
    assert "left out 2 measurements of 1 block interrupted before the end" in run.notices[1]
    assert len(run.measurements) == len(run.blocks) == 1
    assert [stop.reason for stop in run.stops] == ["5 blocks, fixed"]
    assert run.end is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["run.jsonl"]
    again = read_run(path)
    assert again == dataclasses.replace(run, notices=())
    with RunWriter(path, append=True) as writer:
        writer.append(synthetic.measurement(block=1))
        writer.append(synthetic.block(block=1))
    assert len(read_run(path).blocks) == 2


def test_a_run_that_went_on_after_its_end_has_not_ended(tmp_path: Path) -> None:
    path = synthetic.write(tmp_path / "run.jsonl", [synthetic.header(), END, synthetic.environment()])
    assert read_run(path).end is None


@pytest.mark.parametrize("name", ["run", *TEXTS])
def test_what_every_row_must_have_is_not_empty(tmp_path: Path, name: str) -> None:
    line = next(number for number, record in enumerate(SMALL) if name == "run" or record["record"] == "measurement")
    bad = SMALL[line] | ({"workload": SMALL[line]["workload"] | {name: ""}} if name in WORKLOAD else {name: ""})
    path = synthetic.write(tmp_path / "run.jsonl", [*SMALL[:line], bad, *SMALL[line + 1 :]])
    with pytest.raises(RunFileError, match=rf"run\.jsonl:{line + 1}: .*'{name}' is empty, but it is required"):
        read_run(path)


@given(cut=st.integers(0, len(SMALL_BYTES)))
def test_truncation_never_loses_a_closed_block(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("cut") / "run.jsonl"
    path.write_bytes(SMALL_BYTES[:cut])
    whole = SMALL_BYTES[: cut + 1].split(b"\n")[:-1]  # a line that lacks its line break alone is whole
    closed = sum(json.loads(line)["record"] == "block" for line in whole)
    if not whole:
        with pytest.raises(RunFileError):
            read_run(path)
        return
    run = read_run(path)
    assert len(run.blocks) == closed
    assert len(run.measurements) == 3 * closed
    assert dataclasses.replace(trimmed(path), notices=()) == read_run(path)
    assert read_run(path).blocks == run.blocks
    RunWriter(path, append=True).close()


def _shows_or_names_the_error(path: Path) -> None:
    try:
        run = read_run(path)
    except RunFileError:
        return
    loaded = of_runs(run)
    for form in FORMS:
        assert isinstance(shown.cases(loaded, form), str)


@settings(max_examples=80, deadline=None)
@given(at=st.integers(0, len(SMALL_BYTES) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_is_read_or_named(at: int, byte: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("byte") / "run.jsonl"
    path.write_bytes(SMALL_BYTES[:at] + bytes([byte]) + SMALL_BYTES[at + 1 :])
    _shows_or_names_the_error(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(line=st.integers(0, len(SMALL) - 1), data=st.data())
def test_a_changed_field_is_read_or_named(
    line: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    changed = json.loads(json.dumps(SMALL[line]))
    target = changed
    key = data.draw(st.sampled_from(sorted(target)))
    if isinstance(target[key], dict) and target[key] and data.draw(st.booleans()):
        target = target[key]
        key = data.draw(st.sampled_from(sorted(target)))
    target[key] = data.draw(JSON)
    path = tmp_path_factory.mktemp("field") / "run.jsonl"
    synthetic.write(path, [*SMALL[:line], changed, *SMALL[line + 1 :]])
    _shows_or_names_the_error(path)
