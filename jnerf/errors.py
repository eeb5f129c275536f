"""The errors a user can cause; the command line prints them without a traceback."""


class JnerfError(Exception):
    """Base of every error that jnerf raises on purpose: the message says what to do."""


class ConfigError(JnerfError):
    """A config file, override or constructor argument is wrong."""


class DataError(JnerfError):
    """A scene's files are missing, broken or contradict each other."""


class CheckpointError(JnerfError):
    """A checkpoint cannot be written, read or does not fit the model."""


class TrainingError(JnerfError):
    """Training cannot go on: a loss term is not finite, or the disk is full."""
