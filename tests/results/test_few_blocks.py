"""A run of one, two, three and five blocks, wherever its numbers are printed: no bound is shown as if measured."""

import re
from functools import cache

import pytest
import shown
import sweep
import two_devices
from made import BASE, as_run, run_of, sides_run
from synthetic import QUIET, Noise, Truth

from linregbench.results.compare.devices.ratios import compare_sides_across
from linregbench.results.compare.devices.sides import sides_of
from linregbench.results.compare.runs import Comparison, compare_runs, compare_sides
from linregbench.results.figures.costs import forest
from linregbench.results.figures.lines import times_against
from linregbench.results.formats.load import Loaded, of_runs
from linregbench.results.models.advise import Wish, advise, in_words
from linregbench.results.models.calls import break_evens
from linregbench.results.models.words import interval

LOUD = Noise(process=0.3, sample=0.1)
FEW = [1, 2]
SCAN = Truth("jax_scan", "analytic", 5e-4, compile_s=0.1)


@cache
def of_blocks(blocks: int) -> Loaded:
    """A loud run like the preset `quick`, stopped at its budget after so many of 5 blocks."""
    *records, skipped, end = sweep.quick_run(blocks=blocks, noise=LOUD)
    stop = {"record": "stop", "problem": skipped["problem"], "threads": "1", "reason": "no case left"}
    return of_runs(as_run([*records, skipped, stop, end | {"reason": "budget"}]))


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("blocks", FEW)
@pytest.mark.parametrize("form", ["rich", "markdown"])
def test_a_table_of_few_blocks_has_no_interval_and_says_so_first(blocks: int, form: str) -> None:
    text = shown.cases(of_blocks(blocks), form, width=80)
    first = flat(text).lstrip("- ")
    assert first.startswith("This run stopped at its budget: ")
    assert f"have {blocks} of the 5 blocks asked for; linregbench run --resume FILE goes on" in first
    assert "from fewer than 3 blocks: those have no interval, and are guesses" in first
    assert first.index("guesses") < first.index("gradient descent")
    assert "+-" not in text
    assert "differ by at most" not in text
    assert not re.search(r"\dx \(", text), "a ratio with an interval"
    assert "Winner" not in text
    assert "Too close" not in text
    assert re.search(rf"Likely .*{blocks} blocks? (is|are) too few to be sure\.", flat(text))


@pytest.mark.parametrize("blocks", [3, 5])
def test_a_table_of_enough_blocks_has_intervals(blocks: int) -> None:
    text = shown.cases(of_blocks(blocks))
    assert "~" not in text
    assert "guess" not in text
    assert "likely" not in text.lower()
    assert re.search(r"\+-\d|over 100%", text)
    assert re.search(r"two copies of the same baseline differ by at most .* \(a 95% bound\)", flat(text))
    assert text.startswith("This run stopped at its budget") is (blocks < 5)
    assert not re.search(r"\d{3}(\.\d)?%", text.replace("100%", "")), "a share over 100% as a number"


def test_columns_of_the_frame_are_as_they_were() -> None:
    frame = of_blocks(2).frame
    assert frame["ratio_low"].notna().any()
    assert frame["floor"].max() > 1
    assert "floor" in shown.cases(of_blocks(2), "csv")
    assert "~" not in shown.cases(of_blocks(2), "csv")


@pytest.mark.parametrize("blocks", FEW)
def test_the_noise_line_says_how_many_blocks_are_too_few_and_what_they_showed(blocks: int) -> None:
    (line,) = of_blocks(blocks).noise.values()
    assert re.search(r"blocks? (is|are) too few for an A/A floor \(two copies of the baseline differed by ~\d", line)
    assert line.endswith(": how far ratios hold is not known")


def test_a_calm_run_of_two_blocks_is_not_called_noisy_for_want_of_a_floor() -> None:
    (line,) = of_runs(run_of("calm", SCAN, noise=QUIET, blocks=2)).noise.values()
    assert line.startswith("the machine was calm as far as is known: ")


@pytest.mark.parametrize("blocks", FEW)
def test_a_report_of_few_blocks_guesses_in_every_part(blocks: int) -> None:
    built = shown.report(*of_blocks(blocks).runs)
    assert built.summary[0].startswith("This run stopped at its budget")
    assert re.search(r"Gradient descent: of 5 workloads, likely .* too few to be sure\)", "\n".join(built.summary))
    assert "is fastest in" not in "\n".join(built.summary)
    for table in built.answers:
        for row in table.rows:
            assert not any(re.search(r"\d \[\d(?! block)|\dx \(|^\+-", cell.text) for cell in row), (table.title, row)


