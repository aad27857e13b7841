"""Every field of a workload, a case, its measurements and its estimate, once, in the order of the frame's columns.

A new axis of a workload, or a new number per case, is a line here and a value where it is measured (a number that the
run file does not have yet has its type in `runfile.records.Measurement` too). What follows stands below them: the
frame's columns, what a workload is checked for, who competes with whom, which numbers of the blocks are summed up how,
what a title tells.
"""

from dataclasses import dataclass
from typing import Literal

Of = (
    # the last three: the ratio to the baseline, to the winner, and to the winner of those that go through the data
    Literal["run", "workload", "case", "estimate", "ratio", "winner", "data"]
    # told by each worker: once at its start, of every call, and what else it learned
    | Literal["start", "steady", "measurement"]
)


@dataclass(frozen=True)
class Field:
    """One field, and what must be known of it."""

    name: str
    kind: type  # str, int or float, in the run file
    of: Of
    words: str  # what it means, in one sentence
    unit: str = ""
    over_blocks: Literal["", "median", "largest"] = ""  # which of the numbers of its blocks is that of a case
    contest: bool = False  # rows that compete with each other agree in it
    required: bool = False  # never missing
    least: int | None = None  # nothing is below it
    title: Literal["", "given", "varying"] = ""  # told wherever there is one, or where what is shown has several

    @property
    def dtype(self) -> str:
        """Of the frame's column: any can be missing."""
        if self.kind is str:
            return "string"
        # the median of two whole numbers may be none
        return "Int64" if self.kind is int and self.over_blocks != "median" else "float64"

    @property
    def told_by_worker(self) -> bool:
        """Whether it is a number of each measurement; not summed up over the blocks, it is no column."""
        return self.of in ("start", "steady", "measurement")


