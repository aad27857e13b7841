"""A person's own data: read as they are, or refused in one line; never code that runs."""

import io
import os
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linregbench.benchmarks.worker.data import label, read_data

X = np.array([[1.0, 0.5], [1.0, -2.0], [1.0, 3e-3]])
Y = np.array([1.0, 2.0, -3.5])
ROWS = "1,0.5,1\n1,-2,2\n1,3e-3,-3.5\n"


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32"])
def test_npz(tmp_path: Path, dtype: str) -> None:
    np.savez(tmp_path / "own.npz", X=X.astype(dtype), y=Y.astype(dtype), other="is left alone")
    found_X, found_y = read_data(tmp_path / "own.npz")
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
    found_X, found_y = read_data(str(tmp_path / "own.csv"))
    np.testing.assert_array_equal(found_X, X)
    np.testing.assert_array_equal(found_y, Y)
    assert found_X.flags.c_contiguous
    assert found_y.flags.c_contiguous


def test_a_byte_order_mark_does_not_cost_a_row(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(ROWS, encoding="utf-8-sig")
    found_X, _ = read_data(tmp_path / "own.csv")
    np.testing.assert_array_equal(found_X, X)


def test_one_row_is_enough_to_read(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("1,2,3\n")
    found_X, found_y = read_data(tmp_path / "own.csv")
    assert (found_X.shape, found_y.shape) == ((1, 2), (1,))


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
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
    "NaN in csv": ("own.csv", b"1,nan\n2,3\n", "must be finite"),
    "not UTF-8": ("own.csv", b"\xff\xfe1,2\n", "not a table of numbers"),
    "null bytes": ("own.csv", b"\x00" * 64, "own.csv"),
    "another kind": ("own.txt", ROWS.encode(), "data are read from .npz .* or .csv"),
    "no kind": ("own", ROWS.encode(), "data are read from .npz .* or .csv"),
}


@pytest.mark.filterwarnings("ignore:loadtxt")
@pytest.mark.parametrize(("name", "content", "message"), BAD.values(), ids=BAD)
def test_a_malformed_file_is_named_with_what_is_wrong(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as refused:
        read_data(tmp_path / name)
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
    labels = [label(tmp_path / folder / "own.csv") for folder in "abc"]
    assert labels[0] == labels[1] != labels[2]
    assert all(text.startswith("own.csv@") and "/" not in text for text in labels)
