"""Many machines: a sweep over a cluster of dask.distributed, whose workers hand orders to an agent on each machine."""
