"""Networks of scenes that do not end, and what they share: proposals."""
