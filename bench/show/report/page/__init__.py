"""report.html: the whole report of a run in one file."""
