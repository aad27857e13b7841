"""From options to limits, and the circumstances under which a run may be resumed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import HEADER, make_contest, make_limits

from linregbench.benchmarks import door, resume, run
from linregbench.benchmarks.grid.cases import Case
from linregbench.benchmarks.grid.options import RunOptions, UsageError
from linregbench.benchmarks.grid.presets import PRESETS
from linregbench.benchmarks.processes import machine
from linregbench.benchmarks.run import PreparedRun, Request
from linregbench.benchmarks.sampling import plan, schedule
from linregbench.benchmarks.worker.hardware import sentinel
from linregbench.results.runfile.read import read_run
from linregbench.results.runfile.write import RunWriter

PUBLISHED = Path(__file__).resolve().parents[2] / "results/published/quick.jsonl"
CONTESTS = (make_contest("jax_a"),)
ENVIRONMENT: dict[str, Any] = {
    "record": "environment",
    "environment": "here",
    "nursery": "cpu, threads 1, float32",
    "device": "cpu",
    "threads": "1",
    "x64": False,
    "python": "3.11.7",
    "packages": {"numpy": "2.4.6", "jax": "0.10.2"},
    "blas": "openblas 0.3",
    "xla_flags": "",
    "device_kind": "a fake",
    "plugins": {"mine.py": "0123"},
}


class FakeNurseries:
    """Nurseries that are what the record says."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record

    def of(self, case: Case) -> None: ...

    def records(self, kinds: Any, required: Any) -> list[dict[str, Any]]:  # noqa: ARG002
        return [self.record]


def resumed(tmp_path: Path, now: dict[str, Any], grid: str | None = None, cpu: str | None = None) -> PreparedRun:
    """A run of CONTESTS in ENVIRONMENT that is resumed where everything is as `now` says."""
    header = HEADER | {
        "sentinel": sentinel.VERSION,
        "grid": grid or plan.grid_hash(CONTESTS),
        "machine": {"cpu": cpu or machine.cpu_model()},
    }
    with RunWriter(tmp_path / "run.jsonl") as writer:
        writer.append(header)
        writer.append(ENVIRONMENT)
    before = read_run(tmp_path / "run.jsonl")
    nurseries: Any = FakeNurseries(ENVIRONMENT | now)
    return PreparedRun(Request(), CONTESTS, make_limits(), nurseries, {}, {}, before)


def test_a_run_is_resumed_where_nothing_has_changed(tmp_path: Path) -> None:
    resume.check_same(resumed(tmp_path, {}))


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({"python": "3.12.0"}, "the python of cpu, threads 1, float32 was 3.11.7 and is 3.12.0 now"),
        ({"packages": {"numpy": "2.4.6", "jax": "0.9.0"}}, "the packages of cpu, threads 1, float32 was"),
        ({"plugins": {"mine.py": "4567"}}, "the plugins of cpu, threads 1, float32 was"),
        ({"plugins": {}}, "the plugins of"),
        ({"blas": "mkl"}, "the blas of"),
        ({"nursery": "cpu, threads all, float32"}, "and is None now"),
    ],
    ids=str,
)
def test_a_run_is_not_resumed_elsewhere(tmp_path: Path, now: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match="--resume: the ") as refused:
        resume.check_same(resumed(tmp_path, now))
    assert message in str(refused.value)


def of_options(folder: Path, **options: Any) -> Path:
    """A run file of an interrupted run that was asked for this."""
    with RunWriter(folder / "run.jsonl") as writer:
        writer.append(HEADER | {"options": RunOptions().as_dict() | options})
        writer.append(ENVIRONMENT)
    return folder / "run.jsonl"


def test_a_plugin_that_has_changed_is_refused_before_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("raise SystemExit('it was run')")
    path = of_options(tmp_path, plugins=[str(tmp_path / "mine.py")])
    with pytest.raises(UsageError, match=r"mine\.py was 0123 .* when the run began, and is [0-9a-f]{16} now"):
        resume.resumed(path)
    (tmp_path / "other").mkdir()
    with pytest.raises(UsageError, match=r"gone\.py cannot be read any more"):
        resume.resumed(of_options(tmp_path / "other", plugins=[str(tmp_path / "gone.py")]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"blocks": "five"}, "Expected `int | null`, got `str`"),
        ({"samples": 100}, "Expected `array | null`, got `int`"),
        ({"plugins": 3}, "Expected `array`, got `int`"),
        ({"data": ["a"]}, "Expected `str | null`, got `array`"),
        ({"colour": "red"}, "unknown option 'colour'"),
    ],
    ids=str,
)
def test_changed_options_are_refused_by_name(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=r"--resume .*: its options are none that can be gone on with: ") as refused:
        resume.resumed(of_options(tmp_path, **options))
    assert message in str(refused.value)


