"""An office at work: a home of 100,000 pages, and how quickly the site answers over it."""
