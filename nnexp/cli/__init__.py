"""The command line: one file a command, with its flags, its rendering and its exit codes, and nothing else."""
