"""Which commands of a qualification are offered over HTTP, under which names, with examples; and what is answered."""

from api.admission.vendor_examples import SHA256, VENDOR
from api.change import Offer
from domain.admission import admission_scheme, qualification, vendor
from domain.admission.qualification import QualificationCommand
from domain.parties import area
from domain.privacy.published import PublishedTextNamesPeople

REVIEWER, OTHER_REVIEWER = "019a5b1e-0000-7000-8000-000000000011", "019a5b1e-0000-7000-8000-000000000012"
THIRD_REVIEWER = "019a5b1e-0000-7000-8000-000000000013"
LICENCE: dict[str, object] = {
    "kind": "business_licence",
    "number": "91110000600037341L",
    "issuer": "杭州市西湖区市场监督管理局",
    "valid_from": "2020-05-06",
    "sha256": SHA256,
}
SAFETY: dict[str, object] = {
    "kind": "safety_licence",
    "number": "(浙)JZ安许证字[2025]0001",
    "issuer": "浙江省住房和城乡建设厅",
    "valid_from": "2025-04-01",
    "valid_until": "2028-03-31",
    "sha256": SHA256,
}
SCORES = [{"criterion": key, "points": 75} for key in ("premises", "projects", "staff", "plan")]
CONDITION = {"key": "fence", "text": "在施工区域安装围栏", "deadline": "2026-04-20T16:00:00Z"}

