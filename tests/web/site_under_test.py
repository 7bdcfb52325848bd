"""What the tests of the web know of the site that they look at."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI
from scanroom import Scanroom
from starlette.testclient import TestClient

PASSWORD = "麦田-4821-风筝"

PAGES = (
    ("被害人林晓禾陈述", "林晓禾的电话是13900004417", "她把钱转入尾号为6620的账户"),
    ("被害人周望舒陈述", "周望舒说合同由何景行经手"),
)


@dataclass(frozen=True)
class Room:
    """A scanroom, its site, and the ids of the three pages of the invented volume."""

    scanroom: Scanroom
    app: FastAPI
    page_ids: tuple[str, ...]

    def client(self) -> TestClient:
        """A browser that nobody has signed in with."""
        return TestClient(self.app, base_url="http://localhost", follow_redirects=False)

    def signed_in(self) -> TestClient:
        client = self.client()
        answer = client.post("/login", data={"password": PASSWORD})
        assert answer.status_code == 303
        return client
