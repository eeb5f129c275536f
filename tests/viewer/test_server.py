"""Ports, addresses, and what is said when the library is missing."""

import socket
import sys
import urllib.request

import pytest

from jnerf.errors import JnerfError
from jnerf.viewer.server import open_server


def test_a_taken_port_is_told_and_the_next_one_used(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server, url = open_server("127.0.0.1", port)
    try:
        said = capsys.readouterr().out
        assert said == f"port {port} is taken; the viewer listens on {server.get_port()}\n"
        assert url == f"http://localhost:{server.get_port()}" and server.get_port() > port
        page = urllib.request.urlopen(f"http://127.0.0.1:{server.get_port()}").read()
        assert b"<script" in page and len(page) > 100_000  # all of it in one file
    finally:
        server.stop()


def test_it_listens_on_this_machine_alone():
    server, _ = open_server("127.0.0.1", 0)
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
        for address in {a for a in addresses if "." in a and not a.startswith("127.")}:
            with socket.socket() as tried, pytest.raises(OSError):
                tried.settimeout(2)
                tried.connect((address, server.get_port()))
    finally:
        server.stop()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7"])
def test_a_wrong_address(host):
    with pytest.raises(JnerfError, match=host.replace(".", r"\.")):
        open_server(host, 8080)


@pytest.mark.parametrize(
    "host, origin, allowed",
    [
        (None, None, True),  # no browser
        (None, "http://localhost:{port}", False),  # the page of another name of this machine
        ("localhost:{port}", "http://localhost:{port}", True),
        ("localhost:9000", "http://localhost:9000", True),  # of a forwarded port
        (None, "http://127.0.0.1:{port}", True),
        (None, "http://127.0.0.1:1", False),
        (None, "https://evil.example", False),
        ("evil.example:{port}", "http://evil.example:{port}", False),  # a name that leads here
        (None, "null", False),
    ],
)
def test_only_its_own_page_may_speak_with_it(host, origin, allowed):
    server, _ = open_server("127.0.0.1", 0)
    port = server.get_port()
    asked = {
        "Host": (host or "127.0.0.1:{port}").format(port=port),
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    if origin is not None:
        asked["Origin"] = origin.format(port=port)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            lines = [f"{key}: {value}" for key, value in asked.items()]
            line.sendall("\r\n".join(["GET / HTTP/1.1", *lines, "", ""]).encode())
            assert line.recv(64).split()[1] == (b"101" if allowed else b"403")
    finally:
        server.stop()


def test_the_library_is_left_as_it_was():
    from websockets.asyncio import server as module

    before = module.serve
    open_server("127.0.0.1", 0)[0].stop()
    assert module.serve is before


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "viser", None)
    with pytest.raises(JnerfError, match=r"pip install 'jnerf\[viewer\]'"):
        open_server("127.0.0.1", 0)