def test_a_clear_lead_of_two_blocks_is_likely_and_one_of_three_is_won() -> None:
    two, three = (shown.cases(of_runs(run_of("run", SCAN, blocks=blocks))) for blocks in (2, 3))
    assert "Likely jax_scan analytic, ~2.0x as fast as numpy_loop analytic, the baseline. 2 blocks are" in two
    assert "likely faster" in two
    assert "Winner: jax_scan analytic, 2.00" in three


def test_those_that_are_close_are_likely_together() -> None:
    near = [Truth("jax_scan", variant, 4e-4) for variant in ("autodiff", "analytic")]
    text = flat(shown.cases(of_runs(run_of("run", *near, blocks=1))))
    assert re.search(r"Likely jax_scan \w+ or jax_scan \w+, within ~5% of each other, ~2.5x as fast as numpy", text)


@pytest.mark.parametrize(
    ("blocks", "calls"), [(1, r"~260 \[1 block\]"), (2, r"~260 \[2 blocks\]"), (5, r"265 \[263-266\]")]
)
def test_when_a_compile_pays_is_guessed_and_never_denied(blocks: int, calls: str) -> None:
    frame = of_runs(run_of("run", SCAN, blocks=blocks)).frame
    (pay,) = break_evens(frame)
    assert re.fullmatch(calls, interval(pay.calls)), interval(pay.calls)
    free = Truth(
        "jax_scan", "analytic", 5e-4, compile_s=1e-9, fields={"trace_s": 0.0, "lower_s": 0.0, "first_call_s": 1e-4}
    )
    table = next(t for t in shown.report(run_of("run", free, blocks=blocks)).answers if t.name == "break-even")
    assert table.texts("calls") == ["at once" if blocks == 5 else "likely at once"]
    slower = Truth("jax_scan", "analytic", 2e-3, compile_s=0.1)
    (pay,) = break_evens(of_runs(run_of("run", slower, blocks=2)).frame)
    assert interval(pay.calls) == "2 blocks are too few to tell; likely never"


@pytest.mark.parametrize("blocks", FEW)
def test_advice_from_few_blocks_is_a_guess_with_a_way_to_more(blocks: int) -> None:
    lines = in_words(advise(of_blocks(blocks).frame, Wish(3_000, 2)))
    assert re.search(rf": ~\d[\d.]* \w+ \[{blocks} blocks?\] a call$", lines[0])
    assert re.search(r"~[\d.]+x as long", lines[1])
    assert "linregbench run --blocks 10 takes more" in lines[2]
    assert re.search(r": ~\d", lines[3])


@pytest.fixture(params=["two runs", "sides"])
def compared(request: pytest.FixtureRequest) -> Comparison:
    if request.param == "sides":
        return compare_sides(sides_run((SCAN, 1.5), blocks=2), "ref", "here")
    return compare_runs(
        run_of("base", SCAN, blocks=2), run_of("new", Truth(SCAN.strategy, SCAN.variant, 3e-4), blocks=2)
    )


def test_a_comparison_of_two_blocks(compared: Comparison) -> None:
    text = flat(shown.compared(compared))
    assert re.search(r"jax_scan analytic ~\S+ us ~\S+ us ~1\.\dx (likely faster|inconclusive)", text)
    assert "2 blocks are too few for an interval, a noise floor or a sure verdict; --blocks 10 takes more." in text
    assert "A difference is called" not in text
    assert text.startswith("base.jsonl has not ended: " if not compared.paired else "the run has not ended: ")


def test_two_devices_of_two_blocks() -> None:
    sides = sides_of([two_devices.cpu_run(blocks=2), two_devices.gpu_run(blocks=2)])
    text = flat(shown.across(compare_sides_across(sides)))
    assert "cpu.jsonl has not ended: " in text
    assert "~ marks a guess: fewer than 3 blocks on a side are too few for an interval." in text
    assert re.search(r"cuda is at most ~\d+x as fast", text)
    assert "likely overtakes" in text
    assert not re.search(r"\dx \(", text)


@pytest.mark.parametrize(("blocks", "drawn"), [(2, False), (3, True)])
def test_no_picture_has_an_interval_of_two_blocks(blocks: int, drawn: bool) -> None:
    frame = of_blocks(blocks).frame
    assert any(axes.collections for axes in times_against(frame).axes) is drawn
    whiskers = [line for axes in forest(frame).axes for line in axes.collections if len(line.get_segments()[0])]
    assert (len(whiskers) > len(frame["samples"].unique()) * 2) is drawn


def test_blocks_that_only_some_problems_have_are_told() -> None:
    one, many = run_of("run", SCAN, blocks=2), run_of("other", SCAN, blocks=10)
    text = flat(shown.cases(of_runs(one, many)))
    assert "Run run has 2 of 2 times from fewer than 3 blocks" in text
    assert "Run other has" not in text
    assert "differ by at most" in text
    assert BASE.strategy in text
