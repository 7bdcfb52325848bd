"""The header Idempotency-Key, as every route takes it that does something once however often it is asked."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

IDEMPOTENCY_KEY = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="the caller's own name for this request: repeated with it, the request is answered, not done again",
    ),
]
