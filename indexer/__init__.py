"""From page text to an index, and from a query to pages; one interface, two engines."""
