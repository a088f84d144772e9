"""The network and its mathematics: layers, losses, penalties, weights, and all of them as one model."""
