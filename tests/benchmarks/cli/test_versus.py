"""`versus` for real, asked about one difference; what its file says afterwards is what it said."""

import sys
from pathlib import Path

import pytest
import real

from linregbench.benchmarks import versus
from linregbench.benchmarks.cli.main import main
from linregbench.benchmarks.grid.options import UsageError
from linregbench.results.runfile.read import read_run

SMALL = ("--method", "gd", "--strategy", "numpy_loop", "--variant", "analytic", "--samples", "50")
SMALL += ("--steps", "20", "--budget", "2m")


def test_an_answer_is_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "versus.jsonl"
    asked = ("versus", "--python", sys.executable, "--more-than", "100%", "--fail-on", "slower,undecided")
    code, out, err = real.run(*asked, *SMALL, "--output", path, cwd=tmp_path)
    assert code == 0, err
    assert out.splitlines()[-1] == "1 within 100%"
    run = read_run(path)
    assert run.header.options["more_than"] == 1.0
    assert [stop.reason.split()[0] for stop in run.stops] == ["answered"]
    assert real.run("compare", path, cwd=tmp_path) == (0, out, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--more-than", "5"), "--more-than takes a percentage such as 5%, above 0 and at most 100%, got '5'"),
        (("--more-than", "5%", "--blocks", "9"), "--more-than stops as soon as the question is answered: leave out"),
    ],
)
def test_a_question_that_cannot_be_asked(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["versus", "HEAD", *arguments])
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_from_a_wheel_it_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versus, "git", lambda *_: None)
    with pytest.raises(UsageError, match=r"is not in a git checkout.*clone linregbench.*or another interpreter"):
        versus.sides(versus.Question("main")).__enter__()
