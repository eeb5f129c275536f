"""The parts of a run's report; each takes a ``RunData`` and gives HTML, or None where there is nothing to say."""
