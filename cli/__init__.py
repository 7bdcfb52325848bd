"""The `edossier` command: a thin module a command."""
