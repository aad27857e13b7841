"""Below three blocks a number is a guess: two digits behind a ~, no interval, and a verdict that is likely."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linregbench.results.models.rays import Answer
from linregbench.results.models.words import interval, interval_of_exponent, interval_of_time
from linregbench.results.words.guesses import (
    ENOUGH_BLOCKS,
    guess_mark,
    shown_ratio,
    shown_time,
    too_few,
    too_few_text,
    verdict_text,
)
from linregbench.results.words.text import bound_text, ratio_text, share_text, text_of_time


@pytest.mark.parametrize(("blocks", "few"), [(1, True), (2, True), (3, False), (30, False), (None, False)])
def test_three_blocks_are_enough_and_other_programs_know_none(blocks: int | None, few: bool) -> None:
    assert too_few(blocks) is few
    assert guess_mark(blocks) == "~" * few


@pytest.mark.parametrize(
    ("ratio", "low", "high", "text"),
    [
        (12_100.0, 0.02, 7e9, "~12,000x"),
        (3.54, 3.5, 3.6, "~3.5x"),
        (1.0, 1.0, 1.0, "1x"),
        (0.00146, 1e-9, 1e3, "~680x slower"),
        (0.565, None, None, "~0.56x"),
        (None, None, None, ""),
    ],
)
def test_a_ratio_of_two_blocks(ratio: float | None, low: float | None, high: float | None, text: str) -> None:
    assert shown_ratio(ratio, low, high, blocks=2) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(61.23e-6, "~61 us"), (1.234, "~1.2 s"), (None, ""), (0.0996, "~100 ms")]
)
def test_a_time_of_two_blocks(seconds: float | None, text: str) -> None:
    assert shown_time(seconds, 1e3, blocks=2) == text


@given(st.floats(1e-6, 1e6), st.floats(1.01, 100.0), st.integers(ENOUGH_BLOCKS, 99) | st.none())
def test_enough_blocks_change_no_word(value: float, factor: float, blocks: int | None) -> None:
    ends = value / factor, value * factor
    assert shown_ratio(value, *ends, blocks=blocks) == ratio_text(value, *ends)
    assert shown_time(value, value / factor, blocks=blocks) == text_of_time(value, value / factor)


@pytest.mark.parametrize("number", ["faster", "slower", "same"])
def test_a_verdict_of_two_blocks_is_likely(number: str) -> None:
    assert verdict_text(number, 2) == f"likely {number}"
    assert verdict_text(number, 3) == verdict_text(number, None) == number
    assert verdict_text("inconclusive", 1) == "inconclusive"
    assert verdict_text("baseline", 1) == "baseline"
    assert verdict_text(None, 1) == ""


@pytest.mark.parametrize(
    ("numbers", "text"),
    [({1}, "1 block is too few"), ({2}, "2 blocks are too few"), ({1, 2}, "1 and 2 blocks are too few")],
)
def test_it_is_said_how_many_there_are(numbers: set[int], text: str) -> None:
    assert too_few_text(numbers) == text


@pytest.mark.parametrize(("blocks", "of"), [(1, "[1 block]"), (2, "[2 blocks]")])
def test_an_answer_of_few_blocks_has_them_in_place_of_an_interval(blocks: int, of: str) -> None:
    assert interval(Answer(2_634.0, 1.0, 9e9, blocks=blocks)) == f"~2,600 {of}"
    assert interval_of_time(Answer(6.12e-5, blocks=blocks)) == f"~61 us {of}"
    assert interval_of_exponent(Answer(0.52, -3.0, 4.0, blocks=blocks)) == f"~0.5 {of}"
    assert interval(Answer(4_200.0, 3_900.0, 4_600.0, blocks=3)) == "4,200 [3,900-4,600]"


@pytest.mark.parametrize(("share", "wide"), [(0.998, "+-100%"), (1.01, "over 100%"), (66.225, "over 100%")])
def test_a_bound_beyond_the_number_itself_is_no_number(share: float, wide: str) -> None:
    assert share_text(share) == wide
    assert bound_text(share) == ("99.8%" if share < 1 else "over 100%")
