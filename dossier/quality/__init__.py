"""Quality 质检: a volume is made, handed in, checked by another person, approved or refused, its paper given back."""