FIELDS = (
    Field("run", str, "run", "The run that measured it.", contest=True, required=True, title="varying"),
    Field("method", str, "workload", "What is solved: gd, gd_tol or ols.", contest=True, required=True),
    Field("strategy", str, "case", "How it is run, such as jax_scan.", required=True),
    Field("variant", str, "case", "How a step or the answer is worked out, such as analytic or solve.", required=True),
    Field("device", str, "case", "Where it ran: cpu, cuda, cuda:1 and so on.", required=True),
    Field("dtype", str, "workload", "Type of the numbers: float32 or float64.", contest=True, required=True),
    Field("precision", str, "case", "How exact float32 products are in JAX: highest, high or default.", required=True),
    Field("samples", int, "workload", "Samples n of a problem.", contest=True, required=True, least=1),
    Field("features", int, "workload", "Features d, the intercept counted.", contest=True, required=True, least=1),
    Field("batch", int, "workload", "Problems solved together in one call.", contest=True, least=1),
    Field("steps", int, "workload", "Steps of gradient descent.", contest=True, least=1),
    Field("condition", float, "workload", "Condition number given to the data.", contest=True, title="given"),
    Field("seed", int, "workload", "What the data were drawn from.", contest=True, title="varying"),
    Field("step_size", float, "workload", "Step size, where one was asked for.", contest=True, title="given"),
    Field("tolerance", float, "workload", "The size of a step below which gd_tol stops.", contest=True),
    Field("max_steps", int, "workload", "The most steps that gd_tol takes.", contest=True, least=1),
    Field("data", str, "workload", "The label of a person's own data.", contest=True, title="given"),
    Field("threads", str, "case", "Threads that it may use: 1, a number or all.", contest=True, required=True),
    Field("environment", str, "case", "Side of a comparison, or here.", contest=True, required=True, title="varying"),
    Field("setting", str, "case", "Variables that --set gave it: NAME=VALUE, or NAME= without a value; or none."),
    Field("cache", str, "case", "hot, or cold: emptied before each sample of one call, off the clock.", contest=True),
    Field("status", str, "estimate", "ok, or what came of the first block that was not.", required=True),
    Field("reason", str, "estimate", "Why it is not ok, or why its time is not shown."),
    Field("blocks", int, "estimate", "Blocks that time_s rests on."),
    Field("nodes", str, "estimate", "Machines that those blocks are of, in a sweep over several."),
    Field(
        "time_s",
        float,
        "estimate",
        "One call that nothing disturbs: a tenth of a block's quiet samples are below; geometric mean of blocks.",
        "s",
    ),
    Field("time_low_s", float, "estimate", "Lower end of the 95% interval of time_s.", "s"),
    Field("time_high_s", float, "estimate", "Upper end of the 95% interval of time_s.", "s"),
    Field(
        "time_all_s",
        float,
        "estimate",
        "The same from medians of all samples; of long calls, less their waits.",
        "s",
    ),
    Field("time_min_s", float, "estimate", "The least of all samples; of long calls, less their waits.", "s"),
    Field("time_per_problem_s", float, "estimate", "time_s over the problems of the batch.", "s"),
    Field("rounds", str, "estimate", "What time_s rests on in most blocks: quiet samples, the fastest, or all."),
    Field("quiet_share", float, "estimate", "The share of its samples that were quiet."),
    Field("baseline", str, "estimate", "The case that ratio is taken against."),
    Field("ratio", float, "ratio", "Time of the baseline / time of this: above 1, this is faster.", "x"),
    Field("ratio_low", float, "ratio", "Lower end of the 95% interval of ratio.", "x"),
    Field("ratio_high", float, "ratio", "Upper end of the 95% interval of ratio.", "x"),
    Field("ratio_rounds", str, "ratio", "What ratio rests on in most blocks: quiet samples, the fastest, or all."),
    Field("verdict", str, "ratio", "What ratio says: faster, slower, same or inconclusive; or baseline."),
    Field("floor", float, "ratio", "The most that two copies of the baseline differ by: a 95% bound, a fraction."),
    Field("delta", float, "ratio", "The least that is called a difference, as a fraction."),
    Field("winner", str, "estimate", "The fastest of the same workload, dtype, environment and cache."),
    Field("winner_ratio", float, "winner", "Time of the winner / time of this.", "x"),
    Field("winner_ratio_low", float, "winner", "Lower end of the 95% interval of winner_ratio.", "x"),
    Field("winner_ratio_high", float, "winner", "Upper end of the 95% interval of winner_ratio.", "x"),
    Field("winner_verdict", str, "winner", "What winner_ratio says, in the words of verdict; or winner."),
    Field("operations", str, "estimate", "How it gets there: data (X in each step), gram (X'X once) or powers."),
    Field("data_winner", str, "estimate", "The fastest of those that go through the data in each step."),
    Field("data_winner_ratio", float, "data", "Time of data_winner / time of this, where it is one of those.", "x"),
    Field("data_winner_ratio_low", float, "data", "Lower end of the 95% interval of data_winner_ratio.", "x"),
    Field("data_winner_ratio_high", float, "data", "Upper end of the 95% interval of data_winner_ratio.", "x"),
    Field("data_winner_verdict", str, "data", "What data_winner_ratio says, in the words of verdict; or winner."),
    Field("transfer_s", float, "start", "Moving the data to the device.", "s", "median"),
    Field("trace_s", float, "start", "Tracing the Python function.", "s", "median"),
    Field("lower_s", float, "start", "Lowering what was traced to StableHLO.", "s", "median"),
    Field("compile_s", float, "start", "Compiling it with XLA.", "s", "median"),
    Field("first_call_s", float, "start", "The first call after compiling.", "s", "median"),
    Field("first_result_s", float, "estimate", "Transfer, trace, lower, compile and first call together.", "s"),
    Field("first_result_low_s", float, "estimate", "Lower end of the 95% interval of first_result_s.", "s"),
    Field("first_result_high_s", float, "estimate", "Upper end of the 95% interval of first_result_s.", "s"),
    Field("warm_up_s", float, "start", "Warming up and choosing how many calls a sample has.", "s", "median"),
    Field("dispatch_s", float, "steady", "A call until it hands back control, its work done or not.", "s", "median"),
    Field("throughput_s", float, "steady", "A call of several that are enqueued and waited for once.", "s", "median"),
    Field("transfer_out_s", float, "measurement", "Moving the answer from the device to the host.", "s", "median"),
    Field("device_busy_s", float, "steady", "A call, as the profiler saw the device at work.", "s", "median"),
    Field("device_kernels", float, "steady", "Kernels and copies of a call, as the profiler saw.", "", "median"),
    Field("launch_gap_s", float, "estimate", "Of a call, when the device was idle: time_s less device_busy_s.", "s"),
    Field("error", float, "measurement", "Relative error of the answer, against float64.", "", "largest"),
    Field("error_limit", float, "measurement", "The error above which the answer is wrong.", "", "largest"),
    Field("excess_loss", float, "measurement", "Loss above the least there is, over that of the start.", "", "largest"),
    Field("cpu_over_wall", float, "measurement", "CPU time over wall time of the samples.", "", "median"),
    Field("own_thread_share", float, "measurement", "CPU time of the calling thread over that of all.", "", "median"),
    Field("peak_rss_bytes", int, "measurement", "Most memory that the process had.", "bytes", "largest"),
    Field("rss_growth_bytes", int, "measurement", "How much its memory grew since it was forked.", "bytes", "largest"),
    Field("device_peak_bytes", int, "measurement", "Most of the device's memory that it had.", "bytes", "largest"),
    Field("temp_bytes", int, "measurement", "What a call allocates beside inputs and outputs.", "bytes", "largest"),
    Field("compiles", int, "measurement", "Compilations while it was sampled.", "", "largest"),
    Field("loops", int, "measurement", "Calls in a sample."),
    Field("steps_taken", int, "measurement", "Steps that gd_tol took until it stopped."),
    Field("involuntary_switches", int, "measurement", "Context switches forced on it in a block.", "", "median"),
    Field("findings", str, "estimate", "What may be wrong with the timing."),
    Field("guards_left_out", str, "estimate", "Findings not looked for: that would have outlasted its samples."),
    Field("stop_reason", str, "estimate", "Why no more blocks of its workload were measured."),
    Field("source", str, "run", "The program that measured.", required=True),
    Field("units", str, "run", "What it measured in; the columns are in seconds and bytes whatever that was."),
)


