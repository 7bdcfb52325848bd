"""Read pages bound into one searchable PDF/A."""
