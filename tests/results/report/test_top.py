"""The first screen: who wins by region, by how much; what follows; and the samples that an opened row shows."""

import pytest
import shown
import synthetic
from made import as_run, run_of
from synthetic import QUIET, Truth

from linregbench.results.figures.charts import charts_of
from linregbench.results.figures.draw import COLOURS, PHASE_COLOURS, colour_of
from linregbench.results.figures.maps import maps_of
from linregbench.results.formats.load import Loaded, of_runs
from linregbench.results.frame import records_of
from linregbench.results.report import samples
from linregbench.results.report.build import Report
from linregbench.results.report.markdown import markdown
from linregbench.results.report.samples import samples_of
from linregbench.results.report.tables import handles


def loaded_of(*times: tuple[int, int, float], blocks: int = 6) -> Loaded:
    """NumPy takes a millisecond, scan what is given at (n, b)."""
    records = [synthetic.header(), synthetic.environment()]
    for samples_n, batch, time_s in times:
        truths = [
            Truth("numpy_loop", "analytic", 1e-3),
            Truth("jax_scan", "autodiff", time_s, compile_s=0.05),
        ]
        of = synthetic.workload(samples=samples_n, batch=batch)
        records += synthetic.blocks_of(truths, of=of, blocks=blocks, noise=QUIET)
    return of_runs(as_run(records))


def report_of(*times: tuple[int, int, float], blocks: int = 6) -> Report:
    return shown.report(*loaded_of(*times, blocks=blocks).runs)


def test_regions_are_told_where_each_family_has_a_side_of_its_own() -> None:
    (line,) = report_of((100, 1, 2e-3), (1_000, 1, 4e-3), (10_000, 1, 5e-4)).top.headlines
    assert line.of == "Gradient descent"
    assert line.text == (
        "NumPy (loop) is fastest up to n = 1,000 (2 workloads), typically 3.0x (2.0x to 4.0x) as fast as the best "
        "outside it; jit (scan) is fastest from n = 10,000 on (1 workload), 2.0x as fast as the best outside it."
    )


def test_where_no_size_parts_them_they_are_counted() -> None:
    (line,) = report_of((100, 1, 2e-3), (1_000, 1, 5e-4), (10_000, 1, 2e-3)).top.headlines
    assert "NumPy (loop) is fastest in 2 of 3 workloads" in line.text
    assert "jit (scan) is fastest in 1 of 3 workloads" in line.text
    (line,) = report_of((100, 1, 5e-4), (1_000, 1, 2.5e-4)).top.headlines
    assert line.text.startswith("jit (scan) is fastest in all 2 workloads, typically 3.0x (2.0x to 4.0x)")
    (line,) = report_of((100, 1, 1e-3)).top.headlines
    assert line.text == "a tie between families in the only workload."


def test_advice_is_the_case_that_is_never_far_behind_and_what_its_compile_costs() -> None:
    for_all, compiled, own = report_of((100, 1, 1.5e-3), (1_000, 1, 5e-4), (10_000, 1, 5e-4)).top.advice
    assert for_all.text == ("jax_scan autodiff, at most 1.50x as long as the fastest in all 3 workloads.")
    assert compiled.text.startswith("In 2 workloads the fastest is compiled; it has paid for that after about ")
    assert own.text == "linregbench advise run.jsonl --samples N --features D --batch B"


def test_nothing_is_advised_for_everything_where_each_way_is_far_behind_somewhere() -> None:
    (for_all, *_) = report_of((100, 1, 4e-3), (1_000, 1, 2e-4)).top.advice
    assert for_all.text == "none, even jax_scan autodiff takes up to 4.0x as long as the fastest."


def test_of_too_few_blocks_nothing_is_said_for_sure() -> None:
    top = report_of((100, 1, 5e-4), (1_000, 1, 5e-4), blocks=2).top
    assert top.headlines[0].text == "likely jit in all 2 workloads (2 blocks are too few to be sure)."
    assert [line.of for line in top.advice] == ["For a size of your own"]


def test_a_map_as_a_table_has_the_largest_size_on_top_and_a_gap_where_nothing_was_measured() -> None:
    places = ((100, 1, 2e-3), (1_000, 1, 5e-4), (100, 64, 5e-4), (10_000, 1, 5e-4))
    (found,) = maps_of(loaded_of(*places).frame, "batch")
    assert found.columns == (100, 1_000, 10_000)
    (above, (scan, *missing)), (_, below) = found.rows
    assert (above, missing) == (64, [None, None])
    assert [place.names for place in below if place] == ["loop", "scan", "scan"]
    assert scan is not None
    assert scan.lead == "2.0x"
    assert scan.whole.startswith("scan (autodiff), 2.0")
    assert found.size == 4


