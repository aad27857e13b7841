"""The first screen of a report: who wins where, by how much and how sure; what to do with it; on which machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ..compare.history import History
from ..fields import COLD
from ..formats.load import Loaded
from ..formats.unjudged import judged_here
from ..models.leads import Lead, by_shortcut, lead_of
from ..models.rays import shortened, through_data
from ..runfile.read import Run
from ..tables.answers import Answers
from ..tables.history import conclusion_of, names_of
from ..words.families import family_of, members
from ..words.guesses import too_few, too_few_text
from ..words.names import AXES, AXIS_LETTER, Key, Record, competitor, grouped, method_name
from ..words.text import counted, glance, listed, plain, trimmed

_MOSTLY = 0.8
"""An advice for everything was measured in so many of the workloads that the most measured case has."""

MOST_BESIDE = 5
"""Runs, up to which each has its own sentence, and every case a column a run."""

_FAR = 3.0
"""So many times as long as the fastest is nothing to advise."""


@dataclass(frozen=True)
class Headline:
    """An answer in one sentence, and what it is of: `Gradient descent`."""

    of: str
    text: str


@dataclass(frozen=True)
class Top:
    """What a person reads in five seconds, and what follows from it."""

    headlines: Sequence[Headline]
    advice: Sequence[Headline]
    machine: Sequence[str]  # a line a run: what it was taken on, and how quiet it was


def top_of(loaded: Loaded, answers: Answers, history: History | None = None) -> Top:
    """The top of a report; a file of another program has no verdicts, and so no headline.

    Of more runs than MOST_BESIDE the newest stands for all, behind what their history says.
    """
    judged = list(filter(judged_here, answers.rows))
    several = len({row["run"] for row in judged}) > 1
    runs = list(loaded.runs)
    headlines = []
    if history is not None and len(history.origins) > MOST_BESIDE:
        headlines.append(Headline("Over commits and dates", f"{conclusion_of(history, names_of(history))}."))
        newest = list(history.origins)[-1]
        judged, runs = [row for row in judged if row["run"] == newest], [r for r in runs if r.header.run == newest]
    for ((_, run), (_, method), (_, cache)), rows in grouped(judged, ("run", "method", "cache")).items():
        of = method_name(method).capitalize() + (", cold caches" if cache == COLD else "")
        of += f", run {plain(run)}" if several else ""
        headlines.append(Headline(of, _sentence(list(map(lead_of, grouped(rows).values())))))
        if shortened(rows):
            leads = list(map(lead_of, grouped(through_data(rows)).values()))
            headlines.append(Headline(f"{of} with every step through the data", _sentence(leads)))
    enough = [row for row in judged if not too_few(row["blocks"])]
    return Top(headlines, list(_advice(loaded, answers, enough)), list(_machines(loaded, runs)))


def _sentence(leads: Sequence[Lead]) -> str:
    """`jit (scan or vmap) is fastest in 25 of 26 workloads, typically 2.1x (1.1x to 7.9x) as fast as ...`."""
    few = [lead for lead in leads if any(too_few(row["blocks"]) for row in (*lead.level, *lead.behind))]
    known = [lead for lead in leads if lead not in few]
    wins: dict[str, list[Lead]] = {}
    for lead in known:
        if lead.sure:
            wins.setdefault(lead.families[0], []).append(lead)
    ordered = sorted(wins.items(), key=lambda win: -len(win[1]))
    where = _regions(wins)
    parts = []
    for family, won in ordered:
        names = members([row for lead in won for row in lead.level])
        name = family if names == family else f"{family} ({names})"
        within = where.get(family) or _share(len(won), len(leads))
        parts.append(f"{name} is fastest {within}{by_shortcut(won)}{_lead(family, won)}")
    open_ones = [lead for lead in known if not lead.sure]
    for tied, words in ((True, "a tie between families"), (False, "too close to call")):
        number = sum(lead.tied is tied for lead in open_ones)
        parts += [f"{words} in {number:,}" if parts else f"{words} {_share(number, len(leads))}"] if number else []
    likely = Counter(lead.families[0] for lead in few)
    parts += [f"likely {family} {_share(number, len(leads))}" for family, number in likely.most_common()]
    numbers = {row["blocks"] for lead in few for row in (*lead.level, *lead.behind) if too_few(row["blocks"])}
    return f"{'; '.join(parts)}{f' ({too_few_text(numbers)} to be sure)' if numbers else ''}."


def _share(number: int, of: int) -> str:
    """`in 25 of 26 workloads`, `in all 23 workloads`, `in the only workload`."""
    if of == 1:
        return "in the only workload"
    return f"in all {of:,} workloads" if number == of else f"in {number:,} of {of:,} workloads"


def _lead(family: str, won: Sequence[Lead]) -> str:
    """By how much: the middle of its leads over the best outside it, and the smallest and largest of them."""
    rivals = [lead.rival for lead in won]
    ahead = sorted(
        1 / row["winner_ratio"] for row in rivals if row and row["winner_ratio"] and family_of(row) != family
    )
    if not ahead:
        return ""
    least, most = glance(ahead[0]), glance(ahead[-1])
    if least == most:
        return f", {least} as fast as the best outside it"
    return f", typically {glance(median(ahead))} ({least} to {most}) as fast as the best outside it"


def _regions(wins: Mapping[str, Sequence[Lead]]) -> dict[str, str]:
    """Where two families lead, each on its side of one size: `up to n = 1,000`, `from n = 10,000 on`; else nothing."""
    if len(wins) != 2:
        return {}
    for axis in AXES:
        sizes = {family: [lead.level[0][axis] or 0 for lead in won] for family, won in wins.items()}
        low, high = sorted(sizes, key=lambda family: max(sizes[family]))
        if max(sizes[low]) < min(sizes[high]):
            letter = AXIS_LETTER[axis]
            return {
                low: f"up to {letter} = {max(sizes[low]):,} ({counted(len(sizes[low]), 'workload')})",
                high: f"from {letter} = {min(sizes[high]):,} on ({counted(len(sizes[high]), 'workload')})",
            }
    return {}


def _advice(loaded: Loaded, answers: Answers, judged: Sequence[Record]) -> Iterator[Headline]:
    yield from _for_all(judged)
    if text := _worth(answers):
        yield Headline("The compile", text)
    if loaded.runs:
        yield Headline(
            "For a size of your own",
            f"linregbench advise {plain(loaded.runs[0].name)} --samples N --features D --batch B",
        )


def _for_all(judged: Sequence[Record]) -> Iterator[Headline]:
    """By method, apart for one problem and for many, the case that is never far from the fastest; in either race."""
    for rows in grouped(judged, ("method", "source", "cache")).values():
        name = method_name(rows[0]["method"]) + (", cold caches" if rows[0]["cache"] == COLD else "")
        kinds = {"one problem": [r for r in rows if r["batch"] == 1], "many": [r for r in rows if r["batch"] > 1]}
        parts = []
        for kind, alike in kinds.items():
            text = _never_far(alike)
            if text and shortened(alike) and (rest := _never_far(through_data(alike))):
                text += f" (with every step through the data {rest})"
            if text:
                parts.append(f"for {kind} {text}" if all(kinds.values()) else text)
        if parts:
            yield Headline(f"One way for all {name}", f"{'; '.join(parts)}.")


def _never_far(rows: Sequence[Record]) -> str:
    """The case that is never far from the fastest, and how far at most."""
    slowdowns: dict[str, list[float]] = {}
    for row in rows:
        if row["winner_ratio"]:
            slowdowns.setdefault(competitor(row), []).append(1 / row["winner_ratio"])
    workloads = len(grouped(rows))
    most = max(map(len, slowdowns.values()), default=0)
    often = {name: max(ratios) for name, ratios in slowdowns.items() if len(ratios) >= _MOSTLY * most}
    if workloads < 2 or not often:
        return ""
    name = min(often, key=often.__getitem__)
    number, worst = len(slowdowns[name]), often[name]
    all_of_them = "both workloads" if workloads == 2 else f"all {workloads:,} workloads"
    within = all_of_them if number == workloads else f"{number:,} of {workloads:,} workloads"
    if worst > _FAR:
        return f"none, even {name} takes up to {glance(worst)} as long as the fastest"
    behind = f"at most {glance(worst)} as long as the fastest" if worst > 1 else "the fastest"
    return f"{name}, {behind} in {within}"


def _worth(answers: Answers) -> str:
    """After how many calls the fastest has paid for its compile, against the fastest that needs none."""
    winners = {fixed: lead_of(rows).level[0] for fixed, rows in grouped(answers.rows).items()}
    best: dict[Key, tuple[float, float]] = {}
    for pay in answers.break_evens:
        if pay.compiled is winners[pay.fixed] and pay.calls.value is not None and not too_few(pay.calls.blocks):
            calls = pay.other["time_s"], pay.calls.value
            best[pay.fixed] = min(best.get(pay.fixed, calls), calls)
    if not best:
        return ""
    numbers = sorted(calls for _, calls in best.values())
    least, most = (f"{n:.0f}" if n < 10 else trimmed(n, n / 5) for n in (numbers[0], numbers[-1]))
    after = f"{least} calls" if least == most else f"{least} to {most} calls"
    return (
        f"In {counted(len(numbers), 'workload')} the fastest is compiled; it has paid for that after about {after}, "
        "against the fastest that needs no compile. Whoever calls less often takes that one."
    )


def _machines(loaded: Loaded, runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        machine = run.header.machine
        cores = f"{machine['cores']} cores" if machine.get("cores") else ""
        facts = [plain(str(fact)) for fact in (machine.get("cpu"), cores, machine.get("os")) if fact]
        named = [f"run {plain(run.header.run)}"] if len(loaded.runs) > 1 else []
        yield f"{listed([', '.join(named + facts)])}; {loaded.noise[run.header.run]}."
