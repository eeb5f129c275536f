"""Pages about runs: ``report.html`` of one, ``compare.html`` of several; made from their folders alone."""
