"""What can be wrong with a spec as a whole, beyond a single value."""
