"""How the commands about people and consents are offered: addresses, summaries, refusals, and an example of each."""

from api.change import Offer
from domain.parties import person
from domain.parties.contact_point import NotAMailAddress, NotATelephoneNumber
from domain.parties.person import PersonCommand
from domain.privacy import consent
from domain.privacy.consent import ConsentCommand

ID = "019a5b1e-0000-7000-8000-000000000001"
OTHER = "019a5b1e-0000-7000-8000-000000000002"

_GONE = (person.PersonErased, person.PersonRestricted)

REGISTER: Offer[PersonCommand] = Offer(
    person.Register,
    "register",
    "Register a person (登记人员)",
    example={
        "name": "张小三",
        "phone": "13812345678",
        "email": "zhang@example.cn",
        "address": "柳园小区5幢302室",
        "home": "320508001001",
    },
    refusals=(person.NameUnreadable, NotATelephoneNumber, NotAMailAddress),
)
OFFERS: tuple[Offer[PersonCommand], ...] = (
    Offer(
        person.Correct,
        "correct",
        "Correct what is known of a person (更正)",
        example={"reason": "changed", "phone": "13912345678"},
        refusals=(person.NameUnreadable, NotATelephoneNumber, NotAMailAddress, *_GONE),
    ),
    Offer(
        person.Relate,
        "relate",
        "Let another person act for this one (设定代理人)",
        example={"to": OTHER, "relation": "child"},
        refusals=(person.RepresentativeUnknown, *_GONE),
    ),
    Offer(
        person.Unrelate,
        "unrelate",
        "Let nobody act for this person any more (解除代理)",
        example={"to": OTHER},
        refusals=_GONE,
    ),
    Offer(
        person.Hold,
        "hold",
        "Keep the data of a person because a law demands it (依法保存)",
        example={"until": "2029-03-02T00:00:00+08:00", "law": "e_commerce_law_31"},
        refusals=(person.HoldOverAlready, person.PersonErased),
    ),
    Offer(
        person.ReleaseHold,
        "release-hold",
        "That law no longer demands it (解除保存要求)",
        example={"law": "e_commerce_law_31"},
        refusals=(person.PersonErased,),
    ),
    Offer(
        person.Erase,
        "erase",
        "Erase the data of a person, or only keep it (删除个人信息)",
        example={"reason": "request"},
        refusals=(person.PersonErased,),
    ),
)

GIVE: Offer[ConsentCommand] = Offer(
    consent.Give,
    "give",
    "Consent that an organisation knows data of a person (同意)",
    example={
        "recipient": "fixit",
        "purpose": "service_contact",
        "text_version": "2026-1",
        "kinds": ["identity", "contact", "address"],
    },
    refusals=(consent.NothingToDisclose, consent.ConsentOverAlready, consent.ConsentMovedOn, *_GONE),
)
WITHDRAW: Offer[ConsentCommand] = Offer(
    consent.Withdraw, "withdraw", "Withdraw a consent (撤回同意)", refusals=(consent.NothingConsentedTo,)
)

PERSON = {
    "id": ID,
    "version": 1,
    "position": 7,
    "status": "registered",
    "name": "张*三",
    "phone": "138****5678",
    "email": "z***@example.cn",
    "address": "柳园小区***",
    "home": "320508001001",
    "language": "zh",
    "represented_by": [{"to": OTHER, "relation": "child"}],
    "holds": [{"law": "e_commerce_law_31", "until": "2029-03-02T00:00:00Z"}],
    "erase_at": None,
    "registered_at": "2026-03-02T01:00:00Z",
    "restricted_at": None,
    "erased_at": None,
}
CONTACT = {
    "person": ID,
    "name": "张小三",
    "phone": "13812345678",
    "address": "柳园小区5幢302室",
    "shown": {"identity": "plain", "contact": "plain", "address": "plain"},
}
CONSENT = {
    "id": OTHER,
    "version": 1,
    "recipient": "fixit",
    "purpose": "service_contact",
    "in_force": True,
    "grants": [
        {"since": "2026-03-02T01:00:00Z", "text_version": "2026-1", "kinds": ["contact"]},
    ],
}
DISCLOSURE = {
    "at": "2026-03-02T02:00:00Z",
    "to": "plumber-4",
    "organisation": "fixit",
    "kinds": ["contact", "identity"],
    "purpose": "service_contact",
    "about": f"work_order/{ID}",
    "form": "plain",
}
RECORD = {
    "event": "person.registered",
    "field": "phone",
    "of": "",
    "kind": "contact",
    "purpose": "to reach the person about a case",
    "basis": "contract (PIPL 13.2)",
    "retention": "relationship",
    "kept": "While the relationship lasts, then erased on request or after three years.",
    "sensitive": True,
}
EXPORT = {
    "format": "linli.export.1",
    "subject": ID,
    "made_at": "2026-03-02T02:00:00Z",
    "person": PERSON | {"name": "张小三", "phone": "13812345678"},
    "events": [
        {
            "stream": ID,
            "lifecycle": "person",
            "type": "person.registered",
            "version": 1,
            "position": 7,
            "occurred_at": "2026-03-02T01:00:00Z",
            "recorded_at": "2026-03-02T01:00:01Z",
            "data": {"at": "2026-03-02T01:00:00Z", "name": "张小三"},
            "personal": [
                {
                    "field": "name",
                    "kind": "identity",
                    "purpose": "to know who it is",
                    "basis": "contract (PIPL 13.2)",
                    "retention": "relationship",
                }
            ],
        }
    ],
    "consents": [CONSENT],
    "disclosures": [DISCLOSURE],
    "recipients": ["fixit"],
}
