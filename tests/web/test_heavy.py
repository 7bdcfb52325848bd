"""Heavy answers wait for each other in line; what is light passes by."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI
from starlette.testclient import TestClient

from search_api.heavy import AT_A_TIME, heavy

_PATIENCE = 30.0


def test_two_heavy_answers_are_made_at_a_time_and_a_light_one_meanwhile() -> None:
    app = FastAPI()
    begun, may_end = threading.Semaphore(0), threading.Event()
    at_once = [0, 0]
    lock = threading.Lock()

    @app.get("/heavy/{number}")
    @heavy
    def search(number: int) -> int:
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
        begun.release()
        assert may_end.wait(_PATIENCE)
        with lock:
            at_once[0] -= 1
        return number

    @app.get("/light")
    def light() -> str:
        return "here"

    with TestClient(app) as client, ThreadPoolExecutor(6) as people:
        asked = [people.submit(client.get, f"/heavy/{number}") for number in range(6)]
        for _ in range(AT_A_TIME):
            assert begun.acquire(timeout=_PATIENCE)
        assert client.get("/light").json() == "here"
        assert not any(one.done() for one in asked)
        may_end.set()
        assert [one.result(_PATIENCE).json() for one in asked] == list(range(6))
    assert at_once[1] == AT_A_TIME
