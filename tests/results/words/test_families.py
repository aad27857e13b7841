"""Families: which strategies are one answer, and what that answer is called."""

from typing import Any

import pytest

from linregbench.results.words.families import either, family_of, members


def case(strategy: str, variant: str = "autodiff", device: str = "cpu", precision: str = "highest") -> dict[str, Any]:
    return {"strategy": strategy, "variant": variant, "device": device, "precision": precision}


SCAN, VMAP, LOOP = case("jax_scan"), case("jax_vmap"), case("numpy_loop", "analytic")


@pytest.mark.parametrize(
    ("record", "family"),
    [
        (SCAN, "jit"),
        (case("jax_jit_step"), "jit"),
        (case("numpy_stacked"), "NumPy"),
        (case("jax_eager"), "jax_eager"),
        (case("jax_mine"), "jax_mine"),
        (case("jax_vmap", device="cuda:1"), "jit on cuda:1"),
        (case("a\x1b"), "a\\x1b"),
    ],
)
def test_a_strategy_that_is_not_listed_is_a_family_of_its_own(record: dict[str, Any], family: str) -> None:
    assert family_of(record) == family


@pytest.mark.parametrize(
    ("records", "text"),
    [
        ([VMAP, SCAN, case("jax_scan", "columns")], "scan or vmap"),
        ([SCAN, case("jax_scan", "columns")], "scan"),
        ([case("mine_a"), LOOP], "loop or mine_a"),
        ([case("jax_vmap", device="cuda"), case("jax_scan", device="cuda")], "scan or vmap on cuda"),
        ([case("jax_vmap", device="cuda"), LOOP], "loop or vmap on cuda"),
    ],
)
def test_members_stand_in_one_order_whoever_is_first(records: list[dict[str, Any]], text: str) -> None:
    assert members(records) == text


@pytest.mark.parametrize(
    ("records", "text"),
    [
        ([SCAN], "jax_scan autodiff"),
        ([SCAN, SCAN], "jax_scan autodiff"),
        ([SCAN, case("jax_scan", "columns")], "jax_scan (autodiff or columns)"),
        ([SCAN, case("jax_scan", precision="default")], "jax_scan (autodiff or autodiff at default)"),
        ([case("jax_scan", "columns"), VMAP, SCAN], "jit (scan or vmap)"),
        ([case("jax_vmap", device="cuda"), case("jax_scan", device="cuda")], "jit (scan or vmap) on cuda"),
        ([case("numpy_stacked"), LOOP], "NumPy (loop or stacked)"),
    ],
)
def test_cases_of_one_family_are_one_answer(records: list[dict[str, Any]], text: str) -> None:
    assert either(records) == text
