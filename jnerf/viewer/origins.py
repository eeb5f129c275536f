"""Which pages of a browser may speak with the viewer: any page may open a websocket to this machine, so it must ask.

viser hands its server no rule on that, and calls ``websockets.asyncio.server.serve`` while it is made: for so long,
that name is a function with the rule.
"""

from __future__ import annotations

import http
import importlib
import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit


def loopback(host: str) -> bool:
    """Whether an address, or a name without its port, is of this machine alone.

    >>> loopback("localhost"), loopback("127.0.0.1"), loopback("::1"), loopback("0.0.0.0"), loopback("a.example")
    (True, True, True, False, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def foreign(headers: Mapping[str, str]) -> bool:
    """Whether a request is of a page that is not the viewer's own.

    Args:
        headers: of the request. What is no browser says no origin, and may come in. A name for which somebody's server
            gives out this machine's address is no name of this machine: that page is foreign as well.
    """
    origin = headers.get("Origin")
    if origin is None:
        return False
    found = urlsplit(origin)
    own = found.netloc.lower() == headers.get("Host", "").lower()
    return not (own and loopback(found.hostname or ""))


@contextmanager
def own_pages_only(host: str) -> Iterator[None]:
    """A context in which a server that is opened on this machine alone refuses what is ``foreign``, with status 403.

    Args:
        host: that it listens on; others than this machine's own are left as they are.
    """
    module = importlib.import_module("websockets.asyncio.server")
    original = module.serve

    def serve(*arguments: Any, process_request: Any = None, **options: Any) -> Any:
        def answer(connection: Any, request: Any) -> Any:
            if foreign(request.headers):
                said = "this page is not the viewer's own\n"
                return connection.respond(http.HTTPStatus.FORBIDDEN, said)
            return None if process_request is None else process_request(connection, request)

        return original(*arguments, process_request=answer, **options)

    if loopback(host):
        module.serve = serve
    try:
        yield
    finally:
        module.serve = original
