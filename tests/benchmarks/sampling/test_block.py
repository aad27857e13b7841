"""One block with fake workers: who is asked what, in which order, and what becomes of those that end."""

import itertools
import math
import random
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest
from fakes import SENTINEL_S, FakeClock, FakeProcesses, FakeWorker, Manner, make_case, sampled

from linregbench.benchmarks.sampling.block import LEAST_QUIET, SAMPLING_S, Entry, Rules, run_block, sampled_rounds
from linregbench.benchmarks.sampling.pace import Pace
from linregbench.results.stats.quiet import MARGIN

STATUSES = ("skipped", "wrong", "failed", "timeout", "crashed", "out_of_memory", "not_converged")


def measure(
    processes: FakeProcesses, *names: str, seed: int = 0, **rules: Any
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The records by strategy, and what closes the block."""
    records, closing = run_block(
        [Entry(make_case(name)) for name in names],
        Rules(**rules),
        lambda case: processes.start(case, {}),
        Pace(),
        random.Random(seed),
        processes.tell,
    )
    return {record["strategy"]: record for record in records}, closing


def orders(processes: FakeProcesses) -> list[list[str]]:
    """Who was sampled in each round, in order."""
    rounds: list[list[str]] = []
    for name, what in processes.log:
        if name == "tell" and what.startswith("round "):
            rounds.append([])
        elif what == "sample":
            rounds[-1].append(name)
    return rounds


def test_every_case_is_sampled_once_a_round(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock)
    records, closing = measure(processes, "a", "b", "c", rounds=20)
    assert [sorted(names) for names in orders(processes)] == [["a", "b", "c"]] * 20
    for record in records.values():
        assert record["status"] == "ok"
        assert record["rounds"] == list(range(20))
        assert record["samples_s"] == pytest.approx([0.01] * 20)
    assert closing["rounds"] == len(closing["sentinel_s"]) == 20


def test_an_accelerator_has_a_sentinel_of_its_own_around_each_of_its_cases(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock)
    seen: list[str] = []

    def device_sentinel(device: str) -> float | None:
        seen.append(device)
        processes.log.append((device, "watched"))
        return None if device == "rocm" else 1e-4 * len(seen)

    cases = [make_case("numpy_loop"), make_case("jax_scan", device="cuda"), make_case("jax_vmap", device="rocm")]
    _, closing = run_block(
        [Entry(case) for case in cases],
        Rules(rounds=3),
        lambda case: processes.start(case, {}),
        Pace(),
        random.Random(0),
        processes.tell,
        device_sentinel=device_sentinel,
    )
    assert Counter(seen) == {"cuda": 6, "rocm": 6}
    around = [processes.log[i - 1 : i + 2] for i, entry in enumerate(processes.log) if entry == ("jax_scan", "sample")]
    assert around == [[("cuda", "watched"), ("jax_scan", "sample"), ("cuda", "watched")]] * 3
    assert closing["device_sentinels"].keys() == {"cuda"}  # the other one has none
    assert [len(of_round) for of_round in closing["device_sentinels"]["cuda"]] == [2, 2, 2]


def test_a_round_without_the_accelerator_has_no_sample_of_its_sentinel(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock, jax_scan=Manner(call_s=0.4))
    _, closing = run_block(
        [Entry(make_case("jax_scan", device="cuda"))],
        Rules(rounds=4, sampling_s=0.8),
        lambda case: processes.start(case, {}),
        Pace(),
        random.Random(0),
        processes.tell,
        device_sentinel=lambda _: 1e-4,
    )
    assert closing["device_sentinels"] == {"cuda": [[], [1e-4] * 2, [], [1e-4] * 2]}


def test_the_order_is_random_and_the_seeds_own(fake_clock: FakeClock) -> None:
    by_seed = []
    for seed in (0, 0, 1):
        processes = FakeProcesses(fake_clock)
        measure(processes, "a", "b", "c", "d", seed=seed)
        by_seed.append(orders(processes))
    assert by_seed[0] == by_seed[1] != by_seed[2]
    assert len({tuple(names) for names in by_seed[0]}) > 10
    firsts = Counter(names[0] for names in by_seed[0])
    assert set(firsts) == set("abcd")


def test_all_are_prepared_before_the_first_sample_and_ended_after_the_last(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock)
    measure(processes, "a", "b", rounds=2)
    asked = [what for name, what in processes.log if name in ("a", "b")]
    assert asked == ["start", "prepare"] * 2 + ["sample"] * 4 + ["finish"] * 2 + ["end"] * 2


def test_the_order_and_the_sentinel_around_each_sample_are_told(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock)
    processes.looks = ((0.001 * n, 0.002 * n) for n in itertools.count(1))
    records, closing = measure(processes, "a", "b", "c", rounds=3)
    seats = {record["seat"]: name for name, record in records.items()}
    assert [[seats[seat] for seat in order] for order in closing["order"]] == orders(processes)
    assert closing["sentinel_s"][1] == pytest.approx([0.004, 0.008, 0.005, 0.010, 0.006, 0.012])
    assert records["a"]["waits_s"] == [0.0] * 3
    assert records["a"]["switches"] == [0] * 3


def test_workers_are_told_what_is_quiet_once_that_is_known(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock)
    measure(processes, "a", "b", rounds=3)
    told = [worker.told["quiet_s"] for worker in processes.workers]
    assert told == [pytest.approx(SENTINEL_S * (1 + MARGIN))] * 2  # 40 looks of each were enough
    alone = FakeProcesses(fake_clock)
    measure(alone, "a", rounds=3)
    assert alone.workers[0].told["quiet_s"] is None


def test_rounds_go_on_for_cases_that_lack_quiet_samples(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock)
    loud, quiet = (SENTINEL_S, 2 * SENTINEL_S), (SENTINEL_S, SENTINEL_S)
    processes.looks = iter([loud] * 16 + [quiet] * 1000)
    records, closing = measure(processes, "a", "b", rounds=8)
    assert closing["rounds"] == 8 + LEAST_QUIET
    assert [len(record["rounds"]) for record in records.values()] == [8 + LEAST_QUIET] * 2


def test_rounds_go_on_no_longer_than_three_times_as_many_nor_past_the_time(fake_clock: FakeClock) -> None:
    loud = itertools.repeat((SENTINEL_S, 2 * SENTINEL_S))
    for until_s, rounds in ((math.inf, 24), (0.0, 8)):
        processes = FakeProcesses(fake_clock)
        processes.looks = loud
        assert measure(processes, "a", "b", rounds=8, until_s=until_s)[1]["rounds"] == rounds


def test_only_what_lacks_quiet_samples_is_sampled_again(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock, slow=Manner(call_s=1.0), fast=Manner(call_s=0.001))
    entries = [Entry(make_case("base"), "baseline"), Entry(make_case("base"), "twin")]
    entries += [Entry(make_case("slow")), Entry(make_case("fast"))]
    ask = FakeWorker.ask

    def waits(worker: FakeWorker, question: str, timeout_s: float, **details: Any) -> dict[str, Any]:
        answer = ask(worker, question, timeout_s, **details)
        late = question == "sample" and worker.name == "fast" and worker.samples <= 4
        return answer | {"wait_s": 0.002} if late else answer

    with mock.patch.object(FakeWorker, "ask", waits):
        _, closing = run_block(
            entries, Rules(rounds=8), lambda case: processes.start(case, {}), Pace(), random.Random(0), processes.tell
        )
    assert [set(order) for order in closing["order"][8:]] == [{3}]


@pytest.mark.parametrize(("throttled", "more"), [(6, 3), (1_000, 16), (0, 0)])
def test_throttled_rounds_of_a_device_are_taken_again_for_its_cases_alone(
    fake_clock: FakeClock, throttled: int, more: int
) -> None:
    """In 6 of 8 rounds held down: 3 more until 5 are quiet; held down for good: as many as there may be, and kept."""
    processes, paces = FakeProcesses(fake_clock), defaultdict[str, Pace](Pace)
    paces["cuda"].add([1e-4] * 100)  # of the blocks before
    looks = itertools.count()
    entries = [Entry(make_case("numpy_loop")), Entry(make_case("jax_scan", device="cuda"))]
    records, closing = run_block(
        entries,
        Rules(rounds=8),
        lambda case: processes.start(case, {}),
        Pace(),
        random.Random(0),
        processes.tell,
        lambda _: 2e-4 if next(looks) < 2 * throttled else 1e-4,
        paces.__getitem__,
    )
    assert closing["rounds"] == 8 + more
    assert [len(record["samples_s"]) for record in records] == [8, 8 + more]
    assert all(order == [1] for order in closing["order"][8:])


def test_a_slow_case_sits_out_rounds_evenly(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock, slow=Manner(call_s=0.4))
    records, closing = measure(processes, "fast", "slow", rounds=20)
    assert records["slow"]["rounds"] == [2, 6, 10, 14, 18]
    assert len(records["fast"]["rounds"]) == 20
    assert [len(closing["sentinel_s"][index]) for index in (1, 2, 3)] == [2, 4, 2]


@pytest.mark.parametrize("sample_s", [1e-6, 0.01, 0.1, 0.15, 0.35, 0.9, 1.5, 2.0, 2.5, 60.0])
@pytest.mark.parametrize("rounds", [1, 7, 20])
def test_sampled_rounds_fit_the_time_and_are_spread(sample_s: float, rounds: int) -> None:
    chosen = list(sampled_rounds(sample_s, Rules(rounds=rounds)))
    assert chosen == sorted(set(chosen))
    assert 0 <= chosen[0] <= chosen[-1] < rounds
    assert len(chosen) == 1 or len(chosen) * sample_s <= SAMPLING_S + 1e-9
    gaps = {later - earlier for earlier, later in pairwise(chosen)}
    assert not gaps or max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize(
    ("sample_s", "count"),
    [(0.09, 20), (0.11, 3), (1.9, 3), (2.1, 1)],
    ids=["short", "long", "still 3", "over the sampling time"],
)
def test_long_calls_are_sampled_as_often_as_the_preset_says(sample_s: float, count: int) -> None:
    assert len(list(sampled_rounds(sample_s, Rules(long_call_s=0.1, long_samples=3)))) == count


@pytest.mark.parametrize("question", ["start", "prepare", "sample", "finish"])
@pytest.mark.parametrize("status", STATUSES)
def test_a_worker_that_ends_gives_its_case_a_status(fake_clock: FakeClock, question: str, status: str) -> None:
    processes = FakeProcesses(fake_clock, bad=Manner(ends={question: (status, "because")}))
    records, _ = measure(processes, "good", "bad", rounds=3)
    assert (records["bad"]["status"], records["bad"]["reason"]) == (status, "because")
    assert records["good"]["status"] == "ok"
    assert len(records["good"]["samples_s"]) == 3
    assert sum(name == "bad" and what == "sample" for name, what in processes.log) == (
        {"sample": 1, "finish": 3}.get(question, 0)
    )
    assert all(worker.ended for worker in processes.workers)


def test_a_verdict_in_the_last_answer_is_the_status(fake_clock: FakeClock) -> None:
    verdict = {"status": "wrong", "reason": "relative error 0.01", "error": 0.01, "findings": ["retrace"]}
    processes = FakeProcesses(fake_clock, bad=Manner(finish=verdict))
    records, _ = measure(processes, "bad", rounds=2)
    assert {name: records["bad"][name] for name in verdict} == verdict


def test_the_time_of_a_case_is_used_up_over_all_its_answers(fake_clock: FakeClock) -> None:
    manner = Manner(call_s=0.9, takes_s={"prepare": 3.0})
    processes = FakeProcesses(fake_clock, slow=manner)
    records, _ = measure(processes, "slow", "fast", timeout_s=4.5, rounds=20)
    (worker,) = (w for w in processes.workers if w.name == "slow")
    assert worker.limits_s == pytest.approx([4.5, 1.5, 0.6], abs=1e-3)
    assert records["slow"]["status"] == "timeout"
    assert len(records["slow"]["samples_s"]) == 1
    assert records["fast"]["status"] == "ok"


def test_placing_and_the_check_are_not_on_the_time_of_the_solver(fake_clock: FakeClock) -> None:
    """It has 4 s, and takes 0.4 s of the 20 s of the first answer, and 0.9 s of the last, which takes 25 s."""
    takes = Manner(call_s=0.9, takes_s={"prepare": 4.0, "finish": 25.0}, prepare={"place": 3.6, "first call": 0.4})
    processes = FakeProcesses(fake_clock, slow=takes)
    records, _ = measure(processes, "slow", timeout_s=4.001, rounds=4)
    assert records["slow"]["status"] == "ok"
    assert records["slow"]["overhead_s"]["place"] == 3.6
    (worker,) = processes.workers
    assert worker.limits_s[1:-1] == pytest.approx([3.601, 2.701], abs=1e-3)


def test_a_solver_that_hangs_in_the_check_is_caught(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock, slow=Manner(call_s=0.9, takes_s={"finish": 1e9}))
    records, _ = measure(processes, "slow", "fast")
    assert (records["slow"]["status"], records["fast"]["status"]) == ("timeout", "ok")
    assert 12 * 0.9 < fake_clock.now_s < 100


def test_large_data_are_given_the_time_that_they_take(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock, a=Manner(takes_s={"prepare": 15.0}, prepare={"place": 14.0}))
    case = make_case("a", samples=10**7, features=24)
    (record,), _ = run_block(
        [Entry(case)], Rules(timeout_s=4.0), lambda case: processes.start(case, {}), Pace(), random.Random(0), print
    )
    assert record["status"] == "ok"
    assert processes.workers[0].limits_s[0] == pytest.approx(24.0)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("at", [1, 5])
def test_all_workers_are_ended_whatever_happens(
    fake_clock: FakeClock, stop: type[BaseException], at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = FakeProcesses(fake_clock)
    calls = 0

    def look() -> tuple[float, float]:
        nonlocal calls
        calls += 1
        if calls == at:
            raise stop
        return 1e-3, 1e-3

    monkeypatch.setattr(processes, "look", look)
    with pytest.raises(stop):
        measure(processes, "a", "b", "c")
    assert len(processes.workers) == 3
    assert all(worker.ended for worker in processes.workers)


def test_the_record_accounts_for_what_was_spent(fake_clock: FakeClock) -> None:
    manner = Manner(takes_s={"prepare": 1.0, "finish": 0.5})
    processes = FakeProcesses(fake_clock, a=manner)
    records, closing = measure(processes, "a", rounds=4)
    spent = records["a"]["overhead_s"]
    assert spent["compile"] == 0.5
    assert spent["check"] == 0.25
    assert spent["sample"] == pytest.approx(0.04)
    assert closing["wall_s"] == pytest.approx(1.0 + 0.5 + 4 * 0.01)
    assert records["a"]["first_call_s"] == 0.02
    assert "trace_s" not in records["a"]  # what a worker did not tell is unknown, not nothing


def test_no_sample_is_asked_of_nobody(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock, a=Manner(ends={"prepare": ("failed", "because")}))
    _, closing = measure(processes, "a", rounds=2)
    assert sampled(processes.log) == []
    assert closing["sentinel_s"] == closing["order"] == [[], []]


def test_a_case_that_works_while_it_is_asked_nothing_is_named_and_put_to_rest(fake_clock: FakeClock) -> None:
    """The first that is prepared is seen while the others are, and from then on disturbs nobody."""
    processes = FakeProcesses(fake_clock, spins=Manner(idle_share=0.9), fidgets=Manner(idle_share=0.01))
    records, _ = measure(processes, "spins", "fidgets", "calm", rounds=20)
    assert [name for name, what in processes.log if what == "rest"] == ["spins"]
    named = {name: record["findings"] for name, record in records.items()}
    assert named == {"spins": ["works_while_idle"], "fidgets": [], "calm": []}
    assert {record["status"] for record in records.values()} == {"ok"}


def test_samples_beside_one_at_work_are_named_and_do_not_count_as_quiet(fake_clock: FakeClock) -> None:
    processes = FakeProcesses(fake_clock, spins=Manner(idle_share=0.9, takes_s={"prepare": 0.0}))
    with mock.patch.object(FakeWorker, "rest"):  # one that cannot be stopped
        records, closing = measure(processes, "calm", "spins", rounds=20)
    assert records["calm"]["beside"] == records["calm"]["rounds"]
    assert len(records["calm"]["rounds"]) == 60, "it is sampled again for quiet moments, within the limits"
    assert records["spins"]["beside"] is None
    assert closing["rounds"] == 60


def test_processes_that_a_case_left_behind_are_counted(fake_clock: FakeClock) -> None:
    raises = Manner(left=3, ends={"sample": ("failed", "no such luck")})
    records, _ = measure(FakeProcesses(fake_clock, fine=Manner(left=1), raises=raises), "fine", "raises", "calm")
    assert {name: record["processes_left"] for name, record in records.items()} == {
        "fine": 1,
        "raises": 3,
        "calm": None,
    }
    assert records["fine"]["findings"] == ["processes_left"]
    assert records["raises"]["reason"] == "no such luck; it left 3 processes behind"
