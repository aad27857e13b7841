"""What a person sees before anything is measured: the name alone, the help of every command, names put right."""

import re
import shlex

import click
import pytest
from click.shell_completion import get_completion_class

from linregbench.benchmarks.cli.help import GROUPS, NAME, Command, Option
from linregbench.benchmarks.cli.main import cli, main
from linregbench.benchmarks.grid.options import RunOptions, UsageError, nearest

COMMANDS = sorted(cli.commands)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command prints; it ends well."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert not ended.value.code
    out, err = capsys.readouterr()
    assert err == ""
    return out


def parsed(arguments: list[str]) -> click.Context:
    """The command of these arguments with its options checked, not run. Raises click's errors."""
    name, command, rest = cli.resolve_command(click.Context(cli), list(arguments))
    assert command is not None
    return command.make_context(name, rest)


def test_the_name_alone_says_what_it_is_and_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys)
    commands = re.findall(rf"^  {NAME} (.+?)   ", out, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        assert parsed(shlex.split(command))
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_two_commands_that_work(capsys: pytest.CaptureFixture[str], name: str) -> None:
    out = printed(capsys, name, "--help")
    command = cli.commands[name]
    assert isinstance(command, Command)
    assert len(command.examples) == 2
    for example in command.examples:
        assert f"\n  {NAME} {example}\n" in out
        words = shlex.split(example)
        assert words[0] == name
        if "--help" not in words:
            assert parsed(words).info_name == name


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_has_its_group_its_default_and_an_example(name: str) -> None:
    for option in cli.commands[name].params:
        if isinstance(option, click.Argument):
            continue
        assert isinstance(option, Option)
        assert option.group in GROUPS[:-1], option.name
        assert any(flag in option.example for flag in option.opts), option.name
        assert option.help
        record = option.get_help_record(click.Context(cli.commands[name]))
        assert record is not None
        assert option.required or "default: " in record[1], option.name


def test_the_help_of_run_stands_in_groups(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = printed(capsys, "run", "--help")
    assert re.findall(r"^(\w[\w ]*):$", out, re.MULTILINE) == [*GROUPS, "Examples"]
    assert max(map(len, out.splitlines())) <= 80
    assert out.index("How long:") < out.index("--budget") < out.index("Output:")


def test_every_command_is_in_a_section_and_its_short_help_is_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert sorted(name for names in cli.sections.values() for name in names) == COMMANDS
    assert "..." not in printed(capsys, "--help").partition("Options:")[2]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ("rn", "Did you mean 'run'"),
        ("run --strateggy jax_scan", "'--strategy'"),
        ("run --preset smok", "did you mean smoke?"),
        ("run --strategy jax_scna", "did you mean jax_scan?"),
        ("run --device gpu", "did you mean cuda?"),
        ("run --device CUDA", "did you mean cuda?"),
        ("run --dtype float", "did you mean float"),
        ("inspect --target h10", "did you mean h100?"),
    ],
)
def test_a_refused_name_names_the_nearest(capsys: pytest.CaptureFixture[str], arguments: str, meant: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments.split())
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert meant in err


def test_what_is_near_nothing_has_no_suggestion() -> None:
    with pytest.raises(UsageError) as refused:
        RunOptions(preset="xylophone")
    assert "did you mean" not in str(refused.value)


@pytest.mark.parametrize(("said", "meant"), [("JAX_SCAN", "jax_scan"), ("autodif", "autodiff"), ("scan", "jax_scan")])
def test_case_and_letters_left_out_matter_little(said: str, meant: str) -> None:
    assert nearest(said, ("jax_scan", "numpy_loop", "autodiff")) == f"; did you mean {meant}?"


def test_the_python_door_names_the_nearest_too() -> None:
    with pytest.raises(UsageError, match=r"unknown option 'sample': .*; did you mean samples\?"):
        RunOptions.of("quick", {"sample": 10})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "incomplete", "expected"),
    [
        ("", "ver", ["versus"]),
        ("run", "--cpu", ["--cpu-devices"]),
        ("run --preset", "s", ["smoke", "standard"]),
        ("run --strategy", "jax_s", ["jax_scan", "jax_sharded"]),
        ("run --strategy", "jax_scan,numpy", ["jax_scan,numpy_loop", "jax_scan,numpy_stacked"]),
        ("run --strategy", "numpy_loop,numpy", ["numpy_loop,numpy_stacked"]),
        ("versus main --variant", "au", ["autodiff"]),
        ("run --device", "cu", ["cuda"]),
        ("run --dtype", "float32,", ["float32,float64"]),
        ("table FILE --columns", "strategy,time_p", ["strategy,time_per_problem_s"]),
        ("inspect --target", "h1", ["h100"]),
    ],
)
def test_names_are_completed(shell: str, line: str, incomplete: str, expected: list[str]) -> None:
    kind = get_completion_class(shell)
    assert kind is not None
    completer = kind(cli, {}, NAME, "_LINREGBENCH_COMPLETE")
    offered = completer.get_completions(line.split(), incomplete)
    assert [item.value for item in offered] == expected


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_no_help_shows_a_default_that_nobody_could_type(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main([name, "--help"], standalone_mode=False)
    assert "UNSET" not in capsys.readouterr().out
