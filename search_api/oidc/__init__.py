"""Signing in at the house's own directory, by OpenID Connect."""
