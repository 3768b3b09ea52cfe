"""Which commands of a vendor's file are offered over HTTP, under which names, each with an example."""

from api.change import Offer
from domain.admission import vendor
from domain.admission.vendor import VendorCommand
from domain.parties import credit_code, organisation

VENDOR = "019a5b1e-0000-7000-8000-000000000003"
PERSON = "019a5b1e-0000-7000-8000-000000000001"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

REGISTER: Offer[VendorCommand] = Offer(
    vendor.Register,
    "register",
    "Open the file of a vendor (供应商登记)",
    example={
        "vendor": VENDOR,
        "name": "明达水电工程有限公司",
        "credit_code": "91110000600037341L",
        "legal_representative": PERSON,
        "contacts": [{"person": PERSON, "role": "general"}],
        "bank": "中国工商银行杭州文三支行",
        "account": "6222 0000 0000 0001",
        "founded_on": "2015-06-01",
        "registered_capital_fen": 500_000_000,
        "website": "https://mingda.example",
        "address": "杭州市西湖区文三路 1 号",
    },
    refusals=(
        vendor.VendorAlreadyRegistered,
        organisation.OrganisationNotRegistered,
        organisation.OrganisationClosed,
        credit_code.CreditCodeInvalid,
        vendor.NotItsCreditCode,
        vendor.NotItsName,
        vendor.RegistrationNumberMissing,
        vendor.AccountNumberInvalid,
        vendor.FoundedInTheFuture,
        vendor.VendorPersonUnknown,
    ),
)
OFFERS: tuple[Offer[VendorCommand], ...] = (
    Offer(
        vendor.Correct,
        "correct",
        "Put right what is not sensitive (更正联系人等)",
        example={"contacts": [{"person": PERSON, "role": "technical"}], "website": "https://mingda.example/cn"},
        versioned=True,
        refusals=(vendor.VendorPersonUnknown,),
    ),
    Offer(
        vendor.Declare,
        "declare",
        "Say that the name, the legal representative or the bank account has changed (申报敏感变更)",
        example={"bank": "中国建设银行杭州分行", "account": "6227 0000 0000 0002"},
        refusals=(vendor.NothingDeclared, vendor.AccountNumberInvalid, vendor.VendorPersonUnknown),
    ),
    Offer(
        vendor.Verify,
        "verify",
        "Say whether what was declared is true: somebody else than who declared it (核验)",
        example={"declaration": 1, "accepted": True},
        refusals=(
            vendor.NothingToVerify,
            vendor.DeclaredSince,
            vendor.RejectionUnexplained,
            vendor.NotItsName,
            organisation.OrganisationNotRegistered,
            organisation.OrganisationClosed,
        ),
    ),
    Offer(
        vendor.AddCertificate,
        "add-certificate",
        "Put a certificate into the file (录入资质证书)",
        example={
            "kind": "lift_maintenance",
            "number": "TS3311-2026",
            "issuer": "浙江省市场监督管理局",
            "valid_from": "2026-01-01",
            "valid_until": "2029-12-31",
            "sha256": SHA256,
            "scope": "乘客电梯的安装与修理",
        },
        refusals=(
            vendor.CertificateDatesReversed,
            vendor.CertificateNotYetValid,
            vendor.CertificateTooLong,
            vendor.CertificateOver,
            vendor.CertificateKnown,
            vendor.TooManyInFile,
        ),
    ),
    Offer(
        vendor.WithdrawCertificate,
        "withdraw-certificate",
        "A certificate counts no longer (撤回资质证书)",
        example={"certificate": 1, "reason": "replaced"},
        refusals=(vendor.CertificateUnknown,),
    ),
    Offer(
        vendor.AddMember,
        "add-member",
        "Somebody works for the vendor, with a qualification (添加人员)",
        example={
            "person": PERSON,
            "qualification": "lift_mechanic",
            "since": "2025-05-01",
            "until": "2029-04-30",
            "certificate_number": "T330106199001011234",
        },
        refusals=(vendor.VendorPersonUnknown, vendor.MemberDatesReversed, vendor.TooManyInFile),
    ),
    Offer(
        vendor.RemoveMember,
        "remove-member",
        "Somebody works for the vendor no longer (移除人员)",
        example={"person": PERSON, "reason": "left"},
        refusals=(vendor.MemberUnknown,),
    ),
)

LINE: dict[str, object] = {
    "id": VENDOR,
    "version": 4,
    "position": 921,
    "status": "verified",
    "frozen": False,
    "awaits_verification": False,
    "name": "明达水电工程有限公司",
    "credit_code": "91110000600037341L",
    "registration_number": "",
    "certificates": ["lift_maintenance"],
    "certificate_ends_at": "2029-12-31T16:00:00Z",
    "registered_at": "2026-03-02T01:10:00Z",
    "verified_at": "2026-03-02T03:00:00Z",
}
MEMBER: dict[str, object] = {
    "person": PERSON,
    "qualification": "lift_mechanic",
    "since": "2025-05-01",
    "until": "2029-04-30",
    "certificate_number": "***",
}
EXAMPLE: dict[str, object] = {
    "id": VENDOR,
    "version": 4,
    "position": 921,
    "status": "verified",
    "verified": True,
    "frozen": False,
    "name": "明达水电工程有限公司",
    "credit_code": "91110000600037341L",
    "registration_number": "",
    "legal_representative": PERSON,
    "bank": "中国工商银行杭州文三支行",
    "account": "************0001",
    "declared": None,
    "declarations": 1,
    "judged": 1,
    "rejected_because": "",
    "founded_on": "2015-06-01",
    "registered_capital_fen": 500_000_000,
    "contacts": [{"person": PERSON, "role": "general"}],
    "website": "https://mingda.example",
    "address": "杭州市西湖区文三路 1 号",
    "certificates": [
        {
            "id": 1,
            "kind": "lift_maintenance",
            "number": "TS3311-2026",
            "issuer": "浙江省市场监督管理局",
            "valid_from": "2026-01-01",
            "valid_until": "2029-12-31",
            "ends_at": "2029-12-31T16:00:00Z",
            "sha256": SHA256,
            "scope": "乘客电梯的安装与修理",
            "status": "in_file",
            "withdrawn_because": "",
        }
    ],
    "members": [MEMBER],
    "registered_at": "2026-03-02T01:10:00Z",
    "verified_at": "2026-03-02T03:00:00Z",
}
HISTORY: dict[str, object] = {
    "id": VENDOR,
    "version": 2,
    "events": [
        {
            "position": 921,
            "version": 2,
            "type": "vendor.verified",
            "label": "已核验",
            "actor": PERSON,
            "occurred_at": "2026-03-02T03:00:00Z",
            "recorded_at": "2026-03-02T03:00:01Z",
            "correlation_id": "019a5b1e-0000-7000-8000-0000000000c0",
            "data": {"at": "2026-03-02T03:00:00Z", "declaration": 1},
        }
    ],
}
