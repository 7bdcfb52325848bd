"""Measurements of the search: does it find the page, how fast, and beside what others do."""
