"""What a log line holds, and what it must not."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from adapters import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_one_correlation_id_is_in_our_lines_and_in_those_of_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True, level="info", process="serve")
    structlog.contextvars.bind_contextvars(correlation_id="c-1")
    structlog.stdlib.get_logger("ours").info("work_order.reported", position=7)
    logging.getLogger("a.library").warning("slow %s", "query")
    ours, theirs = _lines(capsys)
    assert (ours["event"], ours["position"], ours["correlation_id"]) == ("work_order.reported", 7, "c-1")
    assert (theirs["event"], theirs["correlation_id"], theirs["process"]) == ("slow query", "c-1", "serve")


def test_what_names_a_person_or_opens_a_door_is_masked_wherever_it_hides(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True, level="info")
    canaries = ("13812345678", "11010519491231002X", "hunter2", "s3cret")
    structlog.stdlib.get_logger("x").info(
        f"called 13812345678 of {canaries[1]}",
        dsn="postgresql://linli:hunter2@host/db",
        body={"password": "s3cret", "inner": ["13812345678"]},
        phone="13812345678",
    )
    try:
        raise ValueError("postgresql://linli:hunter2@host")  # noqa: EM101, TRY301
    except ValueError:
        logging.getLogger("library").exception("13812345678")
    written = capsys.readouterr().err
    assert written.count("\n") == 2
    assert not [canary for canary in canaries if canary in written]


def test_an_id_is_no_phone_number(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True, level="info")
    said = ("019ddd13812345678abcdefabcdefabc", "019ddd13-8123-7567-8abc-defabcdefabc")
    for each in said:
        structlog.get_logger().info("seen", correlation_id=each)
    written = capsys.readouterr().err
    assert all(each in written for each in said)


def test_lines_for_people_are_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=False, level="info")
    structlog.stdlib.get_logger("x").info("hello", token="s3cret")  # noqa: S106
    written = capsys.readouterr().err
    assert "hello" in written
    assert "s3cret" not in written


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True, level="warning")
    structlog.stdlib.get_logger("x").info("quiet")
    assert not capsys.readouterr().err
