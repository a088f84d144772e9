"""Named networks that expand to a list of layers, one idea a file."""
