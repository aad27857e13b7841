"""A tar of a proof becomes pages without hand work; what it lacks is said to be missing; it is trusted with nothing."""

import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
from gpu import publish

ROOT = Path(__file__).resolve().parents[2]
RUN = (ROOT / "results/published/gpu-h100.jsonl").read_bytes()

LIMITS = {
    "device": "Made Up 9000",
    "bytes": 2**28,
    "order": 4096,
    "facts": {
        "driver": "1.2",
        "memory_bytes": 2**33,
        "clocks_mhz": {"sm": 1980},
        "clock_reasons": [],
        "memory_stats": {},
    },
    "transfers": {"in_s": 1e-5, "in_bytes_per_s": 9e9, "pinned_in_bytes_per_s": 5e10},
    "copies": {"copy_268435456_bytes_per_s": 1.5e12},
    "products": {"reason": "XlaRuntimeError: out of memory"},
    "calls": {"call_s": 8e-5},
    "kernels_seen": {"gram": {"kernels": {"loop_add_fusion": [100, 1e5], "memcpy": [2, 2e3]}}, "numpy": "2.5.2"},
}
CASE = {"status": "ok", "reason": None, "error": 2e-7, "error_limit": 1e-4, "call_s": 2e-3, "device_busy_s": 4e-4}
SOLVERS = [
    {"case": "gd jax_scan gram", "status": "begun"},
    {"case": "gd jax_scan gram", "findings": ["remembers"], "device_kernels": 305.0} | CASE,
    {"case": "ols jax_scan qr", "status": "wrong", "reason": "Traceback\n  File /home/me/x.py\nin /home/me/x.py: NaN"},
    {"case": "gd jax_scan finite", "status": "begun"},
]
LOOPS = [
    {"setting": "plain", "flags": "", "what": "gram, unrolled 1", "step_s": 1.1e-5, "kernels": 305.0, "busy_s": 3e-4},
    {
        "setting": "none",
        "flags": "--xla=",
        "what": "gram, unrolled 1",
        "step_s": 2e-5,
        "kernels": 305.0,
        "busy_s": 3e-4,
    },
    {"setting": "more", "flags": "--xla=A", "reason": "not done in 60 s"},
]


def pair(study: str, verdict: str, ratio: float, width: float, blocks: int) -> dict[str, Any]:
    ends = {"low": ratio / (1 + width), "high": ratio * (1 + width)}
    return {"study": study, "case": "jax_scan gram", "verdict": verdict, "ratio": ratio, "blocks": blocks} | ends


SIDES = [pair("aa", "inconclusive", 1.01, 0.5, 2), pair("planted", "faster", 1.03, 0.005, 12)]
WHOLE = {
    "limits.json": json.dumps(LIMITS).encode(),
    "solvers-float32-highest.jsonl": "".join(json.dumps(line) + "\n" for line in SOLVERS).encode(),
    "loops.json": json.dumps(LOOPS).encode(),
    "sides/sides.json": json.dumps(SIDES).encode(),
    "stages.txt": b"1 limits   ok           3 s  written: /root/gpu-proof/limits.json\n",
    "sweep.jsonl": RUN,
    "cold.jsonl": RUN,
}


def tar_of(folder: Path, files: dict[str, bytes], *more: tarfile.TarInfo) -> Path:
    path = folder / "proof.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"gpu-proof/{name}")
            member.size, member.mtime = len(data), 1_800_000_000
            tar.addfile(member, io.BytesIO(data))
        for member in more:
            tar.addfile(member)
    return path


def published(folder: Path, files: dict[str, bytes]) -> tuple[int, str]:
    """The exit status, and the page."""
    status = publish.main([str(tar_of(folder, files)), "made-up", "--into", str(folder / "out")])
    return status, (folder / "out/gpu-made-up-proof.md").read_text()


def page_of(folder: Path, files: dict[str, bytes]) -> str:
    """The page alone: a run takes a second to report."""
    return publish.page_of("made-up", *publish.read(tar_of(folder, files)))


