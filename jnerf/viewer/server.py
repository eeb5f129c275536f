"""Opens the page's server."""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import warnings
from typing import Any

from jnerf.errors import ConfigError, JnerfError
from jnerf.viewer.libraries import viser
from jnerf.viewer.origins import own_pages_only

#: How many ports after the one that was asked for are tried.
_TRIES = 100


def open_server(host: str, port: int) -> tuple[Any, str]:
    """A viser server on a free port, and the page's address.

    Args:
        host: the address to listen on; 127.0.0.1 is for this machine alone.
        port: wanted; the next free one is taken if it is not, and a line says so. 0: any.

    Raises:
        ConfigError: the port is none, or the host no address of this machine.
        JnerfError: viser is not installed, or no port is free.
    """
    if not 0 <= port < 65536:
        raise ConfigError(
            f"--port is {port}; it must be in 0 .. 65535, where 0 is any that is free"
        )
    module = viser()
    free = _free_port(host, port)
    if port and free != port:
        print(f"port {port} is taken; the viewer listens on {free}")
    with quiet(), own_pages_only(host):
        server = module.ViserServer(host=host, port=free, verbose=False)
    logging.getLogger("websockets").setLevel(logging.ERROR)
    # Somebody may leave while a picture is on its way to them.
    warnings.filterwarnings("ignore", "Queued a .* on a closed connection")
    shown = "localhost" if host in ("0.0.0.0", "127.0.0.1", "::") else host
    return server, f"http://{shown}:{server.get_port()}"


def quiet() -> contextlib.AbstractContextManager[Any]:
    """A context in which viser says nothing on standard output: what is to be said, we say."""
    return contextlib.redirect_stdout(io.StringIO())


def _free_port(host: str, port: int) -> int:
    """The first port from ``port`` on that nobody listens on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, min(port + _TRIES, 65536)):
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((host, candidate))
                return tried.getsockname()[1]
            except PermissionError as error:
                raise JnerfError(
                    f"port {candidate} is not for everybody ({error}): choose one from 1024 on with --port"
                ) from error
            except socket.gaierror as error:
                raise ConfigError(
                    f"--host {host!r} is no address of this machine: {error}"
                ) from error
            except OSError as error:
                if candidate == port and error.errno not in (98, 48, 10048):
                    raise ConfigError(f"cannot listen on {host}:{candidate}: {error}") from error
    raise JnerfError(
        f"no port from {port} to {port + _TRIES - 1} is free on {host}: choose another with --port"
    )
