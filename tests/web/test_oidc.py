"""Signing in at the house's own directory, by OpenID Connect: a provider that is honest, wrong, away, or slow."""

from __future__ import annotations

import html
import logging
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    new_key,
    providing,
    signed_with_public_key,
    unsigned,
)
from site_under_test import PASSWORD, Room
from sqlalchemy import select
from starlette.testclient import TestClient

from dossier import users
from dossier.catalogue.tables import AuditRow
from dossier.settings import Settings
from dossier.viewers import ADMIN, CHECKER, OPERATOR, PROSECUTOR
from search_api.app import create_app
from search_api.oidc.conversation import Conversation
from search_api.oidc.provider import Provider
from search_api.oidc.ticket import GOOD_SECONDS, Tickets


@pytest.fixture(scope="module")
def the_provider() -> Iterator[IdentityProvider]:
    with providing() as provider:
        yield provider


@pytest.fixture
def provider(the_provider: IdentityProvider) -> IdentityProvider:
    """The provider, honest again."""
    the_provider.key, the_provider.claims, the_provider.forge = FIRST_KEY, {}, the_provider.signed
    the_provider.hangs, the_provider.issuer_said, the_provider.names_issuer = 0.0, "", False
    the_provider.listed, the_provider.exchanged = {}, []
    return the_provider


FIRST_KEY, SECOND_KEY = new_key("first"), new_key("second")


class House:
    """A site whose users sign in at a provider."""

    def __init__(self, room: Room, provider: IdentityProvider, **more: Any) -> None:
        self.room, self.provider = room, provider
        self.settings = Settings(
            **{
                "public_address": "http://localhost", "oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID,
                "oidc_client_secret": CLIENT_SECRET, **more,
            }
        )  # fmt: skip
        scanroom = room.scanroom
        self.app = create_app(
            scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD, settings=self.settings
        )

    def browser(self) -> TestClient:
        return TestClient(self.app, "http://localhost", follow_redirects=False)

    def sign_in(self, browser: TestClient, name: str = "傅溪", target: str = "/board") -> Any:
        """The whole way, and the answer at its end."""
        return browser.get(self.provider.sign_in(self.started(browser, target), name))

    def started(self, browser: TestClient, target: str = "/board") -> str:
        """Where the browser is sent to sign in."""
        answer = browser.get("/login/oidc", params={"next": target})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


@pytest.fixture
def house(room: Room, provider: IdentityProvider) -> Iterator[House]:
    room.add_user("傅溪", OPERATOR)
    house = House(room, provider)
    yield house
    house.app.state.site.looks.close()


def is_in(browser: TestClient) -> bool:
    return browser.get("/board").status_code == 200


def test_who_has_signed_in_there_is_the_user_of_that_name_here(house: House) -> None:
    browser = house.browser()
    assert 'href="/login/oidc?next=/board"' in browser.get("/login?next=/board").text
    answer = house.sign_in(browser)
    assert answer.status_code == 200
    assert 'content="0; url=/board"' in answer.text, "a page, since a redirect would come without the session's cookie"
    assert "傅溪" in browser.get("/board").text
    with house.room.scanroom.catalogue.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.deed == "sign_in")).one()
        assert (row.actor, row.details) == ("傅溪", {"address": "testclient", "by": "oidc"})


def test_what_is_sent_is_a_code_flow_with_pkce_state_and_nonce_and_no_secret(house: House) -> None:
    address = house.started(house.browser())
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["redirect_uri"] == "http://localhost/login/oidc/back"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert CLIENT_SECRET not in address
    another = parse_qs(urlsplit(house.started(house.browser())).query)
    assert another["state"][0] != asked["state"]
    assert another["nonce"][0] != asked["nonce"]


def test_the_password_goes_on_to_open_beside_it(house: House) -> None:
    browser = house.browser()
    assert browser.post("/login", data={"name": "傅溪", "password": PASSWORD}).status_code == 303
    assert is_in(browser)


