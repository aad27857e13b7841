"""The answers of a run in plain words, for the top of a report; every sentence is in a table further down."""

from collections import Counter
from collections.abc import Iterator, Sequence
from operator import itemgetter

from ..fields import COLD
from ..formats.load import Loaded
from ..formats.unjudged import judged_here, notes
from ..models.leads import Lead, by_shortcut, lead_of, lead_text
from ..models.rays import shortened, through_data
from ..tables.accuracy import accuracy_sentences
from ..tables.answers import Answers, crossover_text
from ..tables.cases import opening
from ..words.families import family_of, members
from ..words.guesses import too_few, too_few_text
from ..words.names import Record, grouped, method_name, place
from ..words.text import counted, plain

MOST_CROSSOVERS = 6
THROUGH_DATA = "With every step through the data, as stochastic, streaming or non-quadratic work needs it"


def summary_of(loaded: Loaded, answers: Answers) -> list[str]:
    """Who wins how often, where the lead changes, how far to believe it."""
    frame = loaded.frame
    several = frame["run"].nunique() > 1
    lines = [*opening(loaded), *_winners(answers, several=several), *_lead_changes(answers)]
    lines += accuracy_sentences(answers.fronts, answers.told)
    lines += [
        f"{f'Run {plain(run)}' if several else 'How far to believe it'}: {line}." for run, line in loaded.noise.items()
    ]
    lines += notes(frame)
    unmeasured = int((frame["time_s"].isna()).sum())
    if unmeasured:
        have = "has" if unmeasured == 1 else "have"
        lines.append(f"{unmeasured:,} of {counted(len(frame), 'case')} {have} no time; the reasons are below.")
    return lines or ["Nothing was measured."]


def _winners(answers: Answers, *, several: bool) -> Iterator[str]:
    keys = ("run", "method", "cache")
    for ((_, run), (_, method), (_, cache)), rows in grouped(filter(judged_here, answers.rows), keys).items():
        where = f"{', cold caches' if cache == COLD else ''}{f', run {plain(run)}' if several else ''}"
        yield f"{method_name(method).capitalize()}{where}: {_counts(rows)}."
        if shortened(rows):
            yield f"{THROUGH_DATA}{where}: {_counts(through_data(rows))}."


def _counts(rows: Sequence[Record]) -> str:
    """Who wins how many of the workloads among the rows of one method."""
    workloads = grouped(rows).values()
    few = [each for each in workloads if any(too_few(row["blocks"]) for row in each)]
    leads = [lead_of(each) for each in workloads if each not in few]
    wins: dict[str, list[Lead]] = {}
    for lead in leads:
        if lead.sure:
            wins.setdefault(lead.families[0], []).append(lead)
    counts = [_wins(name, won) for name, won in sorted(wins.items(), key=lambda win: -len(win[1]))]
    undecided = Counter(lead.tied for lead in leads if not lead.sure)
    for tied, words in ((True, "a tie"), (False, "too close to call")):
        counts += [f"{words} between families in {undecided[tied]:,}"] if undecided[tied] else []
    counts += _guesses(few)
    return f"of {counted(len(workloads), 'workload')}, {'; '.join(counts)}"


def _wins(family: str, won: Sequence[Lead]) -> str:
    """`jit is fastest in 6 (scan in 2, scan or vmap in 4), 1.09x (1.05-1.12) to 5.0x (4.9-5.1) as fast as ...`."""
    of_members = Counter(members(lead.level) for lead in won)
    within = [f"{name} in {number:,}" if len(of_members) > 1 else name for name, number in of_members.most_common()]
    text = f"{family} is fastest in {len(won):,}"
    text += f" ({', '.join(within)})" if within != [family] else ""
    text += by_shortcut(won)
    rivals = [lead.rival for lead in won if lead.rival is not None and family_of(lead.rival) != family]
    if rivals:
        rivals.sort(key=itemgetter("winner_ratio"), reverse=True)
        ends = dict.fromkeys(map(lead_text, (rivals[0], rivals[-1])))
        text += f", {' to '.join(ends)} as fast as the best outside it"
    return text


def _guesses(few: Sequence[Sequence[Record]]) -> Iterator[str]:
    """Of workloads with too few blocks, who seems to be fastest how often."""
    if few:
        seeming = Counter(plain(lead_of(rows).level[0]["strategy"]) for rows in few)
        numbers = {row["blocks"] for rows in few for row in rows if too_few(row["blocks"])}
        likely = ", ".join(f"{name} in {number:,}" for name, number in seeming.most_common())
        yield f"likely {likely} ({too_few_text(numbers)} to be sure)"


def _lead_changes(answers: Answers) -> Iterator[str]:
    leading = [change for change in answers.crossovers if change.leads or change.leads_data]
    for change in leading[:MOST_CROSSOVERS]:
        where = place(change.ray.title, answers.told)
        within = "" if change.leads else ", with every step through the data"
        yield f"{where[0].upper()}{where[1:]}{within}: {crossover_text(change)}."
    if len(leading) > MOST_CROSSOVERS:
        yield f"The lead changes hands at {len(leading) - MOST_CROSSOVERS:,} more places; see Crossovers."
