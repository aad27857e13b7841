"""The noise of a run in one line that says what can be believed, and in a few lines with every number."""

from collections.abc import Iterator

from ..words.guesses import too_few, too_few_text
from ..words.text import bound_text, plain
from .diagnostics import Diagnostics
from .nodes import sentences

RATIOS_HOLD = 0.03
TIMES_HOLD = 0.05
MOSTLY_QUIET = 0.5

# from here on it is worth a word
_OTHERS_CPU, _STEAL, _DRIFT, _CLOCK = 0.05, 0.01, 0.05, 0.05


def in_one_line(noise: Diagnostics) -> str:
    """`the machine was noisy: 18% of the samples were quiet, A/A floor 1.4%: ratios hold, absolute times do not`."""
    if not noise.blocks:
        return "nothing was measured, so nothing is known of the machine"
    ratios = noise.floor is not None and noise.floor <= RATIOS_HOLD
    times = noise.saw_quiet and noise.time_half_width is not None and noise.time_half_width <= TIMES_HOLD
    mostly = noise.quiet_share is not None and noise.quiet_share >= MOSTLY_QUIET
    undisturbed = noise.saw_quiet and mostly and not list(_disturbances(noise))
    calm = "calm" if ratios and times and undisturbed else "noisy"
    if noise.floor is None and undisturbed:
        calm = "calm as far as is known"
    facts = ", ".join((_quiet(noise), *_disturbances(noise), _floor(noise)))
    return f"the machine was {calm}: {facts}: {_conclusion(noise, ratios=ratios, times=times)}"


def details(noise: Diagnostics) -> list[str]:
    """Every number that the run can tell, a line each."""
    numbers = [
        ("looks of the sentinel that were quiet", _number(noise.quiet_share)),
        ("A/A floor, two copies of the baseline", _bound(noise.floor)),
        ("what the two copies differed by", _number(noise.difference)),
        ("A/A floor, two sentinels", _bound(noise.sentinel_floor)),
        ("half-width of the baselines' times", _bound(noise.time_half_width)),
        ("drift from the first half of a block to the second", _number(noise.drift)),
        ("outliers among the baselines' samples", _number(noise.outlier_share)),
        ("lag-1 autocorrelation of the baselines' samples", _number(noise.autocorrelation, "{:+.2f}")),
        ("involuntary context switches", _number(noise.switches_per_s, "{:,.1f} a second of sampling")),
        ("CPU used by other processes", _number(noise.others_cpu, "{:.2f} cores")),
        ("CPU time stolen by the hypervisor", _number(noise.steal_share)),
    ]
    if noise.frequency_mhz is not None:
        numbers.append(("clock", "{:,.0f} to {:,.0f} MHz".format(*noise.frequency_mhz)))
    numbers += [
        (f"clock of {plain(name)}", f"{low:,.0f} to {high:,.0f} MHz") for name, low, high in noise.device_clocks_mhz
    ]
    numbers += [("slowed", plain(line)) for line in noise.slowed]
    numbers += [
        (f"machine {plain(node.name)}", f"{node.verdict}, {node.slower:+.1%} ({node.low:+.1%} to {node.high:+.1%})")
        for node in noise.nodes
    ]
    if noise.on_two:
        numbers.append(("problems on two machines, whose difference is in no interval", f"{noise.on_two}"))
    return [f"{what}: {value}" for what, value in numbers if value is not None]


def _quiet(noise: Diagnostics) -> str:
    if noise.quiet_share is None:
        return "no sentinel told which samples were quiet"
    if not noise.saw_quiet:
        return "it was never quiet"
    return f"{noise.quiet_share:.0%} of the samples were quiet"


def _floor(noise: Diagnostics) -> str:
    """Where there is none for want of blocks, what the two copies showed in those there are."""
    if noise.floor is not None:
        return f"A/A floor {bound_text(noise.floor)}"
    if noise.difference is None or not too_few(noise.most_blocks):
        return "no A/A floor"
    seen = f"two copies of the baseline differed by ~{noise.difference:.1%}"
    return f"{too_few_text({noise.most_blocks})} for an A/A floor ({seen})"


def _disturbances(noise: Diagnostics) -> Iterator[str]:
    if (noise.others_cpu or 0.0) >= _OTHERS_CPU:
        yield f"other processes used {noise.others_cpu:.1f} cores"
    if (noise.steal_share or 0.0) >= _STEAL:
        yield f"the hypervisor took {noise.steal_share:.0%} of the CPU time"
    if (noise.drift or 0.0) >= _DRIFT:
        yield f"times drifted by {noise.drift:.0%} within a block"
    if noise.frequency_mhz is not None and noise.frequency_mhz[0] < (1 - _CLOCK) * noise.frequency_mhz[1]:
        yield "the clock moved from {:,.0f} to {:,.0f} MHz".format(*noise.frequency_mhz)
    yield from (plain(line) for line in noise.slowed)
    yield from (plain(line) for line in sentences(noise.nodes))


def _conclusion(noise: Diagnostics, *, ratios: bool, times: bool) -> str:
    if noise.floor is None:
        return "how far ratios hold is not known"
    if not ratios:
        return f"ratios below {bound_text(noise.floor)} say nothing" + ("" if times else ", nor do absolute times")
    if not times:
        return "ratios hold, absolute times do not"
    return f"ratios hold, and absolute times to {noise.time_half_width:.1%}"


def _bound(value: float | None) -> str | None:
    return None if value is None else bound_text(value)


def _number(value: float | None, form: str = "{:.1%}") -> str | None:
    return None if value is None else form.format(value)
