"""What is to be predicted from a data set, one idea a file."""
