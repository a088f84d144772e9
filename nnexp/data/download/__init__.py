"""Known data sets: where they are published, and fetching them. The only code that uses the network."""
