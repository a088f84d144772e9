"""Layers, one idea a file. See `nnexp.layers.base` for the contract."""
