"""What may be set, and what a wrong setting is answered with."""

from pathlib import Path

import pytest

from adapters.settings import BadSettings, Settings, read_settings, variable


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(variable(field), raising=False)


def test_everything_has_a_default_that_runs_on_one_machine() -> None:
    settings = read_settings()
    assert settings.embeds_postgres
    assert settings.embeds_temporal
    assert settings.data_dir == Path("var")


def test_an_address_switches_the_embedded_engine_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_DATABASE_URL", "postgresql://u:p@db.example:5432/linli")
    monkeypatch.setenv("LINLI_TEMPORAL_ADDRESS", "temporal.example:7233")
    settings = read_settings()
    assert not settings.embeds_postgres
    assert not settings.embeds_temporal


def test_all_faults_are_reported_at_once_and_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_PORT", "eighty")
    monkeypatch.setenv("LINLI_DATABASE_URL", "mysql://secret@host/x")
    monkeypatch.setenv("LINLI_LOG_FORMAT", "xml")
    monkeypatch.setenv("LINLI_MAX_QUEUE", "0")
    with pytest.raises(BadSettings) as caught:
        read_settings()
    text = str(caught.value)
    assert len(caught.value.faults) == 4
    for words in ("LINLI_PORT", "应为整数", "whole number", "postgresql://", "'json'", "at least 1", "至少为 1"):
        assert words in text
    assert "secret" not in text


def test_a_variable_nobody_knows_stops_the_start_with_the_likely_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_DATABSE_URL", "postgresql://host/x")
    monkeypatch.setenv("LINLI_PORT", "70000")
    with pytest.raises(BadSettings) as caught:
        read_settings()
    assert len(caught.value.faults) == 2
    assert "did you mean LINLI_DATABASE_URL" in str(caught.value)


def test_proxies_are_networks_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().trusted_proxies == ()
    monkeypatch.setenv("LINLI_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1,2001:db8::/32")
    assert [str(each) for each in read_settings().trusted_proxies] == ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]
    monkeypatch.setenv("LINLI_TRUSTED_PROXIES", "10.0.0.1/8,everybody")
    with pytest.raises(BadSettings) as caught:
        read_settings()
    assert "separated by commas" in str(caught.value)
    assert "LINLI_TRUSTED_PROXIES" in str(caught.value)


def test_the_public_address_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_PUBLIC_URL", "https://linli.example")
    assert read_settings().reached_by_https
    monkeypatch.setenv("LINLI_PUBLIC_URL", "http://localhost:8000")
    assert not read_settings().reached_by_https
    monkeypatch.setenv("LINLI_PUBLIC_URL", "linli.example")
    with pytest.raises(BadSettings, match="https://host"):
        read_settings()


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_DATABASE_URL", "")
    assert read_settings().embeds_postgres


def test_the_site_is_where_it_listens_unless_it_is_said_to_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().origin == "http://127.0.0.1:8000"
    monkeypatch.setenv("LINLI_PUBLIC_URL", "https://linli.example")
    assert read_settings().origin == "https://linli.example"


@pytest.mark.parametrize("url", ["linli.example", "ftp://linli.example", "https://linli.example/", "https://a/b?c"])
def test_a_site_is_an_origin_and_nothing_else(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LINLI_PUBLIC_URL", url)
    with pytest.raises(BadSettings, match="https://host, without a path"):
        read_settings()
