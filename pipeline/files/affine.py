"""Affine maps of the plane, as PDF writes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Affine:
    """The map (x, y) → (a·x + c·y + e, b·x + d·y + f), in the order in which PDF writes a matrix."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def then(self, after: Affine) -> Affine:
        """The map that does this one first and `after` second."""
        origin = after.apply(self.e, self.f)
        return Affine(
            after.a * self.a + after.c * self.b,
            after.b * self.a + after.d * self.b,
            after.a * self.c + after.c * self.d,
            after.b * self.c + after.d * self.d,
            *origin,
        )

    def scaled(self, factor: float) -> Affine:
        """The map whose results are `factor` times as large."""
        return self.then(Affine(factor, 0, 0, factor, 0, 0))

    def operands(self) -> str:
        """The six numbers as they stand before PDF's `cm`."""
        return " ".join(f"{number:.5f}" for number in (self.a, self.b, self.c, self.d, self.e, self.f))

    def apply(self, x: float, y: float) -> tuple[float, float]:
        """Where a point comes to lie."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f
