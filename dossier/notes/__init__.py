"""Notes 批注 and bookmarks 书签 that people put on pages: no part of the evidence, and never exported with it."""
