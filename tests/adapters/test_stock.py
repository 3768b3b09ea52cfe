"""The library's own contract tests on our ledger, and its own tools on our tables."""

import threading
from collections.abc import Iterator
from uuid import UUID, uuid4

import eventsourcing.tests.persistence as contract
import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, DomainEventProtocol, event
from eventsourcing.persistence import IntegrityError, StoredEvent, Tracking
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.utils import get_topic
from psycopg.conninfo import conninfo_to_dict

from adapters.stock import LedgerAggregateRecorder, LedgerRecorder, LedgerThread


def settings(dsn: str, module: str) -> dict[str, str]:
    """The library's environment for an application on this database."""
    parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    return {
        "PERSISTENCE_MODULE": module,
        "POSTGRES_DBNAME": parts["dbname"],
        "POSTGRES_HOST": parts["host"],
        "POSTGRES_PORT": parts["port"],
        "POSTGRES_USER": parts["user"],
        "POSTGRES_PASSWORD": parts["password"],
    }


class OnOurLedger:
    """Gives each contract test a fresh database and a recorder on it."""

    @pytest.fixture(autouse=True)
    def _fresh(self, database: str) -> Iterator[None]:
        self.thread = LedgerThread(database)
        yield
        self.thread.close()


class TestAggregateRecorder(OnOurLedger, contract.AggregateRecorderTestCase):
    def create_recorder(self) -> LedgerAggregateRecorder:
        return LedgerAggregateRecorder(self.thread)


class TestApplicationRecorder(OnOurLedger, contract.ApplicationRecorderTestCase[LedgerRecorder]):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.thread)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleaving(OnOurLedger, contract.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.thread)


class Dog(Aggregate):
    """An aggregate of the library's."""

    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        self.tricks.append(trick)


class Linli(Application[UUID]):
    """An application of the library's, on the table `linli_events`."""

    name = "linli"


class Counts(PostgresTrackingRecorder):
    """A view of the library's."""

    seen = 0


class CountEvents(Projection[Counts]):
    """A projection of the library's."""

    name = "counts"
    topics = (get_topic(Dog.Registered), get_topic(Dog.TrickAdded))  # type: ignore[attr-defined] # made by a decorator

    def process_event(  # pyright: ignore[reportIncompatibleVariableOverride] # the library's own way to override it
        self,
        domain_event: DomainEventProtocol[UUID],  # noqa: ARG002
        tracking: Tracking,
    ) -> None:
        Counts.seen += 1
        self.view.insert_tracking(tracking)


@pytest.mark.parametrize("module", ["adapters.stock:LedgerFactory", "eventsourcing.postgres"])
def test_the_library_s_application_works_on_our_table_through_our_ledger_and_beside_it(
    database: str, module: str
) -> None:
    app = Linli(settings(database, module))
    beside = Linli(settings(database, "eventsourcing.postgres"))
    dog = Dog("旺财")
    dog.add_trick("握手")
    app.save(dog)

    seen: Dog = beside.repository.get(dog.id)
    assert seen.tricks == ["握手"]
    seen.add_trick("打滚")
    beside.save(seen)
    dog.add_trick("装死")
    with pytest.raises(IntegrityError):
        app.save(dog)
    assert [n.id for n in app.recorder.select_notifications(None, 10)] == [1, 2, 3]
    app.close()
    beside.close()


def test_the_library_s_projection_runner_follows_what_our_ledger_appends(database: str) -> None:
    Counts.seen = 0
    app = Linli(settings(database, "adapters.stock:LedgerFactory"))
    with ProjectionRunner(
        application_class=Linli,
        projection_class=CountEvents,
        view_class=Counts,
        env=settings(database, "eventsourcing.postgres"),
    ) as runner:
        dog = Dog("旺财")
        dog.add_trick("握手")
        recordings = app.save(dog)
        runner.wait(recordings[-1].notification.id, timeout=10)
    assert Counts.seen == 2
    app.close()


def test_a_stock_writer_and_our_ledger_write_at_the_same_time_and_a_reader_loses_nothing(database: str) -> None:
    env = settings(database, "eventsourcing.postgres")
    datastore = PostgresDatastore(
        env["POSTGRES_DBNAME"],
        env["POSTGRES_HOST"],
        env["POSTGRES_PORT"],
        env["POSTGRES_USER"],
        env["POSTGRES_PASSWORD"],
    )
    stock = PostgresApplicationRecorder(datastore, events_table_name="linli_events")
    stock.create_table()
    thread = LedgerThread(database)
    ours = LedgerRecorder(thread)
    written: list[int] = []

    def write(recorder: PostgresApplicationRecorder | LedgerRecorder) -> None:
        for number in range(200):
            stream = uuid4()
            events = [StoredEvent(stream, version, "topic", b"state") for version in range(1, 2 + number % 5)]
            written.extend(recorder.insert_events(events) or ())

    writers = [threading.Thread(target=write, args=(recorder,)) for recorder in (stock, ours, stock, ours)]
    with ours.subscribe() as subscription:
        for writer in writers:
            writer.start()
        seen: list[int] = [next(subscription).id for _ in range(4 * 200 * 3)]
    for writer in writers:
        writer.join()
    assert seen == sorted(written)
    thread.close()
    datastore.close()
