"""Prints pages of an invented dossier, every line of them known, and scans them: the truth of all measurements."""
