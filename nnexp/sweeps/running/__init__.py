"""Training the planned runs of a sweep."""
