"""The study of old and new versions: which ones it takes, what it reads from pytest and pip, and what it keeps."""

import importlib.util
import signal
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def matrix() -> ModuleType:
    spec = importlib.util.spec_from_file_location("matrix_study", ROOT / "tests/studies/matrix.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their own module up there
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


VERSIONS = ["0.10.0", "0.9.2", "0.9.0.1", "0.9.0", "0.8.3", "1.0.0rc1", "0.10.2"]


@pytest.mark.parametrize(
    ("bounds", "lowest", "highest"),
    [
        (">=0.9", "0.9.0", "0.10.2"),
        (">0.9", "0.9.0.1", "0.10.2"),
        (">=0.9,<0.10", "0.9.0", "0.9.2"),
        (">=0.9,!=0.9.0,<=0.10", "0.9.0.1", "0.10.0"),
        ("", "0.8.3", "0.10.2"),
    ],
)
def test_the_lowest_and_the_highest_are_those_by_number_within_the_bounds(
    matrix: ModuleType, bounds: str, lowest: str, highest: str
) -> None:
    assert (matrix.lowest(VERSIONS, bounds), matrix.highest(VERSIONS, bounds)) == (lowest, highest)


def test_no_version_within_the_bounds_is_a_reason_and_an_unknown_bound_an_error(matrix: ModuleType) -> None:
    with pytest.raises(matrix.InstallError, match=r"of 7 versions none is >=2"):
        matrix.lowest(VERSIONS, ">=2")
    with pytest.raises(ValueError, match=r"cannot read the bound '~=0.9'"):
        matrix.lowest(VERSIONS, "~=0.9")


def test_the_bounds_of_pyproject_are_read(matrix: ModuleType) -> None:
    bounds = matrix._bounds()
    for name in matrix.PINNED:
        assert matrix.lowest(["0.1", "99.0"], bounds[name]) == "99.0"


def test_every_pair_of_ages_is_a_row_by_default_and_every_python_has_the_newest(matrix: ModuleType) -> None:
    every = matrix.rows_of({"3.11": "a", "3.12": "b", "3.13": "c"})
    assert len(every) == 12
    chosen = {row.name for row in every if matrix._is_asked(row, every, "")}
    assert chosen == {
        *("3.11-oldest-oldest", "3.13-oldest-newest", "3.13-newest-oldest"),
        *("3.11-newest-newest", "3.12-newest-newest", "3.13-newest-newest"),
    }
    some = [row.name for row in every if matrix._is_asked(row, every, "3.11-oldest-*, 3.12-newest-newest")]
    assert some == ["3.11-oldest-oldest", "3.11-oldest-newest", "3.12-newest-newest"]
    assert all(matrix._is_asked(row, every[:4], "") for row in every[:4])


def _cells(matrix: ModuleType, name: str, **others: str) -> dict[str, str]:
    return dict.fromkeys(matrix.COLUMNS, "") | {"row": name} | others


def test_a_row_takes_the_place_of_its_earlier_one_and_the_others_stay(matrix: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "published" / "matrix.md"
    matrix.write(path, _cells(matrix, "3.12-newest-newest", passed="900"))
    matrix.write(path, _cells(matrix, "3.9-oldest-oldest", **{"what failed": r"`a\|b`"}))
    matrix.write(path, _cells(matrix, "3.12-newest-newest", passed="901"))
    assert list(matrix.read(path)) == ["3.9-oldest-oldest", "3.12-newest-newest"]
    assert matrix.read(path)["3.12-newest-newest"]["passed"] == "901"
    assert matrix.read(path)["3.9-oldest-oldest"]["what failed"] == r"`a\|b`"
    path.write_text("| row | other |\n| --- | --- |\n| 3.12-newest-newest | 1 |\n", encoding="utf-8")
    assert matrix.read(path) == {}


def test_what_pytest_said_is_counted_to_its_end_or_to_where_it_was_cut_off(matrix: ModuleType) -> None:
    ended = "..F [ 50%]\nFAILED tests/a.py::b - in 3\n2 failed, 900 passed, 12 skipped, 1 error in 240.12s (0:04:00)\n"
    assert matrix.counted(ended) == {"passed": 900, "failed": 3, "skipped": 12}
    cut = "bringing up nodes...\n....s...F. [ 10%]\n.....E.. [ 20%]\n..."
    assert matrix.counted(cut) == {"passed": 18, "failed": 2, "skipped": 1}


def test_what_failed_is_the_first_tests_or_how_it_ended(matrix: ModuleType) -> None:
    said = "".join(f"FAILED tests/a.py::test_{letter} - why\n" for letter in "abcde")
    assert matrix._failures(0, "", 60.0) == ""
    assert matrix._failures(1, said, 60.0) == "`tests/a.py::test_a`, `tests/a.py::test_b`, `tests/a.py::test_c`, 2 more"
    assert matrix._failures(None, "... [ 10%]\n.... [ 20%]\n", 90.0) == "cut off after 1.5 minutes at 20%"
    assert matrix._failures(4, "ERROR: usage\n", 60.0) == "pytest ended with 4: usage"


def test_why_nothing_was_installed_is_told_without_addresses_and_paths(matrix: ModuleType) -> None:
    said = (
        "WARNING: Location 'file:///some/where/' is ignored\n"
        "ERROR: Cannot install jax==9 from https://index.example/simple and /tmp/some/folder/here\n"
        "The conflict is caused by:\n    jax 9 depends on numpy>=3\n    The user requested numpy==2\n"
    )
    told = "Cannot install jax==9 from (an address) and here; jax 9 depends on numpy>=3"
    assert matrix.reason(said) == told
    none = "ERROR: Could not find a version that satisfies the requirement jax==9 (from versions: 1.0, 2.0)\n"
    assert matrix.reason(none) == "Could not find a version that satisfies the requirement jax==9"


def test_a_command_that_hangs_is_cut_off_with_its_children(matrix: ModuleType, tmp_path: Path) -> None:
    script = "import subprocess, sys; print('begun', flush=True); subprocess.run(['sleep', '60'])"
    assert matrix._done([sys.executable, "-c", script], tmp_path, 2.0, tmp_path / "log") == (None, "begun\n")
    assert matrix._done([sys.executable, "-c", "print(1)"], tmp_path, 60.0, tmp_path / "log") == (0, "1\n")


def test_what_is_tested_can_be_interrupted_where_the_study_itself_cannot(matrix: ModuleType, tmp_path: Path) -> None:
    ask = [sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert matrix._done(ask, tmp_path, 60.0, tmp_path / "log") == (0, "False\n")
    finally:
        signal.signal(signal.SIGINT, before)
