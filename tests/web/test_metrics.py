"""Metrics: what Prometheus reads."""

from __future__ import annotations

import re
import time

from site_under_test import Room
from sqlalchemy import update

from dossier import audit
from dossier.catalogue.tables import FixityFault, Work

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+]+)')


def read(text: str) -> dict[tuple[str, str], float]:
    """The samples of a text, by name and labels; every line must be one, or belong to a family."""
    samples, families = {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            families.add(line.split()[2])
        elif not line.startswith("# HELP "):
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert re.sub("_(bucket|sum|count)$", "", match[1]) in families or match[1] in families, line
            samples[match[1], match[2] or ""] = float(match[3])
    return samples


def test_the_metrics_say_what_waits_and_how_old_it_is(room: Room) -> None:
    with room.scanroom.catalogue.writing() as session:
        session.execute(update(Work).values(created_at=time.time() - 600, updated_at=time.time() - 500))
    answer = room.with_key("read").get("/api/v1/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = read(answer.text)
    assert samples["edossier_pages", 'state="searchable"'] == 2
    assert samples["edossier_pages", 'state="waiting"'] == 1
    assert samples["edossier_queue", 'kind="read"'] == 3
    assert 500 <= samples["edossier_oldest_work_seconds", 'kind="read"'] < 560
    assert samples["edossier_disk_free_bytes", ""] > 0


def test_the_metrics_say_what_is_wrong_in_the_vault_and_when_it_was_looked_at(room: Room) -> None:
    program = room.with_key("read")
    before = read(program.get("/api/v1/metrics").text)
    assert before["edossier_vault_faults", 'kind="missing"'] == 0
    assert ("edossier_verify_age_seconds", "") not in before
    with room.scanroom.catalogue.writing() as session:
        session.add(FixityFault(place="originals/x", kind="missing", subject="x", detail="original"))
        audit.record(session, "verify", "home", "", "run", faults=1, unchecked=4, pages=3)
        audit.record(session, "backup", "home", "", "cli:test", snapshot="000001-x", objects=3, missing=0)

    samples = read(program.get("/api/v1/metrics").text)

    assert samples["edossier_vault_faults", 'kind="missing"'] == 1
    assert (samples["edossier_verify_faults", ""], samples["edossier_verify_unchecked", ""]) == (1, 4)
    assert 0 <= samples["edossier_verify_age_seconds", ""] < 120
    assert 0 <= samples["edossier_backup_age_seconds", ""] < 120


def test_requests_are_counted_by_route_and_never_by_what_was_asked_for(room: Room) -> None:
    program = room.with_key("read")
    page_id = room.page_ids[0]
    for _ in range(3):
        program.get(f"/api/v1/pages/{page_id}/text")
    program.get("/api/v1/pages/p0/text")
    for invented in ("a", "b"):
        program.request(invented.upper() * 3, f"/{invented}")
    text = program.get("/api/v1/metrics").text

    samples = read(text)
    route = 'method="GET",route="/api/v1/pages/{page_id}/text"'
    assert samples["edossier_requests_total", f'{route},status="200"'] == 3
    assert samples["edossier_requests_total", f'{route},status="404"'] == 1
    assert samples["edossier_request_seconds_count", route] == 4
    assert samples["edossier_request_seconds_bucket", f'{route},le="+Inf"'] == 4
    assert sum(value for (name, labels), value in samples.items() if 'route="none"' in labels and "_count" in name) == 2
    assert page_id not in text
    buckets = [value for (name, labels), value in samples.items() if name.endswith("_bucket") and route in labels]
    assert buckets == sorted(buckets)


def test_metrics_are_of_what_the_key_sees(room: Room) -> None:
    samples = read(room.with_key("read", departments=("第九检察部",)).get("/api/v1/metrics").text)
    assert samples["edossier_pages", 'state="searchable"'] == 0
    assert not [labels for name, labels in samples if name in ("edossier_queue", "edossier_oldest_work_seconds")]
    assert room.client().get("/api/v1/metrics").status_code == 401
