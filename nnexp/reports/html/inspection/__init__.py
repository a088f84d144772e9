"""The page of `nnexp inspect`."""
