"""Appointments: given, granted by a second person where it matters, ended; never more than what was said."""

from datetime import timedelta

import pytest

from domain.access import appointment
from domain.access.appointment import Approve, Decline, Granted, Propose, Proposed, Revoke, Revoked
from domain.decider import Elapse
from tests.domain.small_town import on
from tests.scenario import given

WANG = "019a5b1e-0000-7000-8000-000000000001"
AUNT = "019a5b1e-0000-7000-8000-000000000002"
FIXIT = "019a5b1e-0000-7000-8000-00000000000a"
STREET = "990101001"
nobody = given(appointment.decider)


def propose(role: str = "grid_worker", **more: object) -> Propose:
    values = {"at": on(2), "principal": WANG, "role": role, "area": STREET, **more}
    return Propose(**values)  # type: ignore[arg-type]


def test_a_small_role_is_given_at_once() -> None:
    nobody.when(propose()).then(
        Proposed(at=on(2), principal=WANG, role="grid_worker", since=on(2), area=STREET), Granted(at=on(2), number=1)
    )


def test_a_powerful_role_waits_for_a_second_person() -> None:
    waiting = nobody.when(propose("administrator")).then(
        Proposed(at=on(2), principal=WANG, role="administrator", since=on(2), area=STREET)
    )
    assert waiting.state.held(on(3)) == ()
    granted = waiting.when(Approve(at=on(3), number=1)).then(Granted(at=on(3), number=1))
    assert [each.role for each in granted.state.held(on(3))] == ["administrator"]


def test_what_was_declined_is_not_granted_afterwards() -> None:
    declined = nobody.after(propose("administrator"), Decline(at=on(3), number=1))
    declined.when(Approve(at=on(4), number=1)).then_refused(appointment.AlreadyDecided)
    declined.when(Decline(at=on(4), number=1)).then_nothing()
    assert declined.state.held(on(4)) == ()


@pytest.mark.parametrize("spelling", [FIXIT.upper(), FIXIT.replace("-", "")])
def test_a_role_counts_for_its_organisation_however_its_id_is_written(spelling: str) -> None:
    """What belongs to an organisation is known by one spelling: another one would reach nothing of it."""
    asked = propose("vendor_agent", area="", organisation=spelling)
    given_ = nobody.after(asked)
    assert [each.organisation for each in given_.state.all] == [FIXIT]
    given_.when(asked).then_nothing()
    assert appointment.whose(appointment.stream(WANG), appointment.Appointments(), asked).organisations == (FIXIT,)


def test_asking_twice_appoints_once() -> None:
    nobody.after(propose()).when(propose(at=on(3))).then_nothing()
    nobody.after(propose("administrator")).when(propose("administrator", at=on(3))).then_nothing()


def test_who_was_dismissed_can_be_appointed_anew() -> None:
    left = nobody.after(propose(), Revoke(at=on(3), number=1, because="left"))
    left.when(propose(at=on(4))).then(
        Proposed(at=on(4), principal=WANG, role="grid_worker", since=on(4), area=STREET), Granted(at=on(4), number=2)
    )


@pytest.mark.parametrize(
    ("role", "without", "missing"),
    [
        ("grid_worker", {"area": ""}, "area"),
        ("property_staff", {"organisation": ""}, "organisation"),
        ("provider_worker", {"organisation": ""}, "organisation"),
        ("family", {"ward": ""}, "ward"),
        ("auditor", {"until": None}, "until"),
    ],
)
def test_a_role_is_tied_to_what_it_is_for(role: str, without: dict[str, object], missing: str) -> None:
    complete = {"organisation": FIXIT, "area": STREET, "ward": AUNT, "until": on(20)}
    no = nobody.when(propose(role, **{**complete, **without})).then_refused(appointment.AppointmentIncomplete)
    assert no.details["missing"] == missing
    assert nobody.when(propose(role, **complete)).events()


def test_an_appointment_counts_from_its_beginning_to_its_end() -> None:
    held = nobody.after(propose(since=on(5), until=on(9))).state
    moments = [on(4), on(5), on(9) - timedelta(seconds=1), on(9)]
    assert [bool(held.held(at)) for at in moments] == [False, True, True, False]


def test_an_appointment_must_end_after_it_begins() -> None:
    nobody.when(propose(since=on(9), until=on(9))).then_refused(appointment.EndsBeforeItBegins)
    nobody.when(propose(until=on(1))).then_refused(appointment.EndsBeforeItBegins)


def test_a_revoked_appointment_gives_nothing_any_more() -> None:
    revoked = nobody.after(propose()).when(Revoke(at=on(3), number=1, because="misuse"))
    over = revoked.then(Revoked(at=on(3), number=1, because="misuse"))
    assert over.state.held(on(3)) == ()
    over.when(Revoke(at=on(4), number=1)).then_nothing()


def test_only_what_is_held_can_be_revoked() -> None:
    nobody.when(Revoke(at=on(3), number=1)).then_refused(appointment.NoSuchAppointment)
    nobody.after(propose("administrator")).when(Revoke(at=on(3), number=1)).then_refused(appointment.AppointmentOver)
    ended = nobody.after(propose(until=on(3)))
    ended.when(Revoke(at=on(4), number=1)).then_refused(appointment.AppointmentOver)


def test_nobody_approves_what_was_never_proposed() -> None:
    nobody.when(Approve(at=on(3), number=1)).then_refused(appointment.NoSuchAppointment)


def test_whoever_audits_holds_no_other_role() -> None:
    nobody.after(propose()).when(propose("auditor", until=on(20))).then_refused(appointment.StandsAlone)
    nobody.after(propose("auditor", until=on(20))).when(propose()).then_refused(appointment.StandsAlone)
    over = nobody.after(propose(), Revoke(at=on(3), number=1))
    assert over.when(propose("auditor", at=on(4), until=on(20))).events()


def test_a_wake_up_changes_nothing() -> None:
    nobody.after(propose()).when(Elapse(label="any", at=on(3))).then_nothing()


def test_for_a_relative_it_is_the_ward_whose_word_counts() -> None:
    family = appointment.whose(appointment.stream(WANG), appointment.Appointments(), propose("family", ward=AUNT))
    assert (family.people, family.facet) == ((AUNT,), "family")
    worker = appointment.whose(appointment.stream(WANG), appointment.Appointments(), propose())
    assert (worker.people, worker.areas, worker.facet) == ((WANG,), (STREET,), "grid_worker")
    chief = appointment.whose(appointment.stream(WANG), appointment.Appointments(), propose("administrator"))
    assert chief.facet == "powerful"
