"""Augmentations of the training inputs, one idea a file."""
