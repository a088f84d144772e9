"""What was wrong with a run, or was not, from what it recorded: each finding with its numbers and what to try."""
