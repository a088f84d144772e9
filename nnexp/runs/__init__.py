"""The run folder: its layout, files, lock, checkpoints and record."""