SUBMIT: Offer[QualificationCommand] = Offer(
    qualification.Submit,
    "submit",
    "Apply for a category in an area (申请准入)",
    example={
        "vendor": VENDOR,
        "category": "cameras",
        "area": "330106",
        "answers": [{"criterion": "capital", "value": 600_000_000}],
        "documents": [LICENCE, SAFETY],
    },
    refusals=(
        vendor.VendorNotRegistered,
        area.AreaNotRegistered,
        area.AreaClosed,
        admission_scheme.CategoryUnknown,
        qualification.CaseStillOpen,
        qualification.RenewalNotOpenYet,
        qualification.ConditionsStillOpen,
        qualification.AnswerMissing,
        qualification.AnswerUnknown,
        qualification.DocumentKindUnknown,
        qualification.DocumentUnclear,
        qualification.DocumentDatesImpossible,
        qualification.DocumentRunOut,
        qualification.DocumentTooOld,
        qualification.DocumentEndMissing,
        qualification.TooManyDocuments,
    ),
)
ADD_DOCUMENT: Offer[QualificationCommand] = Offer(
    qualification.AddDocument,
    "add-document",
    "File one more document (补充材料)",
    example={"document": SAFETY},
    refusals=(
        qualification.NoOpenCase,
        qualification.EvidenceFrozen,
        qualification.DocumentKindUnknown,
        qualification.DocumentUnclear,
        qualification.DocumentDatesImpossible,
        qualification.DocumentRunOut,
        qualification.DocumentTooOld,
        qualification.DocumentEndMissing,
        qualification.TooManyDocuments,
    ),
)
CHECK_DOCUMENT: Offer[QualificationCommand] = Offer(
    qualification.CheckDocument,
    "check-document",
    "Accept or reject a document (核验材料)",
    example={"serial": 2, "verdict": "rejected", "reason": "illegible"},
    refusals=(
        qualification.NoOpenCase,
        qualification.DocumentUnknown,
        qualification.DocumentCheckedAlready,
        qualification.DocumentRunOut,
        qualification.RejectionNeedsReason,
    ),
)
ASSIGN_REVIEWERS: Offer[QualificationCommand] = Offer(
    qualification.AssignReviewers,
    "assign-reviewers",
    "Say who scores the case, or who settles it (指定评审人)",
    example={"reviewers": [REVIEWER, OTHER_REVIEWER, THIRD_REVIEWER]},
    versioned=True,
    refusals=(
        qualification.NoOpenCase,
        qualification.DocumentsIncomplete,
        qualification.WrongNumberOfReviewers,
        qualification.ReviewerHasFiled,
        qualification.ReviewerHasHeardItBefore,
        qualification.ReviewerHasScored,
        qualification.ReviewOver,
    ),
)
SCORE: Offer[QualificationCommand] = Offer(
    qualification.GiveScore,
    "score",
    "Score the case without seeing what others give (评分)",
    example={"scores": SCORES},
    refusals=(
        qualification.NoOpenCase,
        qualification.NotAReviewer,
        qualification.ScoredAlready,
        qualification.ScoresIncomplete,
    ),
)
SETTLE: Offer[QualificationCommand] = Offer(
    qualification.Settle,
    "settle",
    "Settle scores that diverge (裁定分歧)",
    example={"scores": SCORES},
    refusals=(
        qualification.NoOpenCase,
        qualification.NothingToSettle,
        qualification.NotAReviewer,
        qualification.ScoresIncomplete,
    ),
)
DECIDE: Offer[QualificationCommand] = Offer(
    qualification.Decide,
    "decide",
    "Decide at the level whose turn it is (审批)",
    example={"outcome": "grant_conditionally", "conditions": [CONDITION]},
    versioned=True,
    refusals=(
        qualification.NoOpenCase,
        qualification.ReviewNotComplete,
        qualification.DocumentsIncomplete,
        qualification.BelowMinimum,
        qualification.BelowPassMark,
        qualification.RefusalNeedsReason,
        qualification.ConditionsUnclear,
        PublishedTextNamesPeople,
        qualification.ConditionDeadlineOutOfRange,
        qualification.TermOverMeanwhile,
    ),
)
SUBMIT_EVIDENCE: Offer[QualificationCommand] = Offer(
    qualification.SubmitEvidence,
    "submit-evidence",
    "Show that a condition is met (提交条件证明)",
    example={"condition": "fence", "files": [SHA256]},
    refusals=(qualification.ConditionUnknown, qualification.TooManyDocuments),
)
CLEAR_CONDITION: Offer[QualificationCommand] = Offer(
    qualification.ClearCondition,
    "clear-condition",
    "A condition is met (确认条件满足)",
    example={"condition": "fence"},
    refusals=(qualification.ConditionUnknown, qualification.ConditionEvidenceMissing),
)
REVOKE: Offer[QualificationCommand] = Offer(
    qualification.Revoke,
    "revoke",
    "Take back what was granted, all of it or some areas (撤销资格)",
    example={"reason": "safety", "areas": ["330106001"]},
    versioned=True,
    refusals=(qualification.NothingGranted, qualification.AreaOutsideGrant),
)
APPEAL: Offer[QualificationCommand] = Offer(
    qualification.Appeal,
    "appeal",
    "Contest a refusal or a revocation (申诉)",
    example={"reason": "facts_wrong", "files": [SHA256]},
    refusals=(qualification.CaseStillOpen, qualification.NothingToAppeal, qualification.QualificationAppealTooLate),
)
WITHDRAW: Offer[QualificationCommand] = Offer(
    qualification.Withdraw,
    "withdraw",
    "Take back the case, or the appeal (撤回)",
    versioned=True,
    refusals=(qualification.NoOpenCase,),
)
OFFERS = (
    ADD_DOCUMENT,
    CHECK_DOCUMENT,
    ASSIGN_REVIEWERS,
    SCORE,
    SETTLE,
    DECIDE,
    SUBMIT_EVIDENCE,
    CLEAR_CONDITION,
    REVOKE,
    WITHDRAW,
)
"""All but those that make a new thing or say more than their body."""

