"""Numbers as text, tables and line plots: what benchmark records, reports of runs and their comparison share."""
