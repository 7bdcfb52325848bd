"""The text of an upright page, with a place for every character."""
