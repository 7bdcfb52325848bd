"""What the tests of the web know of the site that they look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from fastapi import FastAPI
from scanroom import Scanroom
from starlette.testclient import TestClient

from dossier import api_keys, passwords, users
from search_api.app import create_app

PASSWORD = "麦田-4821-风筝"

PAGES = (
    ("被害人林晓禾陈述", "林晓禾的电话是13900004417", "她把钱转入尾号为6620的账户"),
    ("被害人周望舒陈述", "周望舒说合同由何景行经手"),
)


@cache
def _stored() -> str:
    """The password as it is stored; once for all users, since making it takes long on purpose."""
    return passwords.hash_of(PASSWORD)


@dataclass(frozen=True)
class Room:
    """A scanroom, its site, and the ids of the three pages of the invented volume."""

    scanroom: Scanroom
    app: FastAPI
    page_ids: tuple[str, ...]

    def reopened(self) -> Room:
        """The room with a site that was started anew, with the settings of now."""
        scanroom = self.scanroom
        app = create_app(scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD)
        app.state.is_stopping = lambda: True
        return Room(scanroom, app, self.page_ids)

    def client(self) -> TestClient:
        """A browser that nobody has signed in with."""
        return TestClient(self.app, base_url="http://localhost", follow_redirects=False)

    def signed_in(self) -> TestClient:
        client = self.client()
        answer = client.post("/login", data={"password": PASSWORD})
        assert answer.status_code == 303
        return client

    def add_user(self, name: str, role: str, *departments: str) -> None:
        """A user with the password of the room."""
        stored = _stored()
        with self.scanroom.catalogue.writing() as session:
            users.add_user(session, name, role, departments, stored, "test")

    def signed_in_as(self, name: str) -> TestClient:
        client = self.client()
        answer = client.post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303
        return client

    def with_key(self, *scopes: str, departments: tuple[str, ...] = ()) -> TestClient:
        """A program that shows a key."""
        with self.scanroom.catalogue.writing() as session:
            _, secret = api_keys.add_key(session, "办案系统", scopes, departments, "test")
        client = self.client()
        client.headers["Authorization"] = f"Bearer {secret}"
        return client