def test_without_the_setting_there_is_no_such_way_in(room: Room) -> None:
    room.add_user("傅溪", OPERATOR)
    assert "/login/oidc" not in room.client().get("/login").text
    for path in ("/login/oidc", "/login/oidc/back?code=a&state=b"):
        assert room.client().get(path).status_code == 404


@pytest.mark.parametrize("name", ["无此人", "邬怀青", "machine", ""])
def test_who_is_no_user_here_is_told_so_and_nobody_is_made(house: House, name: str) -> None:
    house.room.add_user("邬怀青", PROSECUTOR)
    with house.room.scanroom.catalogue.writing() as session:
        users.disable_user(session, users.user_named(session, "邬怀青"), "test")
    browser = house.browser()
    answer = house.sign_in(browser, name)
    assert answer.status_code == 403
    assert ("请找管理员" if name else "oidc_claim") in answer.text
    assert not is_in(browser)
    with house.room.scanroom.catalogue.reading() as session:
        assert [user.name for user in users.all_users(session)] == ["傅溪", "邬怀青"]


def broken(**claims: Any) -> dict[str, Any]:
    return {"claims": claims}


WRONG: dict[str, Any] = {
    "nonce of another": broken(nonce="x" * 43),
    "no nonce": broken(nonce=None),
    "another audience": broken(aud="payroll"),
    "among several audiences, given to another": broken(aud=[CLIENT_ID, "payroll"], azp="payroll"),
    "several audiences, and not said to whom": broken(aud=[CLIENT_ID, "payroll"]),
    "another issuer": broken(iss="https://elsewhere.example"),
    "expired": broken(exp=int(time.time()) - 600),
    "no end": broken(exp=None),
    "not yet": broken(iat=int(time.time()) + 6000),
    "of nobody": broken(sub=""),
    "signed by nobody": {"forge": unsigned},
    "signed with the public key": {"forge": signed_with_public_key(FIRST_KEY)},
    "signed with a key that is not published": {"forge": lambda claims: signed_by(SECOND_KEY, claims)},
    "signed with another key under the published name": {"forge": lambda claims: signed_by(FORGED_KEY, claims)},
    "no token": {"forge": lambda claims: "a.b.c"},
}
FORGED_KEY = new_key("first")


def signed_by(key: Any, claims: dict[str, Any]) -> str:
    from joserfc import jwt

    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key, algorithms=["RS256"])


@pytest.mark.parametrize("how", sorted(WRONG))
def test_a_token_that_is_wrong_lets_nobody_in(house: House, provider: IdentityProvider, how: str) -> None:
    for name, value in WRONG[how].items():
        setattr(provider, name, value)
    browser = house.browser()
    answer = house.sign_in(browser)
    assert answer.status_code == 403
    assert "没有通过核对" in answer.text
    assert "edossier_session" not in answer.headers.get("set-cookie", "")
    assert not is_in(browser)


def test_a_code_is_taken_from_the_browser_that_began_and_once(house: House, provider: IdentityProvider) -> None:
    browser, other = house.browser(), house.browser()
    back = provider.sign_in(house.started(browser), "傅溪")
    house.started(other)
    assert other.get(back).status_code == 400, "somebody else's code would sign in as somebody else"
    assert house.browser().get(back).status_code == 400
    cookie = browser.cookies["edossier_sign_in"]
    assert browser.get(back).status_code == 200
    browser.post("/logout")
    browser.cookies.set("edossier_sign_in", cookie, path="/login/oidc")
    assert browser.get(back).status_code == 400, "replayed"
    assert not is_in(browser)
    assert len(provider.exchanged) == 1


@pytest.mark.parametrize(
    "back", ["?code=a", "?state=b&code=a", "?error=access_denied&state=b", "", "?state=%00&code=%00"]
)
def test_who_comes_back_without_having_begun_comes_not_in(house: House, back: str) -> None:
    browser = house.browser()
    house.started(browser)
    assert browser.get(f"/login/oidc/back{back}").status_code == 400
    assert not is_in(browser)


