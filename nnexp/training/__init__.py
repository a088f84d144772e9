"""Training: the loop, what it remembers, what it measures, and when it stops."""
