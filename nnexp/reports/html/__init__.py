"""Reports as one offline page, and their figures as files."""
