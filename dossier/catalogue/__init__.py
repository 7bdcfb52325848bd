"""The catalogue: the database that says what exists, its state, and who did what. It is the truth."""
