"""Where examples come from, one idea a file."""
