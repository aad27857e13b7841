"""Which strategy leads a contest, and whether that is sure."""

from collections.abc import Sequence

from ..words.titles import Record


def lead_of(rows: Sequence[Record]) -> tuple[Record, float | None]:
    """The winner of a contest, and by how many times it surely leads the next strategy; None where that is not sure.

    Two variants of one strategy do not stand in each other's way: the map is of strategies.
    """
    winner = next((row for row in rows if row["winner_verdict"] == "winner"), min(rows, key=lambda r: r["time_s"]))
    others = [row for row in rows if (row["strategy"], row["device"]) != (winner["strategy"], winner["device"])]
    if any(row["winner_verdict"] != "slower" for row in others):
        return winner, None
    # winner's time / its time: the closest is the largest
    return winner, min((1 / row["winner_ratio"] for row in others if row["winner_ratio"]), default=1.0)
