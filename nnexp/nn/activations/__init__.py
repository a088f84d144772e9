"""Activations, one idea a file. An activation is a layer that keeps the shape of its input."""
