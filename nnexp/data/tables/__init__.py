"""Tables in csv files."""
