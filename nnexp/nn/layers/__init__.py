"""Layers, one idea a file. See `nnexp.nn.layers.base` for the contract."""
