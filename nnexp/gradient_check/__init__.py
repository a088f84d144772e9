"""The gradient of a configured model, held against differences of its objective."""
