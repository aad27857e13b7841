"""How long 100,000 measurements take to load and to report, and whether that grows linearly.

python tests/studies/scale.py [--measurements 100000] [--blocks 20]: made-up runs of an eighth, a quarter, a
half and all of them, each read, estimated and reported as a page by a process of its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "results")]

LIMIT_S, LIMIT_BYTES = 20.0, 10**9
SIZES = [(n, d, b) for d in (2, 16, 128) for b in (1, 16, 128, 1_024) for n in (100, 1_000, 10_000, 100_000)]
STRATEGIES = ("numpy_loop", "numpy_stacked", "jax_eager", "jax_jit_step", "jax_scan", "jax_vmap")


def write_run(path: Path, measurements: int, blocks: int) -> int:
    """A run file of about so many measurements; returns how many."""
    import synthetic
    from synthetic import Noise, Truth

    written, problem = 0, 0
    with path.open("w", encoding="utf-8") as file:
        for record in (synthetic.header(), synthetic.environment()):
            file.write(json.dumps(record) + "\n")
        while written < measurements:
            samples, features, batch = SIZES[problem % len(SIZES)]
            of = synthetic.workload(samples=samples, features=features, batch=batch, seed=problem // len(SIZES))
            work = samples * features * batch
            cases = [
                Truth(name, "analytic", 1e-5 * (k + 1) + work * 1e-9 / (k + 1), compile_s=0.05 if k > 2 else None)
                for k, name in enumerate(STRATEGIES)
            ]
            cases += [Truth("jax_scan", f"variant {k}", 2e-5 + work * 1e-9, compile_s=0.05) for k in range(3)]
            records = synthetic.blocks_of(cases, of=of, blocks=blocks, noise=Noise())
            written += sum(record["record"] == "measurement" for record in records)
            file.write("".join(json.dumps(record) + "\n" for record in records))
            problem += 1
    return written


def measure(path: Path) -> dict[str, float]:
    """Seconds to load and to write a page as `linregbench report` does, processor time, and the peak of memory."""
    started = time.perf_counter()
    from linregbench.results.formats.load import read
    from linregbench.results.report.build import report_of
    from linregbench.results.report.page import html

    loaded = read(path)
    loaded_at = time.perf_counter()
    page = html(report_of(loaded))
    done = time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "read_s": loaded_at - started,
        "report_s": done - loaded_at,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * 1024,
        "page_bytes": len(page),
    }


def main() -> int:
    """Prints a line a size; status 1 where the largest is over its limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measurements", type=int, default=100_000)
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--of", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.of is not None:
        print(json.dumps(measure(asked.of)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        for share in (8, 4, 2, 1):
            path = Path(folder) / f"run-{share}.jsonl"
            number = write_run(path, asked.measurements // share, asked.blocks)
            command = [sys.executable, __file__, "--of", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            told = json.loads(done.stdout)
            total = told["read_s"] + told["report_s"]
            print(
                f"{number:>7,} measurements, {path.stat().st_size / 1e6:4.0f} MB: read {told['read_s']:5.2f} s, "
                f"report {told['report_s']:5.2f} s, CPU {told['cpu_s']:5.2f} s, {1e6 * total / number:5.1f} us each, "
                f"peak {told['peak_bytes'] / 1e6:4.0f} MB, page {told['page_bytes'] / 1e6:.1f} MB",
                flush=True,
            )
    within = total <= LIMIT_S and told["peak_bytes"] <= LIMIT_BYTES
    print(f"{'within' if within else 'OVER'} {LIMIT_S:g} s and {LIMIT_BYTES / 1e9:g} GB")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
