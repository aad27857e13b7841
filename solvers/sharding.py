"""Over many devices: arrays placed in equal shards, and functions run on each device's own shard.

Two ways, told apart by the batch alone: several problems are shared out whole, and one problem has its samples shared
out. `place` pads and shards off the clock, and `spread` finds the devices in the types of the arrays it is given. So a
solver needs no list of devices: it runs where its data lie.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import jax
import numpy as np
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

AXIS = "devices"
Answer = TypeVar("Answer")


def place(arrays: Sequence[np.ndarray], devices: Sequence[Any]) -> tuple[Array, ...]:
    """The arguments of a batched solver, X (b, n, d) first, in one shard for each device.

    b > 1    problems are shared out; copies of the last one fill up the batch, and their answers follow the others
    b = 1    samples are shared out, and the rest is on every device. Samples of zeros fill up n: they add nothing to
             any sum, only to the number that the mean divides by, so the step size makes up for that
    """
    mesh = device_mesh(devices)
    if len(arrays[0]) > 1:
        arrays = [_up_to_multiple(a, 0, len(devices), mode="edge") if a.ndim else a for a in arrays]
    else:
        X, y, *rest = arrays
        wide = _up_to_multiple(X, 1, len(devices), mode="constant")
        if rest:
            rest[1] = rest[1] * (wide.shape[1] / X.shape[1])
        arrays = [wide, _up_to_multiple(y, 1, len(devices), mode="constant"), *rest]
    shardings = [NamedSharding(mesh, spec) for spec in specs(arrays)]
    # on a CPU device_put may hand out the NumPy array's own memory, whatever may_alias says, and look free
    return tuple(jax.device_put(np.array(a), s, may_alias=False) for a, s in zip(arrays, shardings, strict=True))


def device_mesh(devices: Sequence[Any]) -> Mesh:
    """The devices in a row, for the compiler to share out over."""
    # jax.make_mesh would make its axes Explicit, under which linear algebra refuses sharded arrays
    return Mesh(np.asarray(devices), (AXIS,), axis_types=(AxisType.Auto,))


def specs(arrays: Sequence[Any]) -> list[P]:
    """How each argument of a batched solver is shared out, X (b, n, d) first."""
    if len(arrays[0]) > 1:
        return [P(AXIS) if a.ndim else P() for a in arrays]
    return [P(None, AXIS), P(None, AXIS), *(P() for _ in arrays[2:])]


def spread(
    problems: Callable[..., Answer],
    samples: Callable[..., Answer],
    *arrays: Array,
    checked: bool = False,
    **static: Any,
) -> Answer:
    """Run `problems` on each device's problems, or `samples` on each device's samples of the one problem.

    `problems` is a batched solver; `samples` takes one problem's arguments, all alike but X and y, and must give the
    same answer on every device. `checked` has JAX follow what is alike; automatic differentiation goes silently wrong
    without. Arrays that no mesh was given for, on one device, go to `problems` as they are.
    """
    mesh = jax.typeof(arrays[0]).sharding.mesh
    if mesh.empty:
        return problems(*arrays, **static)
    given = tuple(specs(arrays))
    answer: Answer
    if len(arrays[0]) > 1:
        # nothing passes between devices; unchecked, since a loop that ends when its own problems are done has no type
        # that can be checked
        many = partial(problems, **static)
        answer = jax.shard_map(many, mesh=mesh, in_specs=given, out_specs=P(AXIS), check_vma=False)(*arrays)
        return answer

    def alone(*batch: Array) -> Answer:
        found: Answer = jax.tree.map(
            lambda part: part[None], samples(*(a[0] if a.ndim else a for a in batch), **static)
        )
        return found

    answer = jax.shard_map(alone, mesh=mesh, in_specs=given, out_specs=P(), check_vma=checked)(*arrays)
    return answer


def _up_to_multiple(array: np.ndarray, axis: int, of: int, mode: Any) -> np.ndarray:
    """The array with an axis filled up to a multiple; itself where there is nothing to fill."""
    missing = -array.shape[axis] % of
    widths = [(0, missing if axis == i else 0) for i in range(array.ndim)]
    return np.pad(array, widths, mode=mode) if missing else array