def section(page: str, title: str) -> str:
    return page.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_a_whole_proof_becomes_a_run_with_its_page_and_a_page_of_the_rest(tmp_path: Path) -> None:
    status, page = published(tmp_path, WHOLE)
    assert status == 0
    names = {f"gpu-made-up.{ending}" for ending in ("jsonl", "md", "csv", "html")} | {"gpu-made-up-proof.md"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert (tmp_path / "out/gpu-made-up.jsonl").read_bytes() == RUN
    assert "Missing" not in page
    assert "Not readable" not in page
    assert "2027-01-15" in page
    for link in re.findall(r"\]\((gpu-[^)]+)\)", page):
        assert (tmp_path / "out" / link).exists()


def test_the_page_has_the_device_and_its_limits_with_their_units(tmp_path: Path) -> None:
    page = page_of(tmp_path, WHOLE)
    device, limits = section(page, "The device"), section(page, "What it can do at most")
    assert "| device | Made Up 9000 |" in device
    assert "| memory | 8.00 GiB |" in device
    assert "memory stats" not in device
    assert "numpy 2." in device
    assert "| copies | scaled copy, read and written, 256 MiB | 1,500 GB/s |" in limits
    assert "| transfers | to the device, from pinned memory, 256 MiB | 50 GB/s |" in limits
    assert "| products | reason | XlaRuntimeError: out of memory |" in limits
    assert "| gram | 102 | 102 us | loop_add_fusion 100 times, memcpy 2 times |" in limits


def test_of_a_cpu_there_are_no_kernels_to_tell(tmp_path: Path) -> None:
    told = LIMITS | {"kernels_seen": {"gram": {"kernels": {}, "lines": {"/host:CPU | python3": 700}}}}
    page = page_of(tmp_path, WHOLE | {"limits.json": json.dumps(told).encode()})
    assert "No device was watched." in section(page, "What it can do at most")


def test_each_solver_has_a_row_by_the_last_word_on_it(tmp_path: Path) -> None:
    page = page_of(tmp_path, WHOLE)
    solvers = section(page, "Every solver")
    assert "3 cases: 1 ok, 1 wrong, 1 died." in solvers
    assert "| gd jax_scan gram | ok | 2e-7 | 0.2% | 2.00 ms | 400 us | 305 | remembers |" in solvers
    assert "in x.py: NaN" in solvers
    assert "/home" not in page


def test_a_column_that_a_file_lacks_is_left_out(tmp_path: Path) -> None:
    line = {"case": "gd jax_scan gram"} | CASE
    page = page_of(tmp_path, WHOLE | {"solvers-float32-highest.jsonl": json.dumps(line).encode()})
    assert "kernels" not in section(page, "Every solver")


def test_loops_stand_by_their_settings_and_what_failed_has_its_reason(tmp_path: Path) -> None:
    page = page_of(tmp_path, WHOLE)
    loops = section(page, "What a step of a loop costs")
    assert "| gram, unrolled 1 | 11.0 us | 305 | 300 us | 20.0 us | 305 | 300 us |" in loops
    assert "- more: not done in 60 s" in loops


def test_the_devices_own_work_stands_beside_the_wall(tmp_path: Path) -> None:
    rows = [row | {"busy_ratio": 1.01, "busy_low": 1.0, "busy_high": 1.02} for row in SIDES]
    page = page_of(tmp_path, WHOLE | {"sides/sides.json": json.dumps(rows).encode()})
    sides = section(page, "Identical code, and a planted slowdown")
    assert "| on the device | blocks |" in sides
    assert "1.01x (1.00-1.02)" in sides
    assert "That of the device's own work is 1.00%, up to 1.00%." in sides


def test_sides_tell_what_they_say_and_what_they_do_not(tmp_path: Path) -> None:
    page = page_of(tmp_path, WHOLE)
    sides = section(page, "Identical code, and a planted slowdown")
    assert "of 1 identical pair, 0 had a false verdict" in sides
    assert "does not say that a difference of 3% would have been found" in sides
    assert "The planted 3% was found: faster, after 12 blocks." in sides
    assert "cost more" not in sides
    dear = page_of(
        tmp_path, WHOLE | {"sides/sides.json": json.dumps([pair("planted", "faster", 1.34, 0.05, 2)]).encode()}
    )
    assert "It cost more than 3%: its steps are a second loop" in dear
    narrow = json.dumps([pair("aa", "same", 1.0, 0.01, 12), pair("planted", "inconclusive", 1.03, 0.04, 4)]).encode()
    page = page_of(tmp_path, WHOLE | {"sides/sides.json": narrow})
    sides = section(page, "Identical code, and a planted slowdown")
    assert "does not say" not in sides
    assert "The planted 3% was not found: inconclusive, after 4 blocks." in sides


@pytest.mark.parametrize(
    ("lacks", "title"),
    [
        ("limits.json", "The device"),
        ("limits.json", "What it can do at most"),
        ("solvers-float32-highest.jsonl", "Every solver"),
        ("loops.json", "What a step of a loop costs"),
        ("sides/sides.json", "Identical code, and a planted slowdown"),
        ("stages.txt", "The stages"),
    ],
)
def test_a_part_that_is_missing_is_said_to_be(lacks: str, title: str, tmp_path: Path) -> None:
    page = page_of(tmp_path, {name: data for name, data in WHOLE.items() if name != lacks})
    assert "Missing: the proof left no" in section(page, title)
    assert page.count("Missing: ") == (2 if lacks == "limits.json" else 1)


def test_without_a_run_the_rest_is_published_and_a_run_from_before_stays(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/gpu-made-up.jsonl").write_text("before")
    status, page = published(tmp_path, {name: data for name, data in WHOLE.items() if name != "sweep.jsonl"})
    assert status == 1
    assert "missing, since the proof left no sweep.jsonl" in page
    assert (tmp_path / "out/gpu-made-up.jsonl").read_text() == "before"


@pytest.mark.long
def test_a_run_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    status, page = published(tmp_path, WHOLE | {"sweep.jsonl": b"no run\n"})
    assert status == 1
    assert "the run cannot be reported" in page
    assert not (tmp_path / "out/gpu-made-up.jsonl").exists()


@pytest.mark.parametrize("data", [b"", b"[", b"[1]", b'"x"', b"\x80\x04N.", b'[{"setting": 1}]', b'[{"study": "aa"}]'])
def test_a_part_that_reads_otherwise_costs_its_section_alone(data: bytes, tmp_path: Path) -> None:
    names = ("limits.json", "loops.json", "sides/sides.json", "solvers-float32-highest.jsonl")
    page = page_of(tmp_path, WHOLE | dict.fromkeys(names, data))
    assert "Not readable" in page or "Nothing was measured" in page
    assert "written: limits.json" in section(page, "The stages")


def test_a_torn_last_line_is_dropped_and_said(tmp_path: Path) -> None:
    torn = WHOLE["solvers-float32-highest.jsonl"] + b'{"case": "gd jax_sc'
    page = page_of(tmp_path, WHOLE | {"solvers-float32-highest.jsonl": torn})
    assert "3 cases: 1 ok, 1 wrong, 1 died. The last line of the file is torn." in page


def test_names_from_the_tar_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    line = {"case": "<script>alert(1)</script> | [x](http://y)"} | CASE
    page = page_of(tmp_path, WHOLE | {"solvers-float32-highest.jsonl": json.dumps(line).encode()})
    assert "<script>" not in page
    assert "[x](http" not in page


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (member("gpu-proof/../../evil"), "would leave the folder"),
        (member("/etc/evil"), "would leave the folder"),
        (member("gpu-proof/limits", tarfile.SYMTYPE, "/etc/passwd"), "is neither a file nor a folder"),
        (member("gpu-proof/hard", tarfile.LNKTYPE, "/etc/passwd"), "is neither a file nor a folder"),
        (member("gpu-proof/pipe", tarfile.FIFOTYPE), "is neither a file nor a folder"),
    ],
    ids=lambda value: value.name if isinstance(value, tarfile.TarInfo) else "",
)
def test_a_tar_that_would_leave_its_folder_is_refused_whole(
    bad: tarfile.TarInfo, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        publish.main([str(tar_of(tmp_path, WHOLE, bad)), "made-up", "--into", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../x", "H100", "", "a b", "-x"])
def test_a_name_that_is_no_part_of_a_files_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        publish.main(["--into", str(tmp_path / "out"), "--", str(tar_of(tmp_path, WHOLE)), name])
    assert ended.value.code == 2


def test_what_is_no_tar_or_is_cut_short_or_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = tar_of(tmp_path, WHOLE)
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(whole.read_bytes()[:2000])
    no_tar = tmp_path / "text"
    no_tar.write_text("text")
    for path in (cut, no_tar, tmp_path / "absent"):
        with pytest.raises(SystemExit) as ended:
            publish.main([str(path), "made-up"])
        assert ended.value.code == 2
        assert "is no tar that can be read" in capsys.readouterr().err
    monkeypatch.setattr(publish, "MOST_BYTES", 1000)
    with pytest.raises(publish.RefusedError, match="which no proof is"):
        publish.read(whole)