def test_a_refusal_at_the_provider_and_another_issuers_answer_are_told(
    house: House, provider: IdentityProvider
) -> None:
    browser = house.browser()
    state = parse_qs(urlsplit(house.started(browser)).query)["state"][0]
    refused = browser.get("/login/oidc/back", params={"error": "access_denied", "state": state})
    assert (refused.status_code, "没有完成" in refused.text) == (403, True)
    back = provider.sign_in(house.started(browser), "傅溪")
    assert browser.get(f"{back}&iss=https://elsewhere.example").status_code == 403
    assert not is_in(browser)


def test_a_provider_that_says_whose_each_answer_is_is_not_believed_without(
    room: Room, provider: IdentityProvider
) -> None:
    provider.names_issuer = True
    room.add_user("傅溪", OPERATOR)
    house = House(room, provider)
    browser = house.browser()
    back = provider.sign_in(house.started(browser), "傅溪")
    assert (browser.get(back).status_code, is_in(browser)) == (403, False)
    back = provider.sign_in(house.started(browser), "傅溪")
    assert browser.get(f"{back}&iss={provider.issuer}").status_code == 200
    assert is_in(browser)
    house.app.state.site.looks.close()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\r\nx"]
)
def test_it_never_leads_to_another_site(house: House, target: str) -> None:
    browser = house.browser()
    answer = house.sign_in(browser, target=target)
    assert re.findall(r'url=([^"]*)"', answer.text) == ["/"]


def test_who_wanted_to_go_on_too_far_for_a_cookie_comes_in_all_the_same(house: House) -> None:
    browser = house.browser()
    answer = house.sign_in(browser, target="/?q=" + "%E6%9E%97" * 400)
    assert (re.findall(r'url=([^"]*)"', answer.text), is_in(browser)) == (["/"], True)


def test_a_target_with_marks_of_html_stays_text(house: House) -> None:
    answer = house.sign_in(house.browser(), target='/?q="><script>')
    assert "<script>" not in answer.text
    assert html.unescape(re.findall(r'url=([^"]*)"', answer.text)[0]) == '/?q="><script>'


def test_whoever_opened_another_name_of_the_site_is_brought_to_its_own_first(house: House) -> None:
    browser = TestClient(house.app, "http://127.0.0.1", follow_redirects=False)
    answer = browser.get("/login/oidc?next=/board")
    assert answer.headers["location"] == "http://localhost/login/oidc?moved=true&next=%2Fboard"
    again = browser.get("/login/oidc?next=/board&moved=true")
    assert again.headers["location"].startswith(house.provider.issuer), "not round in circles behind a proxy"


def test_the_site_answers_under_its_public_name(room: Room, provider: IdentityProvider) -> None:
    house = House(room, provider, public_address="https://dossier.example")
    browser = TestClient(house.app, "https://dossier.example", follow_redirects=False)
    asked = parse_qs(urlsplit(house.started(browser)).query)
    assert asked["redirect_uri"] == ["https://dossier.example/login/oidc/back"]
    assert "Secure" in browser.get("/login/oidc").headers["set-cookie"]
    assert TestClient(house.app, "https://other.example").get("/login").status_code == 400


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_new_key_of_the_provider_is_fetched_when_it_is_used(house: House, provider: IdentityProvider) -> None:
    clock = Clock()
    object.__setattr__(house.app.state.site, "provider", Provider(house.settings, clock=clock))
    for _ in range(2):
        assert house.sign_in(house.browser()).status_code == 200
    assert provider.listed["/house/keys"] == 1, "kept"
    assert provider.listed["/house/.well-known/openid-configuration"] == 1
    provider.key = SECOND_KEY
    clock.now += 60
    assert house.sign_in(house.browser()).status_code == 200
    assert provider.listed["/house/keys"] == 2
    provider.forge = lambda claims: signed_by(new_key("third"), claims)
    for _ in range(3):
        assert house.sign_in(house.browser()).status_code == 403
    assert provider.listed["/house/keys"] == 2, "who sends unknown names does not make us ask each time"


def test_a_provider_that_is_away_is_said_and_the_password_opens(room: Room, provider: IdentityProvider) -> None:
    room.add_user("傅溪", OPERATOR)
    # Nobody listens at this port.
    house = House(room, provider, oidc_issuer="http://127.0.0.1:9")
    browser = house.browser()
    answer = browser.get("/login/oidc")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert "用户名和口令" in answer.text
    assert browser.post("/login", data={"name": "傅溪", "password": PASSWORD}).status_code == 303


