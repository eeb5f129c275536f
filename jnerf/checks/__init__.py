"""What constructors accept, what is wrong with a value, and where it was written."""
