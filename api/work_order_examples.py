"""Which commands of a work order are offered over HTTP, under which names, each with an example.

Those for which two people may act on the same stale page need the version that was seen (`versioned`).
"""

from api.change import Offer
from api.exposure import NO_WORK
from domain import work_order
from domain import work_order_refusals as refusals
from domain.work_order import WorkOrderCommand

PHOTO = {
    "kind": "photo",
    "name": "valve.jpg",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}

REPORT: Offer[WorkOrderCommand] = Offer(
    work_order.Report,
    "report",
    "Report a fault (报修)",
    example={
        "community": "willow-garden",
        "category": "plumbing",
        "summary": "Water drips from the ceiling of the hall",
        "channel": "resident",
        "reporter": "resident-17",
        "place": "building 3, hall",
    },
    refusals=(),
)

OFFERS: tuple[Offer[WorkOrderCommand], ...] = (
    Offer(
        work_order.Triage,
        "triage",
        "Say how urgent it is (定级)",
        example={"priority": 2},
        refusals=(refusals.AlreadyTriaged, refusals.AlreadyClosed, refusals.AlreadyCancelled),
    ),
    Offer(
        work_order.Acknowledge,
        "acknowledge",
        "Tell the reporter that somebody cares (受理)",
        refusals=(refusals.AlreadyResolved, refusals.AlreadyClosed, refusals.AlreadyCancelled),
    ),
    Offer(
        work_order.Assign,
        "assign",
        "Give the work to somebody (派单)",
        example={"company": "brightpipe", "team": "east", "person": "plumber-4"},
        versioned=True,
        refusals=(
            refusals.NotTriaged,
            refusals.AlreadyAssigned,
            refusals.AlreadyClosed,
            refusals.AlreadyCancelled,
            *NO_WORK,
        ),
    ),
    Offer(
        work_order.HandOver,
        "hand-over",
        "Give assigned work to somebody else (转单)",
        example={"company": "clearwater", "reason": "No plumber is free before Monday"},
        versioned=True,
        refusals=(refusals.NotAssigned, refusals.NoteMissing, refusals.AlreadyClosed, *NO_WORK),
    ),
    Offer(
        work_order.Start,
        "start",
        "Begin the work (开工)",
        refusals=(refusals.NotAssigned, refusals.StillPaused, refusals.AlreadyResolved),
    ),
    Offer(
        work_order.Pause,
        "pause",
        "Wait for something outside our hands (挂起)",
        example={"reason": "parts", "note": "A seal comes on Tuesday"},
        refusals=(refusals.AlreadyPaused, refusals.NoteMissing, refusals.AlreadyResolved),
    ),
    Offer(work_order.Resume, "resume", "Go on (恢复)", refusals=(refusals.NotPaused, refusals.BeforePaused)),
    Offer(
        work_order.Resolve,
        "resolve",
        "The work is done, with evidence (完工)",
        example={"evidence": [PHOTO], "note": "New seal, dry since an hour"},
        refusals=(refusals.NoEvidence, refusals.NotEvidence, refusals.StillPaused, refusals.BeforeStarted),
    ),
    Offer(
        work_order.Accept,
        "accept",
        "The resident is content (验收)",
        example={"note": "Thank you"},
        versioned=True,
        refusals=(refusals.NotResolved, refusals.AlreadyClosed),
    ),
    Offer(
        work_order.Reopen,
        "reopen",
        "It is not done after all (返工)",
        example={"reason": "It drips again"},
        versioned=True,
        refusals=(refusals.NotResolved, refusals.ReopenWindowPassed, refusals.NoteMissing),
    ),
    Offer(
        work_order.Close,
        "close",
        "File it (结单)",
        example={"note": "Resident confirmed by phone"},
        versioned=True,
        refusals=(refusals.NotResolved, refusals.NoteMissing, refusals.AlreadyCancelled),
    ),
    Offer(
        work_order.Cancel,
        "cancel",
        "It need not be done (取消)",
        example={"reason": "Reported twice"},
        versioned=True,
        refusals=(refusals.NoteMissing, refusals.AlreadyResolved, refusals.AlreadyClosed),
    ),
    Offer(
        work_order.Reprioritise,
        "reprioritise",
        "Change how urgent it is (调整优先级)",
        example={"priority": 1, "reason": "The leak reaches the lift"},
        versioned=True,
        refusals=(refusals.NotTriaged, refusals.AlreadyResolved, refusals.AlreadyClosed),
    ),
    Offer(
        work_order.Comment,
        "comment",
        "Say something (留言)",
        example={"text": "The key is with the caretaker"},
        refusals=(refusals.BeforeReported,),
    ),
    Offer(
        work_order.Attach,
        "attach",
        "Add a photo or a document (附件)",
        example={"attachment": PHOTO},
        refusals=(refusals.NotEvidence,),
    ),
)

EXAMPLE: dict[str, object] = {
    "id": "019a5b1e-0000-7000-8000-000000000001",
    "version": 5,
    "position": 1042,
    "status": "assigned",
    "community": "willow-garden",
    "category": "plumbing",
    "summary": "Water drips from the ceiling of the hall",
    "place": "building 3, hall",
    "channel": "resident",
    "reporter": "resident-17",
    "device": "",
    "external_key": "",
    "priority": 2,
    "company": "brightpipe",
    "team": "east",
    "person": "plumber-4",
    "reported_at": "2026-03-02T01:10:00Z",
    "acknowledged_at": None,
    "assigned_at": "2026-03-02T01:25:00Z",
    "started_at": None,
    "paused_at": None,
    "paused_reason": "",
    "resolved_at": None,
    "accepted_at": None,
    "reopened_at": None,
    "closed_at": None,
    "closes_at": None,
    "response_due": "2026-03-02T03:10:00Z",
    "resolution_due": "2026-03-02T09:10:00Z",
    "assignment_due": None,
    "provisional": False,
    "agreement": "willow-garden",
    "agreement_version": 1,
    "calendar_version": 1,
    "warned": [],
    "response_breached": False,
    "resolution_breached": False,
    "assignment_breached": False,
    "breaches": 0,
    "level": 0,
    "reopened": 0,
    "handovers": 0,
    "comments": 0,
    "evidence": [],
    "attachments": [],
    "last_at": "2026-03-02T01:25:00Z",
}

HISTORY: dict[str, object] = {
    "id": "019a5b1e-0000-7000-8000-000000000001",
    "version": 1,
    "events": [
        {
            "position": 1001,
            "version": 1,
            "type": "work_order.reported",
            "label": "Reported",
            "actor": "resident-17",
            "occurred_at": "2026-03-02T01:10:00Z",
            "recorded_at": "2026-03-02T01:10:02.113000Z",
            "correlation_id": "app-5531",
            "data": {
                "at": "2026-03-02T01:10:00Z",
                "community": "willow-garden",
                "category": "plumbing",
                "summary": "Water drips from the ceiling of the hall",
                "channel": "resident",
                "reporter": "resident-17",
            },
        }
    ],
}
