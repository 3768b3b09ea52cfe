"""A vendor is suspended on the running platform: at once, in public, and everything under way is seen to by itself."""

from collections.abc import Iterator

import httpx
import pytest

from tests.journeys.running import Running, eventually

CODE = "91110000600037341L"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("suspension") / "var")
    running.start()
    running.let_in("registrar", "administrator")
    running.let_in("head", "procurement_head")
    yield running
    running.stop()


def test_a_suspended_vendor_is_on_the_public_list_and_its_work_is_reported_on(platform: Running) -> None:
    with httpx.Client(base_url=platform.address, timeout=20, trust_env=False) as http:
        company = {"name": "明达水电", "kinds": ["vendor"], "credit_code": CODE}
        registered = http.post("/organisations", json=company, headers={"Authorization": platform.token("registrar")})
        assert registered.status_code == 201, registered.text
        vendor = registered.headers["Location"].rpartition("/")[2]
        head = {"Authorization": platform.token("head")}
        body = {"reason": "safety", "text": "消防设施维护不到位"}
        suspended = http.post(f"/vendors/{vendor}/sanctions/suspend", json=body, headers=head)
        assert suspended.status_code == 200, suspended.text

        def reported() -> bool:
            listed = http.get("/fan-outs", params={"vendor": vendor, "open": "false"}, headers=head).json()["items"]
            return bool(listed) and listed[0]["closed_at"] is not None

        eventually(reported, within=60, otherwise=platform.said)
        position = suspended.headers["X-Position"]
        public = http.get("/public/vendors", params={"status": "suspended", "min_position": position})
        assert [(each["id"], each["text"]) for each in public.json()["items"]] == [(f"CN-USCI-{CODE}", body["text"])]

        lifted = http.post(f"/vendors/{vendor}/sanctions/1/lift", json={"reason": "remedied"}, headers=head)
        assert lifted.status_code == 200, lifted.text
        position = lifted.headers["X-Position"]
        public = http.get("/public/vendors", params={"status": "suspended", "min_position": position})
        assert public.json()["items"] == []
