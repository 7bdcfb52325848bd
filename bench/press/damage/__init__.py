"""A scanner that does harm: what happens to paper, ink, light and files on the way into a dossier, with exact truth."""

from bench.press.damage.kinds import EMPTY, KINDS, MIX, Scan, damaged

__all__ = ["EMPTY", "KINDS", "MIX", "Scan", "damaged"]
