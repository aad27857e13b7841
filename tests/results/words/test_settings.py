"""A setting as text, and at the end of a name."""

import pytest

from linregbench.results.words.families import apart, either, family_of, members
from linregbench.results.words.names import competitor, named
from linregbench.results.words.settings import takes_away, under

CASE = {"strategy": "jax_scan", "variant": "autodiff", "device": "cpu", "precision": "highest"}


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("", ""),
        (None, ""),
        ("X=1", " with X=1"),
        ("X=", " without X"),
        ("A=1 B= C=2 D=", " with A=1 C=2 without B D"),
        ("'XLA_FLAGS=--a --b'", " with XLA_FLAGS='--a --b'"),
        ("X='a\x1b'", " with X='a\\x1b'"),
        ("'", " with '"),
    ],
)
def test_a_setting_at_the_end_of_a_name(setting: str | None, text: str) -> None:
    assert under(setting) == text
    assert takes_away(setting) == (" with " not in text)


def test_a_case_is_named_with_its_setting() -> None:
    case = CASE | {"device": "cuda", "precision": "default", "setting": "X=1"}
    assert competitor(case) == "jax_scan autodiff at default on cuda with X=1"
    assert [row["name"] for row in named([CASE, CASE | {"setting": "X=1"}])] == [
        "jax_scan autodiff",
        "jax_scan autodiff with X=1",
    ]


def test_a_family_under_a_setting_is_another_answer() -> None:
    with_, without = CASE | {"setting": "X=1"}, CASE | {"setting": "X="}
    assert family_of(with_) == "jit with X=1"
    assert apart([with_, without, with_ | {"variant": "columns"}]) == [with_, without]
    assert members([with_, with_ | {"strategy": "jax_vmap"}]) == "scan or vmap with X=1"
    assert either([with_, with_ | {"variant": "columns"}]) == "jax_scan (autodiff or columns) with X=1"
