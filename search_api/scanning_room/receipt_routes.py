"""Receipts 收卷登记: written down, corrected, listed with what is here, printed as labels and separator sheets."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import segno
from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse, Response

from dossier import audit
from dossier.catalogue.tables import Receipt
from dossier.errors import DeedRefused
from dossier.receipts import receipt as receipts
from dossier.receipts.expected import is_plain_name, unannounced_volumes
from dossier.receipts.sheet_code import LABEL, SEPARATOR, Kind, code_of
from search_api.contract import refusals
from search_api.idempotency import IDEMPOTENCY_KEY
from search_api.scanning_room.receipt_forms import (
    EXAMPLE,
    CorrectedReceipt,
    NewReceipt,
    ReceiptAnswer,
    ReceiptsAnswer,
    receipts_as_json,
)
from search_api.site import TheSite, TheViewer

RECEIPTS = "/api/v1/receipts"
PORTION = 50

router = APIRouter(tags=["receipts"])


@router.post(
    RECEIPTS,
    status_code=201,
    response_model=ReceiptAnswer,
    responses={
        200: {"model": ReceiptAnswer, "description": "the key's, written down before"},
        **refusals(
            "not_found",
            "number_clash",
            "number_taken",
            "case_out_of_reach",
            "deed_refused",
            "secrecy_refused",
            "case_deed_refused",
            "number_insufficient",
            "idempotency_key_reused",
        ),
    },
)
def new_receipt(
    site: TheSite,
    viewer: TheViewer,
    form: Annotated[NewReceipt, Body(examples=[EXAMPLE])],
    key: IDEMPOTENCY_KEY = None,
) -> Response:
    """Write down what came: finds or opens the case, its delivery and its volumes."""
    actor = viewer.name or viewer.id
    with site.catalogue.writing() as session:
        found, is_new = receipts.save(session, viewer, form.as_given(), actor, key or "", form.case_id)
        (content,) = receipts_as_json(session, viewer, [found])
    headers = {"Location": f"{RECEIPTS}/{content['id']}"}
    return JSONResponse(content, 201 if is_new else 200, headers)


@router.get(RECEIPTS, response_model=ReceiptsAnswer)
def list_receipts(
    site: TheSite,
    viewer: TheViewer,
    limit: Annotated[int, Query(ge=1, le=200)] = PORTION,
    before: Annotated[float | None, Query(ge=0, le=1e11, description="`created_at` of the last one seen")] = None,
) -> Response:
    """The receipts within sight, the newest first, with what was announced and what is here."""
    with site.catalogue.reading() as session:
        found = receipts.receipts_in_sight(session, viewer, limit, before)
        return JSONResponse({"receipts": receipts_as_json(session, viewer, found)})


@router.get(f"{RECEIPTS}/{{receipt_id}}", response_model=ReceiptAnswer, responses=refusals("not_found"))
def receipt(site: TheSite, viewer: TheViewer, receipt_id: str) -> Response:
    """A receipt, with what was announced and what is here."""
    with site.catalogue.reading() as session:
        found = receipts.receipt_in_sight(session, viewer, receipt_id)
        return JSONResponse(receipts_as_json(session, viewer, [found])[0])


@router.patch(
    f"{RECEIPTS}/{{receipt_id}}",
    response_model=ReceiptAnswer,
    responses=refusals(
        "not_found",
        "number_clash",
        "number_taken",
        "deed_refused",
        "secrecy_refused",
        "case_deed_refused",
        "number_insufficient",
        "case_out_of_reach",
        "receipt_changed",
    ),
)
def corrected_receipt(
    site: TheSite,
    viewer: TheViewer,
    receipt_id: str,
    form: Annotated[CorrectedReceipt, Body(examples=[{**EXAMPLE, "version": 1}])],
) -> Response:
    """Let a receipt say what is right: all of it, as it stands from now on; a number that came later binds its case."""
    with site.catalogue.writing() as session:
        found = receipts.correct(
            session, viewer, receipt_id, form.as_given(), form.version, viewer.name or viewer.id
        )  # fmt: skip
        return JSONResponse(receipts_as_json(session, viewer, [found])[0])


@router.get("/receipts", include_in_schema=False)
def receipts_page(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    before: Annotated[float | None, Query(ge=0, le=1e11)] = None,
) -> Response:
    """What came lately, and what of it is here."""
    with site.catalogue.reading() as session:
        found = receipts.receipts_in_sight(session, viewer, PORTION + 1, before)
        content = receipts_as_json(session, viewer, found[:PORTION])
    context = {
        "receipts": content,
        "older": content[-1]["created_at"] if len(found) > PORTION else None,
        "may_change": viewer.prepares,
    }
    return site.pages.TemplateResponse(request, "receipts.html", context)


@router.get("/receipts/new", include_in_schema=False)
def new_page(request: Request, site: TheSite, viewer: TheViewer) -> Response:
    """The form for what has just come."""
    context = {
        "receipt": None, "kinds": receipts.KINDS, "secrecies": receipts.SECRECIES, "today": dt.date.today().isoformat(),
    }  # fmt: skip
    return site.pages.TemplateResponse(request, "receipt_form.html", context)


@router.get("/receipts/{receipt_id}", include_in_schema=False)
def receipt_page(request: Request, site: TheSite, viewer: TheViewer, receipt_id: str) -> Response:
    """What came with a receipt, what is here, and what to print."""
    with site.catalogue.reading() as session:
        found = receipts.receipt_in_sight(session, viewer, receipt_id)
        (content,) = receipts_as_json(session, viewer, [found])
        others = [(volume.id, volume.name, pages) for volume, pages in unannounced_volumes(session, content["case_id"])]
    context = {"receipt": content, "others": others, "may_change": viewer.prepares}
    return site.pages.TemplateResponse(request, "receipt.html", context)


@router.get("/receipts/{receipt_id}/correct", include_in_schema=False)
def correct_page(request: Request, site: TheSite, viewer: TheViewer, receipt_id: str) -> Response:
    """The form, filled with what a receipt says now."""
    with site.catalogue.reading() as session:
        found = receipts.receipt_in_sight(session, viewer, receipt_id)
        (content,) = receipts_as_json(session, viewer, [found])
    for row in content["volumes"]:
        tells = row["kind"] in receipts.KINDS and row["number"] is not None
        row["own_name"] = "" if tells and is_plain_name(row["name"], row["kind"], row["number"]) else row["name"]
    context = {
        "receipt": content, "kinds": receipts.KINDS, "secrecies": receipts.SECRECIES, "today": content["received_on"],
    }  # fmt: skip
    return site.pages.TemplateResponse(request, "receipt_form.html", context)


@router.get("/receipts/{receipt_id}/print", include_in_schema=False)
def print_page(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    receipt_id: str,
    what: Annotated[str, Query(pattern="^(labels|sheets)$")] = "sheets",
    volume: Annotated[str, Query(max_length=64)] = "",
    copies: Annotated[int, Query(ge=1, le=20)] = 1,
) -> Response:
    """Labels for the covers of volumes, or separator sheets to lay before them in the stack; to be printed."""
    kind: Kind = LABEL if what == "labels" else SEPARATOR
    with site.catalogue.writing() as session:  # the home's key is made with the first sheet
        found: Receipt = receipts.receipt_in_sight(session, viewer, receipt_id)
        (content,) = receipts_as_json(session, viewer, [found])
        wanted = [each for each in content["volumes"] if volume in ("", each["id"])]
        printed = [
            {**each, "code": _picture(code_of(session, each["id"], kind))} for each in wanted for _ in range(copies)
        ]
        if not printed:
            raise DeedRefused("这份登记里没有要打印的卷")
        audit.record(
            session, "print_sheets", "receipt", receipt_id, viewer.name or viewer.id, what=what, case=content["case_id"]
        )  # fmt: skip
    context = {"receipt": content, "volumes": printed, "what": what, "copies": copies, "only": volume}
    return site.pages.TemplateResponse(request, "receipt_print.html", context)


def _picture(code: str) -> str:
    """A QR code as inline SVG: the highest error correction, since pencils and staples go over sheets."""
    drawn = segno.make(code, error="h", boost_error=False, micro=False)
    return str(drawn.svg_inline(border=4, omitsize=True))
