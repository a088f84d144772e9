"""What shows how work goes on: live on a terminal, plain lines elsewhere, nothing if quiet."""
