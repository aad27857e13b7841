"""Devices are asked for by name, and one that is not here is an error with a reason, never another device."""

import jax
import numpy as np
import pytest

from linregbench.benchmarks import devices
from linregbench.benchmarks.devices import DeviceError


@pytest.mark.parametrize(
    ("name", "expected"), [("cpu", ("cpu", 0)), ("cuda", ("cuda", 0)), ("cuda:1", ("cuda", 1)), ("tpu:12", ("tpu", 12))]
)
def test_names(name: str, expected: tuple[str, int]) -> None:
    assert devices.parse(name) == expected


@pytest.mark.parametrize("name", ["", "gpu", "CUDA", "cuda:x", "cuda:-1", "cuda:1:2", ":1", "cuda:²"])
def test_what_is_no_device_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=r"unknown device .*: the devices are cpu, cuda, rocm, tpu"):
        devices.parse(name)


def test_the_cpu_is_found() -> None:
    assert devices.find("cpu").platform == "cpu"


def test_an_absent_platform_is_an_error_that_says_what_jax_said() -> None:
    with pytest.raises(DeviceError, match=r"^no rocm device here: \S+"):
        devices.find("rocm")


def test_an_absent_ordinal_is_an_error_that_counts() -> None:
    with pytest.raises(DeviceError, match=r"^no cpu:7 here: there is \d+ cpu device"):
        devices.find("cpu:7")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AssertionError(), "JAX has no such backend"),
        (RuntimeError("Unknown backend cuda.\nAnd more."), "Unknown backend cuda."),
    ],
)
def test_whatever_jax_raises_is_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str) -> None:
    def refuse(_: str) -> None:
        raise error

    monkeypatch.setattr(jax, "devices", refuse)
    with pytest.raises(DeviceError) as refused:
        devices.find("cuda")
    assert str(refused.value).startswith(f"no cuda device here: {reason}; ")


def test_where_a_result_lives() -> None:
    assert devices.where([jax.numpy.ones(2), np.ones(2)]) == {"cpu"}
    assert devices.where(np.ones(2)) == set()


@pytest.mark.parametrize(
    ("threads", "device", "cores"),
    [
        ("1", "cpu", [7]),
        ("2", "cpu", [6, 7]),
        ("all", "cpu", [2, 4, 6, 7]),
        ("99", "cpu", [2, 4, 6, 7]),
        ("1", "cuda", [2, 4, 6, 7]),
        ("1", "cuda:1", [2, 4, 6, 7]),
    ],
)
def test_the_cores_of_a_thread_setting(threads: str, device: str, cores: list[int]) -> None:
    assert devices.cores_for(threads, device, [2, 4, 6, 7]) == cores


def test_cores_that_are_not_known_are_not_pinned() -> None:
    assert devices.cores_for("1", "cpu", []) == []


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "tpu", "rocm"])
def test_an_accelerator_takes_memory_as_needed_and_is_not_named_to_jax(device: str) -> None:
    variables = devices.environment(device)
    assert variables["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert variables["JAX_PLATFORMS"] == ""


def test_a_cpu_process_sees_no_accelerator() -> None:
    assert devices.environment("cpu") == {"JAX_PLATFORMS": "cpu"}
