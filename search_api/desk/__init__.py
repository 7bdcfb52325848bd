"""The pages of the prosecutor's desk."""
