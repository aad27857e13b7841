"""The first look at a problem, while it is still being measured."""

from fakes import MEASURED, make_measurement

from linregbench.benchmarks.sampling.standings import standings


def test_the_fastest_first_then_what_has_no_time() -> None:
    stand = standings("gd n=100", MEASURED)
    assert (stand.title, stand.blocks) == ("gd n=100", 2)
    assert [case.texts for case in stand.cases] == [
        ("fast analytic", "~100 us", "~4.0x"),
        ("numpy_loop analytic", "~400 us", "~1.0x"),
        ("slow analytic", "~800 us", "~0.50x"),
        ("none analytic", "wrong", ""),
    ]


def test_what_tells_cases_apart_is_named() -> None:
    both = (
        make_measurement("a", 1e-4),
        make_measurement("a", 2e-4, device="cuda"),
        make_measurement("a", 3e-4, environment="v1"),
        make_measurement("a", 4e-4, setting="X=1"),
    )
    names = [case.name for case in standings("", both).cases]
    assert names == [
        "a analytic here cpu",
        "a analytic here cuda",
        "a analytic v1 cpu",
        "a analytic here cpu with X=1",
    ]


def test_a_case_that_failed_later_has_no_time() -> None:
    later = (*MEASURED, make_measurement("fast", status="timeout", block=2))
    assert [case.texts for case in standings("", later).cases][-1] == ("none analytic", "wrong", "")
    assert ("fast analytic", "timeout", "") in [case.texts for case in standings("", later).cases]


def test_nothing_make_measurement() -> None:
    assert standings("", ()).cases == ()
    only = standings("", (make_measurement("a", 1e-4),)).cases  # no baseline yet
    assert only[0].texts == ("a analytic", "~100 us", "")
