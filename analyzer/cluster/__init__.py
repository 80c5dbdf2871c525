"""One analysis by many machines: a dask.distributed cluster reads captures, each worker one at a time."""
