"""A page without a browser: speaks viser's protocol over a websocket, as far as the viewer's tests need it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

#: Where the embedded scene is looked at from, and what.
EYE, MIDDLE = (1.9, 1.6, 1.2), (0.5, 0.5, 0.5)


class PageClient:
    """Connects to a viewer's server and takes in what it sends, on a thread of its own.

    Args:
        port: of the server on this machine.
        size: width and height of the window.
    """

    def __init__(self, port: int, size: tuple[int, int] = (64, 48)) -> None:
        import viser
        from websockets.sync.client import connect

        self._size = size
        self.pictures: list[np.ndarray] = []
        self.depths: list[np.ndarray | None] = []
        self.times: list[float] = []
        self.notifications: list[str] = []
        self.opened = time.perf_counter()
        self._socket = connect(
            f"ws://127.0.0.1:{port}",
            subprotocols=[f"viser-v{viser.__version__}"],
            max_size=None,
            compression=None,
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def look(self, position: Any, target: Any, up: Any = (0, 0, 1), fov: float = 0.8) -> None:
        """Says where the camera is."""
        position, target = np.asarray(position, float), np.asarray(target, float)
        forward = (target - position) / np.linalg.norm(target - position)
        right = np.cross(forward, np.asarray(up, float))
        right /= np.linalg.norm(right)
        c2w = np.column_stack([right, np.cross(right, forward), -forward])  # OpenGL
        from jnerf.viewer.viewpoint import quaternion_of

        wxyz = quaternion_of(np.column_stack([c2w, position]))
        self._send(
            type="ViewerCameraMessage",
            wxyz=wxyz.tolist(),
            position=position.tolist(),
            fov=fov,
            near=0.01,
            far=100.0,
            image_height=self._size[1],
            image_width=self._size[0],
            look_at=target.tolist(),
            up_direction=list(map(float, up)),
        )

    def set(self, handle: Any, value: Any) -> None:
        """Changes a control as a person would: clicks a button, or sets a value."""
        self._send(type="GuiUpdateMessage", uuid=handle._impl.uuid, updates={"value": value})

    def wait(self, done: Callable[[], bool], seconds: float = 20.0) -> None:
        """Waits until something holds.

        Raises:
            TimeoutError: it does not.
        """
        end = time.perf_counter() + seconds
        while not done():
            if time.perf_counter() > end:
                raise TimeoutError(f"not within {seconds} seconds; {len(self.pictures)} pictures")
            time.sleep(0.005)

    def close(self) -> None:
        """Disconnects."""
        self._socket.close()
        self._thread.join(5)

    def _send(self, **message: Any) -> None:
        import msgspec

        self._socket.send(msgspec.msgpack.encode(message))

    def _listen(self) -> None:
        import msgspec
        import zstandard
        from websockets.exceptions import ConnectionClosed

        decompressor = zstandard.ZstdDecompressor()
        while True:
            try:
                data = self._socket.recv()
            except ConnectionClosed:
                return
            length = int.from_bytes(data[8:16], "little")
            text = decompressor.decompress(data[16 : 16 + length])
            content = msgspec.msgpack.decode(text)
            buffers = _buffers(data, 16 + length, content["binaryBufferLengths"])
            for message in content["messages"]:
                self._take(message, buffers)

    def _take(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        if message["type"] == "BackgroundImageMessage" and message["rgb_data"] is not None:
            self.times.append(time.perf_counter())
            self.depths.append(_depths(_bytes(message["depth_data"], buffers)))
            self.pictures.append(_image(_bytes(message["rgb_data"], buffers)))
        elif message["type"] == "NotificationShowMessage":
            self.notifications.append(str(message["props"]["body"]))


def _buffers(data: bytes, start: int, lengths: list[int]) -> list[bytes]:
    found = []
    for length in lengths:
        start = -(-start // 8) * 8
        found.append(data[start : start + length])
        start += length
    return found


def _bytes(value: Any, buffers: list[bytes]) -> bytes | None:
    if isinstance(value, dict):
        return buffers[value["__binary_index"]]
    return value


def _image(data: bytes) -> np.ndarray:
    """RGB."""
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def _depths(data: bytes | None) -> np.ndarray | None:
    if data is None:
        return None
    parts = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).astype(np.float64)
    return parts[..., :3] @ [1, 256, 65536] / 1e5


def serve_until(viewer: Any, done: Callable[[], bool], seconds: float = 30.0) -> None:
    """Serves a page on this thread until something holds."""
    end = time.perf_counter() + seconds
    viewer.serve(lambda: done() or time.perf_counter() > end)
    assert done(), f"not within {seconds} seconds"
