"""Deeds: what a person of the scanning room does to pages, documents and volumes; each one short transaction."""
