"""Arrays in .npz files."""
