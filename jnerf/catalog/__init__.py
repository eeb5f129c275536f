"""What there is to choose from: methods, configs and modules, each with one line. Reads sources; builds nothing."""
