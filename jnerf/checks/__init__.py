"""What is wrong with a value, and where it was written; used by registry, schedules and config."""