ID = "7f7c1e9e-59f5-5a0c-9d52-1f3f0f6f2f11"
DOCUMENT: dict[str, object] = {
    "serial": 2,
    "case": 1,
    **SAFETY,
    "verdict": "accepted",
    "reason": "",
    "added_at": "2026-03-02T01:00:00Z",
    "checked_at": "2026-03-03T01:00:00Z",
}
APPROVAL: dict[str, object] = {
    "level": 1,
    "by": "019a5b1e-0000-7000-8000-000000000014",
    "at": "2026-03-06T01:00:00Z",
    "outcome": "grant_conditionally",
    "conditions": [CONDITION],
}
CASE: dict[str, object] = {
    "number": 1,
    "scheme_version": 1,
    "submitted_at": "2026-03-02T01:00:00Z",
    "stage": "closed",
    "outcome": "granted_conditionally",
    "round": 1,
    "answers": [{"criterion": "capital", "value": 600_000_000}],
    "reviewers": [REVIEWER, OTHER_REVIEWER, THIRD_REVIEWER],
    "panel": [],
    "awaiting": [],
    "approvals": [APPROVAL],
    "reasons": [],
    "decided_at": "2026-03-07T01:00:00Z",
    "appeal": None,
}
GRANT: dict[str, object] = {
    "case": 1,
    "scheme_version": 1,
    "since": "2026-03-07T01:00:00Z",
    "until": "2028-03-07T01:00:00Z",
    "ends_at": "2026-04-20T16:00:00Z",
    "ends_because": "conditions",
    "ended": False,
    "conditions": [CONDITION],
    "taken_out": [],
}
PLACE: dict[str, object] = {"id": ID, "vendor": VENDOR, "category": "cameras", "area": "330106"}
EXAMPLE: dict[str, object] = {
    **PLACE,
    "version": 14,
    "position": 1042,
    "status": "conditional",
    "stage": "",
    "cases": [CASE],
    "documents": [DOCUMENT],
    "grants": [GRANT],
    "next": [
        {
            "do": "submit_evidence",
            "who": "vendor",
            "people": [],
            "about": ["fence"],
            "by": "2026-04-20T16:00:00Z",
            "title": "供应商须证明此项条件已满足，否则资格自动失效。",
        }
    ],
}
HISTORY: dict[str, object] = {
    "id": ID,
    "version": 8,
    "events": [
        {
            "position": 1030,
            "version": 8,
            "type": "qualification.scored",
            "label": "已评分",
            "actor": REVIEWER,
            "occurred_at": "2026-03-04T01:00:00Z",
            "recorded_at": "2026-03-04T01:00:00Z",
            "correlation_id": "019a5b1e-0000-7000-8000-0000000000c1",
            "data": {"at": "2026-03-04T01:00:00Z", "by": REVIEWER},
        }
    ],
}
LINE: dict[str, object] = {
    **PLACE,
    "version": 14,
    "status": "conditional",
    "stage": "",
    "case": 1,
    "submitted_at": "2026-03-02T01:00:00Z",
    "awaiting": [],
    "granted_until": "2026-04-20T16:00:00Z",
}
EXPLANATION: dict[str, object] = {
    "id": ID,
    "version": 14,
    "case": 1,
    "round": 1,
    "scheme_version": 1,
    "complete": True,
    "divergent": False,
    "settled_by": "",
    "dimensions": [
        {
            "dimension": "team",
            "weight": 25,
            "minimum": 50,
            "points": 75.0,
            "reached": True,
            "criteria": [
                {
                    "key": "staff",
                    "name": "技术人员",
                    "weight": 100,
                    "unit": "",
                    "answer": None,
                    "measured": None,
                    "given": [{"by": REVIEWER, "points": 75}],
                }
            ],
        }
    ],
    "total": 75.75,
    "pass_mark": 60,
    "passed": True,
    "levels": 2,
    "approvals": [APPROVAL],
    "outcome": "granted_conditionally",
    "reasons": [],
    "conditions": [CONDITION],
    "documents": [DOCUMENT],
}
QUALIFIED: dict[str, object] = {
    "vendor": VENDOR,
    "category": "cameras",
    "area": "330106001001",
    "at": "2026-03-20T01:00:00Z",
    "known_at": 1042,
    "qualified": True,
    "ground": {
        "id": ID,
        "area": "330106",
        "case": 1,
        "scheme_version": 1,
        "since": "2026-03-07T01:00:00Z",
        "ends_at": "2026-04-20T16:00:00Z",
        "conditional": True,
        "documents": [DOCUMENT],
        "positions": [1021, 1033, 1038, 1041, 1042],
    },
    "waivers": [],
    "ended": [],
}
