"""Metrics for Prometheus: what waits, how fast it goes, how old the oldest is, and how the site answers."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from dossier.backup.taking import last_backup
from dossier.status import Status, oldest_work, status_of
from dossier.verifications import Verified, faults_by_kind, last_verified
from dossier.webhooks import all_webhooks
from search_api.request_times import BOUNDS, RequestTimes
from search_api.rest.prometheus import MEDIA_TYPE, MetricsText
from search_api.site import TheSite, TheViewer
from search_api.troubles import troubles_of

router = APIRouter()


@router.get(
    "/api/v1/metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"example": 'edossier_pages{state="searchable"} 212\n'}}}},
)
def metrics(site: TheSite, viewer: TheViewer) -> Response:
    """The metrics, as Prometheus reads them; pages and work are those of cases within sight."""
    with site.catalogue.reading() as session:
        status = status_of(session, viewer)
        oldest = oldest_work(session, viewer)
        backed_up = last_backup(session)
        verified, wrong = last_verified(session), faults_by_kind(session)
        hooks = Counter(
            "dead" if hook.dead else "failing" if hook.attempts else "well" for hook in all_webhooks(session)
        )
    text = MetricsText()
    _write_status(text, status)
    text.family("edossier_oldest_work_seconds", "gauge", "How long the oldest piece of work has waited, by kind.")
    now = time.time()
    for kind, since in sorted(oldest.items()):
        text.sample("edossier_oldest_work_seconds", round(max(now - since, 0.0), 1), {"kind": kind})
    disk = shutil.disk_usage(site.home.root)
    text.family("edossier_disk_free_bytes", "gauge", "Free space on the disk of the home folder.")
    text.sample("edossier_disk_free_bytes", disk.free)
    text.family("edossier_disk_bytes", "gauge", "Size of the disk of the home folder.")
    text.sample("edossier_disk_bytes", disk.total)
    text.family("edossier_degraded", "gauge", "Whether a part cannot do its work: disk_low, engine_away.")
    for reason, stands in troubles_of(site).items():
        text.sample("edossier_degraded", int(stands), {"reason": reason})
    text.family("edossier_webhooks", "gauge", "Addresses that changes are sent to: well, failing, dead (given up).")
    for state in ("well", "failing", "dead"):
        text.sample("edossier_webhooks", hooks[state], {"state": state})
    _write_verified(text, verified, wrong, now)
    if backed_up is not None:
        text.family("edossier_backup_age_seconds", "gauge", "Time since the last backup.")
        text.sample("edossier_backup_age_seconds", round(max(now - backed_up[0], 0.0), 1))
    _write_requests(text, site.request_times)
    return PlainTextResponse(str(text), media_type=MEDIA_TYPE)


def _write_status(text: MetricsText, status: Status) -> None:
    for name, what, counts in (("pages", "Pages", status.pages), ("files", "Files", status.files)):
        text.family(f"edossier_{name}", "gauge", f"{what} by state.")
        for state, count in counts.items():
            text.sample(f"edossier_{name}", count, {"state": state})
    text.family("edossier_queue", "gauge", "Pieces of work that wait or are being done, by kind.")
    for kind, count in sorted(status.queue.items()):
        text.sample("edossier_queue", count, {"kind": kind})
    for name, help_text, value in (
        ("edossier_outbox", "Pages whose index entry is still to be written.", status.outbox),
        ("edossier_dead_letters", "Pages that the search engine has refused for good.", status.dead_letters),
        ("edossier_questions", "Rows on the attention list.", status.questions),
        ("edossier_pages_a_minute", "Pages made searchable a minute, over the last five.", status.pages_a_minute),
    ):
        text.family(name, "gauge", help_text)
        text.sample(name, value)


def _write_verified(text: MetricsText, verified: Verified | None, wrong: Mapping[str, int], now: float) -> None:
    text.family("edossier_vault_faults", "gauge", "Files of the vault that are known to be wrong, by kind.")
    for kind in ("missing", "changed", "unknown", "unchecked"):
        text.sample("edossier_vault_faults", wrong.get(kind, 0), {"kind": kind})
    if verified is None:
        return
    for name, help_text, value in (
        ("edossier_verify_faults", "Faults that the last verification found.", verified.faults),
        ("edossier_verify_unchecked", "What the last verification could not look at.", verified.unchecked),
        ("edossier_verify_age_seconds", "Time since the last verification.", round(max(now - verified.at, 0.0), 1)),
    ):
        text.family(name, "gauge", help_text)
        text.sample(name, value)


def _write_requests(text: MetricsText, times: RequestTimes) -> None:
    routes = sorted(times.routes.items())
    text.family("edossier_requests_total", "counter", "Requests by route and status since the server was started.")
    for (method, path), route in routes:
        for status, count in sorted(route.statuses.items()):
            labels = {"method": method, "route": path, "status": str(status)}
            text.sample("edossier_requests_total", count, labels)
    name = "edossier_request_seconds"
    text.family(name, "histogram", "Time until the answer was sent whole, by route.")
    for (method, path), route in routes:
        labels = {"method": method, "route": path}
        for bound, count in zip(BOUNDS, route.within, strict=True):
            text.sample(f"{name}_bucket", count, {**labels, "le": str(bound)})
        text.sample(f"{name}_bucket", route.count, {**labels, "le": "+Inf"})
        text.sample(f"{name}_sum", round(route.seconds, 6), labels)
        text.sample(f"{name}_count", route.count, labels)
