"""The one list of fields: complete, in plain words, and in agreement with the records that hold them."""

import dataclasses

import msgspec

from linregbench.results import fields
from linregbench.results.fields import CASE_KEYS, COLUMNS, ESTIMATE, FIELDS, MEASURED, RATIO, WINNER_RATIO, WORKLOAD
from linregbench.results.runfile.records import Case, Measurement
from linregbench.results.runfile.schema import Whole
from linregbench.results.stats.estimates import Estimate
from linregbench.results.stats.ratios import Ratio
from linregbench.solvers.problem import Workload


def test_every_field_is_told_once_in_a_sentence() -> None:
    names = [field.name for field in FIELDS]
    assert len(set(names)) == len(names)
    for field in FIELDS:
        assert field.words.endswith(".")
        assert field.unit == {"s": "s", "bytes": "bytes"}.get(field.name.rpartition("_")[2], field.unit)
        assert not field.over_blocks or field.told_by_worker


def test_the_records_have_the_fields() -> None:
    """A run has a hundred thousand measurements, so they are a struct with types of its own."""
    types = {field.name: field.type for field in msgspec.structs.fields(Measurement)}
    for name, field in MEASURED.items():
        assert types[name] == (Whole if field.kind is int else field.kind) | None, name
    known = {"block", "group", "role", "workload", "backend", "compiled", "batched", "environment", "status", "reason"}
    known |= {"operations", "beside", "processes_left"}
    known |= {"samples_s", "rounds", "waits_s", "switches", "seat", "findings", "guards_left_out", "overhead_s"}
    assert types.keys() - MEASURED.keys() - set(CASE_KEYS) <= known
    assert all(types[name] is str for name in CASE_KEYS)
    assert [field.name for field in dataclasses.fields(Case)][:2] == ["problem", "dtype"]
    assert {field.name for field in dataclasses.fields(Case)} == {"problem", "dtype", *CASE_KEYS}


def test_the_estimates_have_the_fields() -> None:
    assert set(ESTIMATE) <= {field.name for field in dataclasses.fields(Estimate)} | {"launch_gap_s"}  # a property
    of_ratio = {field.name for field in dataclasses.fields(Ratio)}
    assert {*RATIO.values(), *WINNER_RATIO.values()} <= of_ratio


def test_a_workload_is_what_the_solvers_are_given() -> None:
    assert set(WORKLOAD) == {field.name for field in dataclasses.fields(Workload)}


def test_what_follows_from_the_fields() -> None:
    assert fields.FIRST_RESULT == ("transfer_s", "trace_s", "lower_s", "compile_s", "first_call_s")
    assert set(fields.CONTEST_KEYS) == {"run", "threads", "environment", "cache", *WORKLOAD}
    assert {*fields.MEDIANS, *fields.LARGEST} == set(MEASURED) & set(COLUMNS)
