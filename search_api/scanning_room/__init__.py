"""The pages of the scanning room."""
