"""The executor for a Dask cluster."""
