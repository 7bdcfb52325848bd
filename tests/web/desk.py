"""A desk for the tests of the web: a window of Chromium at which somebody signs in and works."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

# Where somebody wants to see what the pages look like.
_SHOTS = os.environ.get("EDOSSIER_TEST_SHOTS", "")


class Desk:
    """A desk's browser, 1280×720, and what its console complained of."""

    def __init__(self, browser: Any, address: str) -> None:
        self.page = browser.new_context(
            viewport={"width": 1280, "height": 720}, base_url=address, locale="zh-CN"
        ).new_page()  # fmt: skip
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: Any) -> None:
        # A refusal that the test asks for is reported as an error, too.
        if message.type in ("error", "warning") and "status of" not in message.text:
            self.complaints.append(message.text)

    def sign_in(self, name: str, password: str) -> None:
        self.page.goto("/login")
        self.page.get_by_label("用户名").fill(name)
        self.page.get_by_label("口令").fill(password)
        self.page.get_by_role("button", name="进入").click()

    def shot(self, name: str) -> None:
        if _SHOTS:
            self.page.screenshot(path=Path(_SHOTS) / f"{name}.png")

    def fits(self) -> bool:
        """Whether nothing is cut off at the right."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
