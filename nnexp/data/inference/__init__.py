"""What an unknown table most likely is: guesses with their reasons, for people to confirm. Training never guesses."""
