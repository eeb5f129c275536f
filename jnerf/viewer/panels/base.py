"""What every panel is: a folder of controls in one of the page's tabs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jnerf.viewer.viewer import Viewer


class Panel(ABC):
    """Base of panels; the subclass is registered with ``@PANELS.register()``.

    Whatever a panel does, it does on the trainer's thread: ``control`` sees to that for what people click.

    Args:
        viewer: the page; ``stage``, ``settings``, ``server``, ``trainer``, ``call``, ``notify``, ``go`` are for panels.

    Attributes:
        title: of its folder.
        tab: the tab that it is in; one of a new name is made.
        order: panels of a tab are shown by rising numbers.
        open: whether the folder is open at first.
        controls: what people can act on, by name.
    """

    title: str = ""
    tab: str = "Own"
    order: float = 100.0
    open: bool = True

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.controls: dict[str, Any] = {}

    def lacking(self) -> str | None:
        """Why the panel has no place on this page; None where it has."""
        return None

    @abstractmethod
    def build(self, gui: Any) -> None:
        """Adds its controls.

        Args:
            gui: viser's ``GuiApi``; what is added to it lands in the panel's folder.
        """

    def refresh(self) -> None:  # noqa: B027 - many show nothing that changes by itself
        """Called on the trainer's thread now and then, while somebody looks on."""

    def row(self, row: dict[str, Any]) -> None:  # noqa: B027
        """Called with each row of the log of a run that trains."""

    def control(self, name: str, handle: Any, act: Callable[[Any, Any], None] | None = None) -> Any:
        """Makes a handle act.

        Args:
            name: of the control, unique in the panel.
            handle: what ``gui.add_...`` gave.
            act: called on the trainer's thread with the handle's value and viser's client who changed it; None: the
                value is read when it is needed.

        Returns:
            The handle.
        """
        self.controls[name] = handle

        def happened(event: Any) -> None:
            if event.client is not None and act is not None:  # not of a value that we set
                self.viewer.call(act, handle.value, event.client)

        listen = handle.on_click if hasattr(handle, "on_click") else handle.on_update
        listen(happened)
        return handle