def test_a_provider_that_answers_for_another_is_not_believed(house: House, provider: IdentityProvider) -> None:
    provider.issuer_said = "https://elsewhere.example"
    assert house.browser().get("/login/oidc").status_code == 503


def test_a_provider_that_never_ends_its_answer_is_given_up(house: House, provider: IdentityProvider) -> None:
    # Each byte comes in time; all of them would take longer than this test may.
    provider.hangs = 0.2
    hurried = Provider(house.settings, Conversation(most_seconds=0.5))
    object.__setattr__(house.app.state.site, "provider", hurried)
    assert house.browser().get("/login/oidc").status_code == 503


def test_what_goes_wrong_is_logged_without_secrets(
    house: House, provider: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        house.sign_in(house.browser())
        provider.claims = {"aud": "payroll"}
        house.sign_in(house.browser())
    told = caplog.text
    assert "for another client" in told
    sent = {form["code"] for form in provider.exchanged} | {form["code_verifier"] for form in provider.exchanged}
    # The test's own browser logs the addresses that it goes to, as no server does.
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("search_api"))
    assert [secret for secret in (CLIENT_SECRET, *sent) if secret in ours] == []
    assert CLIENT_SECRET not in told
    assert CLIENT_SECRET not in repr(house.settings)


def test_a_wrong_secret_is_said_to_the_administrator_and_not_to_the_browser(
    room: Room, provider: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    room.add_user("傅溪", OPERATOR)
    answer = House(room, provider, oidc_client_secret="another-secret")
    told = answer.sign_in(answer.browser())
    assert told.status_code == 503
    assert "invalid_client" not in told.text
    assert "invalid_client" in caplog.text


# Names and roles


def test_an_address_counts_where_the_provider_has_verified_it(room: Room, provider: IdentityProvider) -> None:
    room.add_user("fu@house.example", OPERATOR)
    house = House(room, provider, oidc_claim="email")
    assert parse_qs(urlsplit(house.started(house.browser())).query)["scope"] == ["openid profile email"]
    for verified, status in ((None, 403), (False, 403), (True, 200)):
        provider.claims = {"email": "fu@house.example", "email_verified": verified}
        assert house.sign_in(house.browser()).status_code == status


def test_roles_come_from_the_provider_only_where_the_settings_say_so(room: Room, provider: IdentityProvider) -> None:
    room.add_user("傅溪", OPERATOR)
    room.add_user("闵榆", ADMIN)
    provider.claims = {"groups": ["staff", "checkers"]}

    def role(name: str) -> str:
        with room.scanroom.catalogue.reading() as session:
            return users.user_named(session, name).role

    plain = House(room, provider)
    plain.sign_in(plain.browser())
    assert role("傅溪") == OPERATOR
    mapped = House(room, provider, oidc_role_claim="groups", oidc_roles="prosecutor=dept1, checker=checkers")
    for name in ("傅溪", "闵榆"):
        assert mapped.sign_in(mapped.browser(), name).status_code == 200
    assert (role("傅溪"), role("闵榆")) == (CHECKER, ADMIN)
    provider.claims = {"groups": "unknown"}
    mapped.sign_in(mapped.browser())
    assert role("傅溪") == CHECKER, "who is in no group keeps what they have"


# Tickets


def test_a_ticket_is_good_for_ten_minutes_at_the_house_that_gave_it() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    ticket, cookie = tickets.new("/board")
    assert Tickets(clock).take(cookie, ticket.state) is None
    for wrong in (cookie[:-1], cookie[1:], "", ".", "é." + cookie, cookie + "."):
        assert tickets.take(wrong, ticket.state) is None
    assert tickets.take(cookie, ticket.nonce) is None
    clock.now += GOOD_SECONDS + 1
    assert tickets.take(cookie, ticket.state) is None
    clock.now -= 2
    assert tickets.take(cookie, ticket.state) == ticket
    assert tickets.take(cookie, ticket.state) is None
