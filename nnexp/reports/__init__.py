"""From run folders to an answer: variants in a table, and what can be said of their differences."""
