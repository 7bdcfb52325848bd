"""The routes of programs: REST version 1."""
