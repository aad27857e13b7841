"""Leads: sure where one family is left, whichever of its cases is the fastest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ladders import row

from linregbench.results.models.leads import lead_of, lead_text
from linregbench.results.words.families import family_of

NAMES = ("numpy_loop", "numpy_stacked", "jax_eager", "jax_scan", "jax_vmap", "mine")


def raced(strategy: str, verdict: str = "slower", ratio: float = 0.5, **known: Any) -> dict[str, Any]:
    """A row of a contest: the winner's time over its own, exact."""
    ends = {"winner_ratio": ratio, "winner_ratio_low": 0.9 * ratio, "winner_ratio_high": 1.1 * ratio}
    return row(strategy=strategy, winner_verdict=verdict, time_s=1e-3 / ratio, **ends, **known)


WINNER = raced("jax_scan", "winner", 1.0)


@pytest.mark.parametrize(
    ("others", "families", "rival"),
    [
        (
            [raced("jax_vmap", "same", 0.99), raced("numpy_loop", ratio=0.25), raced("jax_eager", ratio=0.1)],
            ("jit",),
            0.25,
        ),
        ([raced("jax_vmap", ratio=0.9), raced("numpy_loop", ratio=0.25)], ("jit",), 0.25),
        ([raced("jax_vmap", "inconclusive", 0.9), raced("mine", ratio=0.8)], ("jit",), 0.8),
        ([raced("jax_vmap", "inconclusive", 0.9), raced("mine", "inconclusive", 0.8)], ("jit", "mine"), None),
        ([raced("numpy_loop", "same", 0.99), raced("jax_eager", ratio=0.25)], ("jit", "NumPy"), None),
        # nothing of another family: then the strategies are the question
        ([raced("jax_scan", "same", 0.99, variant="columns"), raced("jax_vmap", ratio=0.8)], ("jit",), 0.8),
        ([raced("jax_scan", ratio=0.9, variant="columns")], ("jit",), None),
        ([raced("jax_scan", "inconclusive", 0.9, device="cuda")], ("jit", "jit on cuda"), None),
    ],
)
def test_the_rival_is_the_best_outside_the_family_that_surely_leads(
    others: list[dict[str, Any]], families: tuple[str, ...], rival: float | None
) -> None:
    lead = lead_of([*others, WINNER])
    assert lead.families == families
    assert (lead.rival and lead.rival["winner_ratio"]) == rival


@given(
    st.lists(
        st.builds(
            raced,
            st.sampled_from(NAMES),
            st.sampled_from(["slower", "same", "inconclusive"]),
            st.floats(0.01, 1.2),
        ),
        max_size=8,
    )
)
def test_nobody_is_lost_and_a_sure_lead_leaves_nothing_of_another_family_in_doubt(others: list[dict[str, Any]]) -> None:
    lead = lead_of([*others, WINNER])
    assert sorted(map(id, (*lead.level, *lead.behind))) == sorted(map(id, [*others, WINNER]))
    assert lead.level[0] is WINNER
    doubted = [other for other in others if other["winner_verdict"] != "slower"]
    assert lead.sure == all(family_of(other) == "jit" for other in doubted)
    if lead.rival is not None:
        assert lead.sure
        assert lead.rival["winner_verdict"] == "slower"
        outside = [other["winner_ratio"] for other in others if family_of(other) != "jit"]
        assert not outside or lead.rival["winner_ratio"] == max(outside)


def test_a_lead_is_told_with_its_interval() -> None:
    assert lead_text(raced("numpy_loop", ratio=0.25)) == "4.0x (3.6-4.4)"
    assert lead_text(raced("numpy_loop", ratio=0.25), ", ") == "4.0x, 3.6-4.4"
    assert lead_text(row(time_s=1.0)) == "never sampled beside it"
