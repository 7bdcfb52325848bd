"""Backups: snapshots of a home in a folder elsewhere, and the way back."""
