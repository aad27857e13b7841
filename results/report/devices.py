"""The part of a report that sets devices or machines beside each other, where its runs hold more than one."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..compare.devices.ratios import Across, compare_sides_across
from ..compare.devices.sides import devices_of, kind_of, sides_of
from ..runfile.read import Run
from ..tables.device_words import devices_in_words, sides_in_words
from ..tables.devices import tables_of
from ..tables.table import Table


@dataclass(frozen=True)
class DevicesPart:
    """A pair of sides in a report: what stands on either side, the answer in words, and its tables."""

    name: str
    sides: Sequence[str]
    sentences: Sequence[str]
    tables: Sequence[Table]
    across: Across


def devices_parts(runs: Sequence[Run]) -> list[DevicesPart]:
    """One for each device or machine beside the first; none where all runs are of the same device of one machine."""
    # known before anything is gathered, which a report of one device need not pay for
    if len({(device, kind_of(run, device)) for run in runs for device in devices_of(run)}) < 2:
        return []
    sides = [side for side in sides_of(runs) if side.spent]
    if len({(side.device, side.kind) for side in sides}) < 2:
        return []
    return [
        DevicesPart(f"devices-{n}", sides_in_words(across), devices_in_words(across), tables_of(across, n), across)
        for n, across in enumerate(compare_sides_across(sides))
    ]


def title_of(parts: Sequence[DevicesPart]) -> str:
    """What the section is of: machines, where all of them are the same device."""
    devices = {side.device for part in parts for side in (part.across.base, part.across.new)}
    return "Machines" if len(devices) == 1 else "Devices"
