"""A person's own data: read as they are, or refused in one line; never code that runs."""

import contextlib
import io
import os
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linregbench.benchmarks.data import OwnData, check_range, read_data

X = np.array([[1.0, 0.5], [1.0, -2.0], [1.0, 3e-3]])
Y = np.array([1.0, 2.0, -3.5])
ROWS = "1,0.5,1\n1,-2,2\n1,3e-3,-3.5\n"


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32"])
def test_npz(tmp_path: Path, dtype: str) -> None:
    np.savez(tmp_path / "own.npz", X=X.astype(dtype), y=Y.astype(dtype), other="is left alone")
    own = read_data(tmp_path / "own.npz")
    found_X, found_y = own.X, own.y
    np.testing.assert_array_equal(found_X, X.astype(dtype))
    np.testing.assert_array_equal(found_y, Y.astype(dtype))
    assert found_X.dtype == found_y.dtype == np.float64


@pytest.mark.parametrize(
    "text",
    [ROWS, "one,x,y\n" + ROWS, '"1st name",x,y\n' + ROWS, ROWS.rstrip("\n"), ROWS.replace("\n", "\r\n"), ROWS + "\n\n"],
    ids=["numbers alone", "names", "quoted names", "no last newline", "from Windows", "empty lines"],
)
def test_csv(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.csv").write_bytes(text.encode())
    own = read_data(str(tmp_path / "own.csv"))
    found_X, found_y = own.X, own.y
    np.testing.assert_array_equal(found_X, X)
    np.testing.assert_array_equal(found_y, Y)
    assert found_X.flags.c_contiguous
    assert found_y.flags.c_contiguous


def test_a_byte_order_mark_does_not_cost_a_row(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(ROWS, encoding="utf-8-sig")
    found_X = read_data(tmp_path / "own.csv").X
    np.testing.assert_array_equal(found_X, X)


def test_one_row_is_enough_to_read(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("1,2,3\n")
    own = read_data(tmp_path / "own.csv")
    found_X, found_y = own.X, own.y
    assert (found_X.shape, found_y.shape) == ((1, 2), (1,))


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def claiming(shape: tuple[int, ...]) -> bytes:
    """An .npz whose X says that it is of this shape, and holds next to nothing."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", header.getvalue() + b"0" * 64)
        archive.writestr("y.npy", npy(Y))
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


BAD = {
    "no X": ("own.npz", npz(y=Y), r"no array X in it, only \['y'\]"),
    "neither": ("own.npz", npz(a=Y), "no array X nor y in it"),
    "X of one axis": ("own.npz", npz(X=Y, y=Y), r"X must be \(n, d\) and y \(n,\), and they are \(3,\) and \(3,\)"),
    "y of two axes": ("own.npz", npz(X=X, y=X), "X must be"),
    "other lengths": ("own.npz", npz(X=X, y=Y[:2]), r"they are \(3, 2\) and \(2,\)"),
    "no rows": ("own.npz", npz(X=X[:0], y=Y[:0]), "X must be"),
    "no columns": ("own.npz", npz(X=X[:, :0], y=Y), "X must be"),
    "NaN": ("own.npz", npz(X=X * np.nan, y=Y), "must be finite"),
    "infinite": ("own.npz", npz(X=X, y=Y * np.inf), "must be finite"),
    "text": (
        "own.npz",
        npz(X=X.astype(str).astype("U9"), y=np.array(["a", "b", "c"])),
        "X must hold real numbers|not an .npz file of numbers",
    ),
    "complex": ("own.npz", npz(X=X + 1j, y=Y), "X must hold real numbers|complex"),
    "not a zip": ("own.npz", b"X,y\n1,2\n", "not an .npz file|pickle"),
    "half a zip": ("own.npz", npz(X=X, y=Y)[:100], "not an .npz file"),
    "an .npy": ("own.npz", (lambda f: (np.save(f, X), f.getvalue())[1])(io.BytesIO()), "not an .npz file"),
    "empty npz": ("own.npz", b"", "not an .npz file"),
    "empty csv": ("own.csv", b"", "own.csv"),
    "names alone": ("own.csv", b"a,b,y\n", "own.csv"),
    "a word in it": ("own.csv", b"1,2\n3,four\n", "not a table of numbers"),
    "ragged": ("own.csv", b"1,2,3\n4,5\n", "not a table of numbers"),
    "one column": ("own.csv", b"1\n2\n3\n", "at least one column of X beside y"),
    "semicolons": ("own.csv", b"1;2\n3;4\n", "own.csv"),
    "NaN in csv": ("own.csv", b"1,nan\n2,3\n", "1 cell is missing, the first in line 1, column 2"),
    "not UTF-8": ("own.csv", b"\xff\xfe1,2\n", "not a table of numbers"),
    "null bytes": ("own.csv", b"\x00" * 64, "own.csv"),
    "a missing cell first": ("own.csv", b"1,NA,3\n4,5,6\n", "1 cell is missing, the first in line 1, column 2"),
    "an empty cell first": ("own.csv", b"1,,3\n4,5,6\n", "1 cell is missing, the first in line 1, column 2"),
    "a comment first": ("own.csv", b"#1,2,3\n4,5,6\n", "line 1 is '#1,2,3': a sample or a comment?"),
    "pandas' numbers": ("own.csv", b"0,1,2\n4,5,6\n", r"counts the columns, as pandas writes.*header=False"),
    "years for names": ("own.csv", b"2019,2020,total,y\n4,5,6,7\n", "names or a sample?"),
    "pandas' index": ("own.csv", b",a,y\n0,5,6\n1,8,7\n", r"counts the rows.*index=False"),
    "fewer names": ("own.csv", b"a,y\n1,2,3\n", "line 2 has 3 cells, and the first has 2"),
    "in the last row": ("own.csv", b"a,y\n1,2\n\n3,four\n", "line 4, column 2 is 'four'"),
    "claims terabytes": ("own.npz", claiming((10**6, 10**6)), "no room for it"),
    "another kind": ("own.txt", ROWS.encode(), "data are read from .npz .* or .csv"),
    "no kind": ("own", ROWS.encode(), "data are read from .npz .* or .csv"),
}


@pytest.mark.parametrize(("name", "content", "message"), BAD.values(), ids=BAD)
def test_a_malformed_file_is_named_with_what_is_wrong(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as refused:
        read_data(tmp_path / name, room_bytes=1e9)
    assert name in str(refused.value)


@pytest.mark.parametrize("name", ["own.npz", "own.csv"])
def test_no_such_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"{re.escape(name)}: No such file"):
        read_data(tmp_path / name)
    (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match=f"{re.escape(name)}: Is a directory"):
        read_data(tmp_path / name)


class Trap:
    """Unpickling it makes a file: what a hostile .npz would do."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("pickled", ["an array in the .npz", "the .npz itself"])
def test_nothing_is_unpickled(tmp_path: Path, pickled: str) -> None:
    trap = Trap(tmp_path / "sprung")
    content = pickle.dumps(trap) if "itself" in pickled else npz(X=np.array([[trap]], dtype=object), y=Y)
    (tmp_path / "own.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"own\.npz"):
        read_data(tmp_path / "own.npz")
    assert not trap.path.exists()


def test_the_label_holds_the_content_and_no_folder(tmp_path: Path) -> None:
    for folder, text in (("a", ROWS), ("b", ROWS), ("c", ROWS + "1,1,1\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.csv").write_text(text)
    labels = [read_data(tmp_path / folder / "own.csv").label for folder in "abc"]
    assert labels[0] == labels[1] != labels[2]
    assert all(text.startswith("own.csv@") and "/" not in text for text in labels)


TOLD = {
    "x,y\n1,2\n": "own.CSV: 1 row, X is 1 column (x), y is the last, y; names in line 1; no cell is missing",
    "1,2,3\n3,4,5\n": "own.CSV: 2 rows, X is 2 columns, y is the last; no line of names; no cell is missing",
    "# a,b,y\n1,2,3\n": "own.CSV: 1 row, X is 2 columns (a, b), y is the last, y; names in line 1; no cell is missing",
}


@pytest.mark.parametrize("text", TOLD)
def test_how_it_was_read_is_told_in_a_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.CSV").write_text(text)
    assert read_data(tmp_path / "own.CSV").told == TOLD[text]


def test_a_flipped_byte_anywhere_is_refused_or_harmless(tmp_path: Path) -> None:
    whole, draw = npz(X=X, y=Y), np.random.default_rng(0)
    for place in draw.integers(0, len(whole), 300):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(draw.integers(8))
        (tmp_path / "own.npz").write_bytes(flipped)
        with contextlib.suppress(ValueError):
            np.testing.assert_array_equal(read_data(tmp_path / "own.npz", room_bytes=1e9).X, X)


@pytest.mark.parametrize(
    ("scale", "dtype", "message"),
    [
        (1e39, "float32", "the largest value is 2e[+]39, and float32 holds 1e-38 to 3e[+]38.*--dtype float64"),
        (1e23, "float32", "a sum of products of X is"),
        (1e-30, "float32", "a sum of products of X is"),
        (1e200, "float64", "a sum of products of X is inf, and float64 holds .*: scale the columns$"),
        (0.0, "float64", "X is 0 in every cell"),
        (1e3, "float32", None),
        (1e23, "float64", None),
    ],
)
def test_what_a_dtype_cannot_hold_is_refused_by_name(scale: float, dtype: str, message: str | None) -> None:
    own = OwnData(X * scale, Y, "own.csv@0", "")
    if message is None:
        check_range(own, dtype, steps=100)
        return
    with pytest.raises(ValueError, match=message):
        check_range(own, dtype)
