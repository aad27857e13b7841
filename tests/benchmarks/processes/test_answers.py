"""What a worker says is believed where it could be so, and nowhere else."""

from typing import Any

import pytest

from linregbench.benchmarks.processes import answers

SAMPLE = {"call_s": 1e-4, "cpu_over_wall": 1.0, "wait_s": None, "switches": 0, "around_s": (1e-4, 2e-4)}
PREPARED = {
    "ready": True,
    "phases": {"first_call_s": 1.0},
    "loops": 3,
    "call_s": 1e-3,
    "sentinel_s": [],
    "spent": {"first call": 1.0},
}


@pytest.mark.parametrize(("question", "answer"), [("sample", SAMPLE), ("prepare", PREPARED)])
def test_an_honest_answer_is_handed_on_as_it_is(question: str, answer: dict[str, Any]) -> None:
    assert answers.checked(question, dict(answer)) == answer
    ending = {"status": "failed", "reason": "no such luck"}
    assert answers.checked(question, dict(ending)) == ending
    assert answers.is_ending(ending)


@pytest.mark.parametrize(
    ("question", "lie"),
    [
        ("sample", {"call_s": 0.0}),
        ("sample", {"call_s": -1.0}),
        ("sample", {"call_s": 1e300}),
        ("sample", {"call_s": "fast"}),
        ("sample", {"call_s": True}),
        ("sample", {"call_s": None}),
        ("sample", {"call_s": [1e-4]}),
        ("sample", {"switches": -1}),
        ("sample", {"switches": 10**30}),
        ("sample", {"around_s": [1e-4]}),
        ("sample", {"around_s": [1e-4, float("nan")]}),
        ("sample", {"role": "baseline"}),
        ("prepare", {"loops": 0}),
        ("prepare", {"loops": 1.5}),
        ("prepare", {"ready": False}),
        ("prepare", {"phases": {"role": 1.0}}),
        ("prepare", {"spent": {"a\x1b[2J": 1.0}}),
        ("prepare", {"sentinel_s": [0.0]}),
    ],
    ids=str,
)
def test_an_answer_of_another_type_or_range_is_none(question: str, lie: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Expected|Invalid|unknown field"):
        answers.checked(question, {"sample": SAMPLE, "prepare": PREPARED}[question] | lie)


@pytest.mark.parametrize("answer", [None, [], 1, "ok", {}, {"status": "splendid", "reason": ""}, {"status": "failed"}])
def test_what_is_no_answer_at_all(answer: Any) -> None:
    with pytest.raises(ValueError, match=r"no object|missing required field|Invalid enum"):
        answers.checked("sample", answer)


def test_half_a_character_is_replaced() -> None:
    assert answers.checked("sample", {"status": "failed", "reason": "\ud800"})["reason"] == "?"


def test_calls_take_no_longer_than_the_wait_for_their_answer() -> None:
    answers.check_time(1.0, 1.0)
    with pytest.raises(ValueError, match=r"calls of 1\.1 s, and it came after 1 s"):
        answers.check_time(1.1, 1.0)
