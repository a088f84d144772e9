"""What a user asks of a sweep: a sweep file or the words of a command."""
