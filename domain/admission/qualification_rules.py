"""What is allowed with a qualification, command by command: settle what came due before, then do it or say why not.

Nothing counts from before what is known already, so no back-dated fact slips in before a lapse or a revocation.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from domain.admission import admission_scheme
from domain.admission import qualification_decision as deciding
from domain.admission import qualification_filing as filing
from domain.admission import qualification_review as reviewing
from domain.admission.qualification_clock import Story, settle
from domain.admission.qualification_history import Qualification
from domain.admission.qualification_messages import (
    AddDocument,
    Appeal,
    AssignReviewers,
    CheckDocument,
    ClearCondition,
    Decide,
    GiveScore,
    QualificationCommand,
    QualificationEvent,
    Revoke,
    Settle,
    Submit,
    SubmitEvidence,
    Withdraw,
)
from domain.admission.qualification_refusals import NotSubmitted
from domain.admission.scheme_document import Document
from domain.decider import Ask, Elapse


def decide(command: QualificationCommand, state: Qualification, ask: Ask) -> Sequence[QualificationEvent]:
    """What comes of a command. Raises Refused."""
    story = Story(state)
    if isinstance(command, Elapse):
        settle(story, command.at, inclusive=True)
        return story.events
    if not state.cases and not isinstance(command, Submit):
        raise NotSubmitted
    at = command.at if state.latest is None else max(command.at, state.latest)
    settle(story, at)
    _do(story, command, at, ask)
    return story.events


def _do(story: Story, command: QualificationCommand, at: datetime, ask: Ask) -> None:  # noqa: C901, PLR0912 - one line each
    match command:
        case Submit():
            filing.submit(story, command, at, ask)
        case AddDocument():
            filing.add_document(story, command, at, _rules(story, ask))
        case CheckDocument():
            filing.check_document(story, command, at)
        case AssignReviewers():
            reviewing.assign_reviewers(story, command, at, _rules(story, ask))
        case GiveScore():
            reviewing.score(story, command, at, _rules(story, ask))
        case Settle():
            reviewing.settle(story, command, at, _rules(story, ask))
        case Decide():
            deciding.decide(story, command, at, _rules(story, ask))
        case SubmitEvidence():
            deciding.submit_evidence(story, command, at)
        case ClearCondition():
            deciding.clear_condition(story, command, at)
        case Revoke():
            deciding.revoke(story, command, at)
        case Appeal():
            deciding.appeal(story, command, at, ask)
        case Withdraw():
            filing.withdraw(story, command, at)
        case Elapse():
            pass
        case _:
            assert_never(command)


def _rules(story: Story, ask: Ask) -> Document:
    """Those that the case was submitted under."""
    case = story.state.case
    return admission_scheme.rules(ask, story.state.category, 0 if case is None else case.scheme_version)
