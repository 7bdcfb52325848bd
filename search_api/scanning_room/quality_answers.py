"""What the routes of quality 质检 answer with."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from search_api.scanning_room.deed_routes import UndoCall

_VOLUME, _PAGE, _FAULT = "v34df02e1d96c9c512370", "p5f2e25435ae121a9e03d", "q0f3a9c1b2d4e5f607182"
_FAULT_TOLD: dict[str, JsonValue] = {
    "id": _FAULT, "page_id": _PAGE, "kind": "skewed", "words": "右上角", "sentence": "图像第 7 页：歪斜（右上角）",
    "found_by": "闵榆", "found_at": 1956530493.4, "told_at": None, "mended_by": None, "mended_at": None,
}  # fmt: skip


class QualityAnswer(BaseModel):
    """What was done, the volume's state and version now, what came into being, and the calls that undo it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "done": "证据材料卷二已送审。", "volume_id": _VOLUME, "state": "handed_in",
                "version": "0f3a9c1b2d4e5f60", "created": None,
                "undo": [{"address": f"/api/v1/volumes/{_VOLUME}/take-back", "body": {}}],
            }
        }
    )  # fmt: skip
    done: str
    volume_id: str
    state: str
    version: str
    created: str | None
    undo: list[UndoCall]


class SeenCount(BaseModel):
    """How many pages of the volume whoever asks has seen as they are now."""

    model_config = ConfigDict(json_schema_extra={"example": {"seen": 187}})
    seen: int


class PagesToSee(BaseModel):
    """Lists as long as the volume has pages, in its order."""

    page_ids: list[str]
    labels: list[str | None]
    readings: list[int | None] = Field(description="null before a page has been read")
    seen: list[bool]
    sampled: list[bool] = Field(description="of the sample of the latest handing in")
    faults: list[list[str]] = Field(description="those that stand, by kind")
    unshown: list[str | None] = Field(
        description="why a page's picture cannot be made; null where nothing is known of it"
    )


class SeenAnswer(BaseModel):
    """The pages of a volume, and which of them whoever asks has seen."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "volume_id": _VOLUME, "volume": "证据材料卷二", "version": "0f3a9c1b2d4e5f60",
                "pages": {
                    "page_ids": [_PAGE], "labels": ["1"], "readings": [1], "seen": [True], "sampled": [True],
                    "faults": [["skewed"]], "unshown": [None],
                },
            }
        }
    )  # fmt: skip
    volume_id: str
    volume: str
    version: str
    pages: PagesToSee


class ReasonAnswer(BaseModel):
    """Why there are more or fewer pages than the last label says."""

    pages: int
    words: str


class PrintedAnswer(BaseModel):
    """A number of pages as it was read on the paper."""

    page_id: str = Field(description="on which page")
    pages: int
    is_end: bool = Field(description="false where the last entry tells only the page on which it begins")


class CountsAnswer(BaseModel):
    """The four counts of a volume: last label, directory, paper, pages here."""

    last_label: str | None
    last_label_state: str | None
    by_label: int = Field(description="the number in the last label; 0 where there is none")
    by_directory: int = Field(description="the pages of all documents here")
    documents: int
    directory_end: str
    printed_directory: PrintedAnswer | None = Field(
        description="where the last entry of the directory 卷内目录 on the paper ends; null where none was read"
    )
    paper: int | None = Field(description="null where nobody has counted")
    printed_tally: PrintedAnswer | None = Field(
        description="the pages that the note 备考表 on the paper tells; null where none was read"
    )
    pages: int
    folded: int
    removed: int
    reasons: list[ReasonAnswer]
    differing: list[str] = Field(description="which do not agree with the pages here: label, directory, paper, tally")


class SampleAnswer(BaseModel):
    """The sample that a checker must have seen; `seen` by whoever asks, `faulty` those with a fault that stands."""

    size: int
    seen: int
    faulty: int
    seed: str
    share: float


class FaultAnswer(BaseModel):
    """A fault; `told_at` when the volume was refused for it."""

    id: str
    page_id: str | None
    kind: str
    words: str
    sentence: str
    found_by: str
    found_at: float
    told_at: float | None
    mended_by: str | None
    mended_at: float | None


class ReturnAnswer(BaseModel):
    """How the paper was given back."""

    given_to: str
    given_on: str
    given_by: str
    bound_by: str
    remarks: str


class UnshownAnswer(BaseModel):
    """A page whose picture cannot be made, why, and whether whoever asks has said that they looked elsewhere."""

    page_id: str
    message: str
    seen: bool


class QualityStanding(BaseModel):
    """How far making and checking a volume is."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "volume_id": _VOLUME, "state": "handed_in", "version": "0f3a9c1b2d4e5f60", "maker": "傅溪",
                "handed_in_at": 1956530400.0, "remark": "", "checker": "", "checked_at": None, "refusals": 0,
                "reason": "", "open": [],
                "counts": {
                    "last_label": "199", "last_label_state": "confirmed", "by_label": 199, "by_directory": 200,
                    "documents": 12, "directory_end": "199",
                    "printed_directory": {"page_id": _PAGE, "pages": 199, "is_end": True}, "paper": 200,
                    "printed_tally": None, "pages": 200, "folded": 3, "removed": 0,
                    "reasons": [{"pages": 1, "words": "附页 35-1"}], "differing": ["label"],
                },
                "pages": 200, "seen": 187,
                "sample": {"size": 10, "seen": 9, "faulty": 0, "seed": "9f1c2b3a4d5e6f70", "share": 0.05},
                "faults": [_FAULT_TOLD], "returned": None, "unshown": [], "unclaimed": False, "may_check": True,
            }
        }
    )  # fmt: skip
    volume_id: str
    state: str = Field(description="unmade, making, handed_in, refused, approved")
    version: str = Field(description="of the contents; to be named when the volume is approved")
    maker: str
    handed_in_at: float | None
    remark: str
    checker: str
    checked_at: float | None
    refusals: int
    reason: str = Field(description="what has changed since it was handed in; or, after approval, why it is made again")
    open: list[str] = Field(description="what is not settled, in Chinese")
    counts: CountsAnswer
    pages: int
    seen: int
    sample: SampleAnswer
    faults: list[FaultAnswer]
    returned: ReturnAnswer | None
    unshown: list[UnshownAnswer] = Field(description="pages whose picture cannot be made")
    unclaimed: bool = Field(description="of no case yet: cannot be handed in or approved")
    may_check: bool