def test_samples_stand_by_block_and_tell_the_quiet_ones() -> None:
    loaded = loaded_of((100, 1, 5e-4), blocks=3)
    records = records_of(loaded.frame)
    found = samples_of(loaded, records)
    assert [len(blocks) for blocks in found] == [3] * len(records)
    assert all(900 < abs(value) < 1_100 for blocks in found for block in blocks for value in block)
    quiet = sum(value > 0 for blocks in found for block in blocks for value in block)
    shares = sum(record["quiet_share"] * sum(map(len, blocks)) for record, blocks in zip(records, found, strict=True))
    assert quiet == round(shares)


def test_too_many_samples_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = loaded_of((100, 1, 5e-4), blocks=3)
    monkeypatch.setattr(samples, "MOST_SAMPLES", 10)
    assert samples_of(loaded, records_of(loaded.frame)) == []


def test_every_row_has_a_handle_of_its_own() -> None:
    frame = loaded_of((100, 1, 5e-4), (1_000, 1, 5e-4)).frame
    records = records_of(frame)
    found = handles([*records, records[0]])
    assert found[0] == "gd,n=100,d=2,b=1,steps=100,numpy_loop,analytic"
    assert found[-1] == f"{found[0]},2"
    assert len(set(found)) == len(found)


def test_a_chart_holds_the_numbers_of_the_frame() -> None:
    frame = loaded_of((100, 1, 5e-4), (1_000, 1, 5e-4)).frame
    records = [record | {"number": number} for number, record in enumerate(records_of(frame))]
    (panel,) = charts_of(records)["time-samples"]
    for series in panel["series"]:
        for x, y, low, high, number in series["marks"]:
            row = records[number]
            assert (x, y, low, high) == (row["samples"], row["time_s"], row["time_low_s"], row["time_high_s"])
            assert series["colour"] == colour_of(row["strategy"])
    bars = [series for series in charts_of(records)["first-result"][0]["series"] if series.get("bars")]
    assert sum(mark[3] - mark[2] for series in bars for mark in series["marks"]) == pytest.approx(
        sum(row["first_result_s"] for row in records[2:] or records), rel=0.1
    )


def test_the_short_document_stays_short() -> None:
    # a workload a place, and a lead that changes along each of many batches
    places = [(n, b, 2e-3 if n < 200 else 5e-4) for b in range(1, 31) for n in (100, 200)]
    text = markdown(report_of(*places, blocks=3), csv="r.csv")
    assert len(text.splitlines()) < 200
    assert "The first 50 of 60 rows: linregbench report FILE --markdown FILE --full has all." in text


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("back", ["#ffffff", "#14171b"])
def test_what_is_drawn_stands_out_from_either_page(back: str) -> None:
    colours = {*COLOURS.values(), *PHASE_COLOURS.values(), *(colour_of(f"plugin {n}") for n in range(99))}
    for colour in colours:
        low, high = sorted((luminance(colour), luminance(back)))
        assert (high + 0.05) / (low + 0.05) >= 3, colour


def test_of_many_runs_the_history_is_first_and_the_newest_stands_for_all() -> None:
    scan = Truth("jax_scan", "analytic", 2e-4)
    runs = [run_of(f"r{n}", scan, blocks=3, header={"run": f"r{n}", "started": f"2026-01-0{9 - n}"}) for n in range(6)]
    report = shown.report(*runs)
    assert report.side_by_side is None, "a column a run would be too wide"
    first, *others = report.top.headlines
    assert first.of == "Over commits and dates"
    assert first.text == "2 cases over 6 runs: too few to look for steps, which takes 8."
    assert {line.of for line in others} == {"Gradient descent, run r0"}, "the newest"
    (machine,) = report.top.machine
    assert machine.startswith("run r0")
    assert "## Over commits and dates" in markdown(report)
    assert shown.report(*runs[:2]).history is None
    elsewhere = [run_of(f"e{n}", scan, blocks=3, header={"run": f"e{n}", "machine": {"cpu": f"{n}"}}) for n in range(3)]
    assert shown.report(*elsewhere).history is None, "no case has three runs"
