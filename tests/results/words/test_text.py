"""Numbers and names in words: no more digits than the interval supports, nothing that a terminal obeys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linregbench.results.words.text import glance, interval_text_of_time, plain, ratio_text, text_of_time

UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@pytest.mark.parametrize(
    ("seconds", "half_width", "text"),
    [
        (61.23e-6, 0.4e-6, "61.2 us"),
        (61.23e-6, 3e-6, "61 us"),
        (61.23e-6, 30e-6, "61 us"),
        (612.3e-6, 120e-6, "610 us"),
        (999.96e-6, None, "1.00 ms"),
        (1.0, 0.0, "1.000 s"),
        (1234.5, 2.0, "1,234 s"),
        (3.2e-10, None, "0.320 ns"),
        (0.0, None, "0 s"),
        (None, None, ""),
    ],
)
def test_times_are_trimmed_to_their_interval(seconds: float | None, half_width: float | None, text: str) -> None:
    assert text_of_time(seconds, half_width) == text


@pytest.mark.parametrize(
    ("ratio", "low", "high", "text"),
    [
        (3.14, 2.9, 3.4, "3.1x (2.9-3.4)"),
        (1.0, 1.0, 1.0, "1x"),
        (1.0023, 0.9981, 1.0066, "1.002x (0.998-1.007)"),
        (0.00146, 0.00143, 0.00148, "680x slower (680-700)"),
        (0.0123, None, None, "81.3x slower"),
        (0.1, 0.08, 0.12, "0.10x (0.08-0.12)"),
        (0.05, 0.02, 0.5, "20x slower (2-50)"),
        (123.4, 118.0, 129.0, "123x (118-129)"),
        (2.5, None, None, "2.50x"),
        (1.0, 1e-30, 1e30, "1.0x (0.0-1e+30)"),
        (None, None, None, ""),
    ],
)
def test_ratios_are_trimmed_to_their_interval(
    ratio: float | None, low: float | None, high: float | None, text: str
) -> None:
    assert ratio_text(ratio, low, high) == text


@given(st.floats(1e-12, 1e6), st.floats(1e-6, 10.0))
def test_a_time_reads_back_within_its_half_width(seconds: float, share: float) -> None:
    number, unit = text_of_time(seconds, share * seconds).split()
    back = float(number.replace(",", "")) * UNITS[unit]
    assert back == pytest.approx(seconds, rel=max(share, 1e-3, 0.051 if share > 0.05 else 0.0))


@given(st.text())
def test_plain_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    assert plain(text).isprintable()


@pytest.mark.parametrize(
    ("ends_s", "text"),
    [
        ((226e-6, 218e-6, 251e-6), "230 us [220-250]"),
        ((4.4e-3, 0.8e-3, 24e-3), "4.4 ms [0.8-24.0]"),
        ((20.04e-6, 19.9e-6, 20.2e-6), "20.0 us [19.9-20.2]"),
        ((0.9998e-3, 0.999e-3, 1.001e-3), "1.000 ms [0.999-1.001]"),
        ((1.0, 1e-6, 3.0), "1.00 s [1.00 us-3.00 s]"),
        ((0.0, 0.0, 1e-3), "0 s [0 s-1.00 ms]"),
    ],
)
def test_a_time_with_its_interval_in_one_unit(ends_s: tuple[float, float, float], text: str) -> None:
    assert interval_text_of_time(*ends_s) == text


@pytest.mark.parametrize(("ratio", "text"), [(1.004, "1.00x"), (1.949, "1.95x"), (1.999, "2.0x"), (28.3, "28x")])
def test_a_ratio_for_a_glance(ratio: float, text: str) -> None:
    assert glance(ratio) == text
