"""Prometheus: metrics as text (https://prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4)."""

from __future__ import annotations

from collections.abc import Mapping

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MetricsText:
    """Writes metrics, one family after the other."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def family(self, name: str, kind: str, help_text: str) -> None:
        """Begin a family; `kind` is gauge, counter or histogram. Its samples follow."""
        self._lines += [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]

    def sample(self, name: str, value: float, labels: Mapping[str, str] | None = None) -> None:
        """A sample of the family that was begun."""
        pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in (labels or {}).items())
        self._lines.append(f"{name}{{{pairs}}} {value}" if pairs else f"{name} {value}")

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
