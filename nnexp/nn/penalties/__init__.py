"""Penalties on the size of the weights, one idea a file."""
