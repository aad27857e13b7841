"""A run on one screen: who is marked, what is left out, and that it fits."""

import re
from pathlib import Path

import pytest
import sweep
import synthetic
from made import BASE, as_run, run_of
from synthetic import Noise, Truth

from linregbench.results.formats.load import Loaded, of_runs, read
from linregbench.results.frame import records_of
from linregbench.results.tables.matrix import MOST_PROBLEMS, matrix_document
from linregbench.results.tables.terminal import text_of


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return read(synthetic.write(tmp_path_factory.mktemp("runs") / "quick.jsonl", sweep.quick_run()))


def shown(loaded: Loaded, width: int = 80) -> str:
    return text_of(matrix_document(records_of(loaded.frame)), width=width)


def row_of(text: str, problem: str) -> list[str]:
    """The cells of a problem's line."""
    (line,) = (line for line in text.splitlines() if line.startswith(f"  {problem}  "))
    return re.split(r" {2,}", line.strip())[1:]


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_and_a_problem_is_a_line(quick: Loaded, width: int) -> None:
    text = shown(quick, width)
    assert max(map(len, text.splitlines())) <= width
    assert text.isascii()
    problems = {tuple(row) for row in quick.frame[["method", "samples", "batch"]].itertuples(index=False)}
    lines = [line for line in text.splitlines() if re.match(r"  (gd|ols|gd_tol) n=", line)]
    assert len(lines) == len(problems)


def test_each_strategy_at_its_best_and_the_fastest_marked() -> None:
    slow, best = Truth("jax_scan", "autodiff", 2e-3), Truth("jax_scan", "columns", 2.5e-4)
    far = Truth("jax_eager", "analytic", 1e-1)
    loaded = of_runs(run_of("one", slow, best, far))
    base, *cells = row_of(shown(loaded), "gd n=100")
    assert re.fullmatch(r"1(\.0+)? ms|99\d(\.\d)? us", base)
    assert cells[0] == "1x"
    assert re.fullmatch(r"\[(4\.0|3\.9)\d*x\]", cells[1])
    assert re.fullmatch(r"(99|10\d)(\.\d+)?x slower", cells[2])


def test_what_is_level_with_the_winner_is_marked_too() -> None:
    twins = Truth("jax_scan", "analytic", 5e-4), Truth("jax_vmap", "analytic", 5e-4)
    cells = row_of(shown(of_runs(run_of("one", *twins))), "gd n=100")
    assert [cell.startswith("[") for cell in cells[1:]] == [False, True, True]


def test_few_blocks_are_guesses_and_it_says_so() -> None:
    near = Truth("jax_scan", "analytic", 5e-4), Truth("jax_vmap", "analytic", 5.5e-4)
    text = shown(of_runs(run_of("one", *near, blocks=2, noise=Noise(process=0.0, sample=0.01))))
    assert row_of(text, "gd n=100")[2:] == ["[~2.0x]", "~1.8x"]
    assert "too few blocks for an interval" in " ".join(text.split())


def test_a_case_without_a_time_says_why() -> None:
    records = [synthetic.header(), *synthetic.blocks_of([BASE], of=synthetic.workload())]
    failed = [
        r | {"strategy": "jax_vmap", "backend": "jax", "status": "out_of_memory", "samples_s": [], "rounds": []}
        for r in records
        if r.get("role") == "baseline"
    ][:1]
    text = shown(of_runs(as_run([*records, *({**r, "role": "case"} for r in failed)])))
    assert "out of memory" in text


def test_nothing_measured() -> None:
    assert "Nothing was measured." in shown(of_runs(as_run([synthetic.header()])))


def test_a_long_run_is_cut_and_says_so() -> None:
    records = [synthetic.header()]
    for samples in range(100, 100 + MOST_PROBLEMS + 3):
        records += synthetic.blocks_of([BASE], of=synthetic.workload(samples=samples))
    text = shown(of_runs(as_run(records)))
    assert len(re.findall("^  gd n=", text, re.MULTILINE)) == MOST_PROBLEMS
    assert "3 problems more" in " ".join(text.split())


def test_names_from_a_file_are_text(tmp_path: Path) -> None:
    evil = Truth("a\x1b[31m", "[bold]", 1e-3)
    loaded = read(
        synthetic.write(
            tmp_path / "run.jsonl", [synthetic.header(), *synthetic.blocks_of([BASE, evil], of=synthetic.workload())]
        )
    )
    assert "\x1b" not in shown(loaded)
