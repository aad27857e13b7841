"""What a notebook shows of a frame, and that it is a DataFrame all the same."""

import pickle

import pandas as pd
import pytest
from made import run_of
from synthetic import Truth

from linregbench.results.formats.measured import MeasuredFrame, in_words
from linregbench.results.frame import from_runs

SCAN = Truth("jax_scan", "analytic", 2.5e-4)


@pytest.fixture(scope="module")
def frame() -> MeasuredFrame:
    return MeasuredFrame(from_runs(run_of("one", SCAN, Truth("jax_eager", "analytic", 1e-1))))


def test_it_shows_time_ratio_verdict_and_interval_in_words(frame: MeasuredFrame) -> None:
    head, *lines = repr(frame).splitlines()
    assert head.split() == ["problem", "case", "time", "+-", "vs", "baseline", "verdict"]
    (scan,) = (line for line in lines if "jax_scan" in line)
    for word in ("gd n=100", "jax_scan analytic", " us ", "+-", "x (", "faster, fastest"):
        assert word in scan
    (eager,) = (line for line in lines if "jax_eager" in line)
    assert "x slower (" in eager
    assert f"3 rows x {len(frame.columns)} columns" in repr(frame)


def test_a_notebook_is_shown_the_same(frame: MeasuredFrame) -> None:
    shown = frame._repr_html_()
    for word in ("gd n=100", "jax_scan analytic", "faster, fastest", "x slower (", "3 rows x"):
        assert word in shown


def test_guesses_have_no_interval() -> None:
    words = in_words(from_runs(run_of("one", SCAN, blocks=2)))
    assert set(words["+-"]) == {""}
    assert words["vs baseline"].str.startswith("~").tolist() == [False, True]
    assert words["verdict"].tolist() == ["baseline", "likely faster"]


def test_it_is_a_frame(frame: MeasuredFrame) -> None:
    plain = from_runs(run_of("one", SCAN, Truth("jax_eager", "analytic", 1e-1)))
    pd.testing.assert_frame_equal(pd.DataFrame(frame), plain)
    assert frame.dtypes.equals(plain.dtypes)
    assert frame.to_csv() == plain.to_csv()
    for cut in (frame.head(1), frame[frame["time_s"] > 0], frame[["strategy", "time_s"]], frame.sort_values("time_s")):
        assert type(cut) is pd.DataFrame
    assert repr(frame.head(1)) == repr(plain.head(1))
    of_strategies = frame.groupby("strategy")["time_s"].median()
    assert of_strategies.equals(plain.groupby("strategy")["time_s"].median())
    assert isinstance(pickle.loads(pickle.dumps(frame)), MeasuredFrame)


def test_without_its_columns_or_rows_it_is_shown_as_any_other(frame: MeasuredFrame) -> None:
    lacking = MeasuredFrame(frame.drop(columns="ratio"))
    assert repr(lacking) == repr(pd.DataFrame(lacking))
    assert "<table" in lacking._repr_html_()
    assert repr(MeasuredFrame(frame.iloc[:0])) == repr(frame.iloc[:0])


def test_names_are_text() -> None:
    evil = MeasuredFrame(from_runs(run_of("one", Truth("<b>", "x", 1e-3))))
    assert "<b>" not in evil._repr_html_()


def test_long_ones_are_cut_as_pandas_is_told(frame: MeasuredFrame) -> None:
    long = MeasuredFrame(pd.concat([frame] * 40, ignore_index=True))
    assert len(repr(long).splitlines()) < 20
    with pd.option_context("display.max_rows", None):
        assert len(repr(long).splitlines()) > 120
