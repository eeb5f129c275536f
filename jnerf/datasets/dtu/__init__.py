"""Scans in the format of NeuS: projection matrices and masks."""
