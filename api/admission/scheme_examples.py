"""An admission scheme to show: examples of what is sent and answered."""

from api.change import Offer
from domain.admission import admission_scheme, scheme_document
from domain.admission.admission_scheme import AdmissionSchemeCommand

DOCUMENT: dict[str, object] = {
    "dimensions": [
        {
            "key": "asset_scale",
            "weight": 20,
            "minimum": 40,
            "criteria": [
                {
                    "key": "capital",
                    "name": "注册资本",
                    "weight": 60,
                    "unit": "fen",
                    "steps": [
                        {"at_least": 100_000_000, "points": 40},
                        {"at_least": 500_000_000, "points": 80},
                        {"at_least": 2_000_000_000, "points": 100},
                    ],
                },
                {"key": "premises", "name": "经营场所", "weight": 40},
            ],
        },
        {
            "key": "operating_experience",
            "weight": 30,
            "minimum": 50,
            "criteria": [{"key": "projects", "name": "同类项目", "weight": 100}],
        },
        {
            "key": "team",
            "weight": 25,
            "minimum": 50,
            "criteria": [{"key": "staff", "name": "技术人员", "weight": 100}],
        },
        {
            "key": "operating_plan",
            "weight": 25,
            "minimum": 60,
            "criteria": [{"key": "plan", "name": "运营方案", "weight": 100}],
        },
    ],
    "documents": [
        {"kind": "business_licence", "name": "营业执照"},
        {"kind": "safety_licence", "name": "安全生产许可证", "expires": True, "longest_age": 1095},
    ],
    "pass_mark": 60,
    "reviewers": 3,
    "divergence": 20,
    "levels": 2,
    "validity": 24,
    "reminders": [90, 30, 7],
    "appeal_window": 15,
    "longest_deadline": 60,
    "renewal_opens": 90,
}
VERSION: dict[str, object] = {"at": "2026-03-01T01:00:00Z", "counts_from": "2026-03-01T01:00:00Z", "document": DOCUMENT}
SCHEME: dict[str, object] = {"category": "cameras", "name": "视频监控", "version": 1, "versions": [VERSION]}
LINE: dict[str, object] = {
    "category": "cameras",
    "name": "视频监控",
    "version": 1,
    "counts_from": "2026-03-01T01:00:00Z",
}

PUBLISH: Offer[AdmissionSchemeCommand] = Offer(
    admission_scheme.Publish,
    "publish",
    "Admit vendors of a category by these rules (发布准入方案)",
    example={"document": DOCUMENT},
    refusals=(
        scheme_document.SchemeWeightsDoNotSum,
        scheme_document.DimensionMissing,
        scheme_document.SchemeKeyTwice,
        scheme_document.SchemeKeyInvalid,
        scheme_document.PassMarkOutOfRange,
        scheme_document.StepsDoNotRise,
        scheme_document.NoDocumentRequired,
        scheme_document.SchemeOutOfRange,
        admission_scheme.SchemeCountsFromThePast,
        admission_scheme.SchemeCountsFromBeforeLatest,
    ),
)
