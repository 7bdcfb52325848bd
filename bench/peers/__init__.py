"""Programs that others use for the same job, measured beside ours; each in an environment of its own."""