def _names(*of: str) -> tuple[str, ...]:
    return tuple(field.name for field in FIELDS if field.of in of)


WORKLOAD = {field.name: field for field in FIELDS if field.of == "workload"}
CASE = {field.name: field for field in FIELDS if field.of == "case"}
CASE_KEYS = tuple(CASE)
ESTIMATE = _names("estimate")
RATIO = {name: name.removeprefix("ratio_") for name in _names("ratio")}
WINNER_RATIO = {name: name.removeprefix("winner_").removeprefix("ratio_") for name in _names("winner")}
DATA_RATIO = {f"data_{name}": attribute for name, attribute in WINNER_RATIO.items()}
"""By column, the attribute of a Ratio that fills it."""
DATA = "data"
"""Of `operations`: each step goes through the data, which is all that serves where those or the loss change."""
CONTEST_KEYS = tuple(field.name for field in FIELDS if field.contest)
"""Rows of the frame that agree in all of these were competing, whatever their device, precision and setting."""

HOT, COLD = CACHES = ("hot", "cold")
"""Of `cache`; those of one do not compete with those of the other, since that is another question."""

COLUMNS = {field.name: field.dtype for field in FIELDS if field.over_blocks or not field.told_by_worker}
"""The frame's, with their dtypes."""

MEASURED = {field.name: field for field in FIELDS if field.told_by_worker}
START, STEADY = _names("start"), _names("steady")
FIRST_RESULT = START[: START.index("first_call_s") + 1]
"""What there is to do before the first result: their sum is first_result_s."""
MEASURED_S = tuple(name for name, field in MEASURED.items() if field.unit == "s")
MEDIANS = tuple(name for name, field in MEASURED.items() if field.over_blocks == "median")
LARGEST = tuple(name for name, field in MEASURED.items() if field.over_blocks == "largest")

TOLD_IF_GIVEN = tuple(field.name for field in FIELDS if field.title == "given")
TOLD_IF_VARYING = tuple(field.name for field in FIELDS if field.title == "varying")
