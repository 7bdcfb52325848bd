"""What a dossier is: numbers, cases, volumes, documents, pages; where they are kept; and how they are accepted."""
