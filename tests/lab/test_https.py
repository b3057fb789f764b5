import asyncio
import ssl

import httpx
import pytest
from aiohttp import web

from infra_kit.lab.https import HttpsEmulator
from infra_kit.lab.trust import Authority


class Counter(HttpsEmulator):
    """Counts POSTs."""

    protocol = "redfish"
    count = 0

    async def answer(self, request):
        if request.method == "POST":
            self.count += 1
        return web.json_response({"count": self.count})

    def unavailable(self):
        return web.json_response({"error": "busy"}, status=503)


@pytest.fixture
def conversation(tmp_path):
    """Run an async conversation with a fresh device and a client that verifies it."""
    authority = Authority(tmp_path)

    def run(talk):
        async def main():
            device = Counter("bmc01", authority.issue("bmc01", "127.0.0.1"))
            port = await device.start("127.0.0.1", 0)
            trust = ssl.create_default_context(cafile=str(authority.certificate_file))
            try:
                async with httpx.AsyncClient(base_url=f"https://127.0.0.1:{port}", verify=trust, trust_env=False) as client:
                    await talk(device, client)
            finally:
                await device.stop()

        asyncio.run(main())

    return run


def test_a_cut_loses_the_answer_and_keeps_the_change(conversation):
    async def talk(device, client):
        device.faults.drop_after_changes = 1
        assert (await client.post("/x")).json() == {"count": 1}
        with pytest.raises(httpx.TransportError):
            await client.post("/x")
        assert (await client.get("/x")).json() == {"count": 2}

    conversation(talk)


def test_503_is_the_devices_own_and_counted_down(conversation):
    async def talk(device, client):
        device.faults.server_errors = 1
        assert (await client.get("/x")).status_code == 503
        assert (await client.get("/x")).status_code == 200

    conversation(talk)


def test_an_unreachable_device_answers_nothing(conversation):
    async def talk(device, client):
        device.faults.unreachable = True
        with pytest.raises(httpx.TransportError):
            await client.get("/x")

    conversation(talk)


def test_latency_is_added(conversation):
    async def talk(device, client):
        device.faults.latency_s = 0.2
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/x", timeout=0.1)

    conversation(talk)


def test_every_request_is_remembered(conversation):
    async def talk(device, client):
        await client.get("/a?b=1")
        await client.post("/c")
        assert device.events.entries == [("GET", "/a?b=1"), ("POST", "/c")]

    conversation(talk)