def test_data_that_are_gone_are_refused_and_the_run_stays_as_it_was(tmp_path: Path) -> None:
    path = of_options(tmp_path, data=str(tmp_path / "gone.csv"))
    before = path.read_bytes()
    request, so_far = resume.resumed(path)
    with pytest.raises(UsageError, match=r"--data gone\.csv: No such file"), run.prepared(request, so_far):
        pass
    assert path.read_bytes() == before


def test_nor_with_a_sentinel_of_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = resumed(tmp_path, {})
    monkeypatch.setattr(sentinel, "VERSION", sentinel.VERSION + 1)
    with pytest.raises(UsageError, match=r"--resume: the sentinel's version was \d and is \d now; start a new run"):
        resume.check_same(before)


@pytest.mark.parametrize("changed", [{"grid": "0000"}, {"cpu": "another"}], ids=str)
def test_nor_on_another_machine_or_with_another_grid(tmp_path: Path, changed: dict[str, str]) -> None:
    ((what, was),) = changed.items()
    with pytest.raises(UsageError, match=f"--resume: the {what} was {was} and is "):
        resume.check_same(resumed(tmp_path, {}, **changed))


@pytest.mark.parametrize("preset", PRESETS)
def test_the_limits_are_the_presets_less_what_the_options_replace(preset: str) -> None:
    plain = run.limits_of(RunOptions(preset=preset))
    assert plain.blocks == PRESETS[preset].blocks
    assert plain.budget_s == PRESETS[preset].budget_s
    assert plain.rules.timeout_s == PRESETS[preset].timeout_s
    given = run.limits_of(RunOptions(preset=preset, blocks=7, budget_s=90.0, timeout_s=5.0))
    assert (given.blocks, given.budget_s, given.rules.timeout_s) == ((7, 7), 90.0, 5.0)
    assert given.call_limit_s <= 5.0
    assert plain.call_limit_s == PRESETS[preset].call_limit_s


def test_a_size_that_a_person_named_is_measured_where_the_time_limit_holds_it() -> None:
    for axis in ("samples", "features", "batch", "steps"):
        limits = run.limits_of(RunOptions(**{axis: (10,)}))
        assert limits.call_limit_s == limits.rules.timeout_s / 3


def test_a_prediction_is_for_the_fewest_blocks_and_within_the_budget() -> None:
    one, two = (run.predicted_s(CONTESTS, make_limits((blocks, 30))) for blocks in (1, 2))
    assert two == pytest.approx(2 * one, rel=1e-3)
    assert run.predicted_s(CONTESTS, replace(make_limits((2, 2)), budget_s=one)) == one


@pytest.mark.parametrize("blocks", [0, 1])
def test_ctrl_c_in_a_notebook_gives_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    def interrupted(ready: PreparedRun, watch: Any) -> run.Finished:  # noqa: ARG001  the real one's
        path = ready.request.output
        assert path is not None
        lines = PUBLISHED.read_text().splitlines(keepends=True)
        ends = [number for number, line in enumerate(lines) if '"record":"block"' in line]
        path.write_text("".join(lines[: ends[blocks - 1] + 1] if blocks else lines[:1]))
        return run.Finished(path, schedule.Outcome("interrupted", 1.0, {}))

    @contextmanager
    def prepared(request: Request) -> Iterator[PreparedRun]:
        yield PreparedRun(request, (), make_limits(), FakeNurseries({}), {}, {})  # type: ignore[arg-type]

    monkeypatch.setattr(door, "measure", interrupted)
    monkeypatch.setattr(door, "prepared", prepared)
    if not blocks:
        with pytest.raises(KeyboardInterrupt):
            door.run(samples=[100])
    else:
        with pytest.warns(UserWarning, match="interrupted: what 1 block "):
            frame = door.run(samples=[100], output=tmp_path / "run.jsonl")
        assert {*frame["status"]} == {"ok"}
        assert "numpy_loop analytic" in repr(frame)
