"""What COLMAP is asked to do: three kinds of jobs, plain enough to be sent to another process as json."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

Matching = Literal["exhaustive", "sequential", "vocabtree"]
Mapper = Literal["incremental", "global"]


@dataclass(frozen=True)
class Job:
    """One stage.

    Attributes:
        database: COLMAP's database, a file.
        images: the folder of the images.
        seed: of COLMAP's random numbers.
        threads: -1 for one per core.
    """

    stage: ClassVar[str] = ""
    database: str
    images: str
    seed: int = 0
    threads: int = -1

    def message(self) -> dict[str, Any]:
        """The job as plain values, with its stage."""
        return {"stage": self.stage, **asdict(self)}


@dataclass(frozen=True)
class Features(Job):
    """Finds SIFT features in images that were taken with one camera; those that have some are skipped.

    Attributes:
        names: of the images, below their folder.
        model: COLMAP's name of the camera's lens model.
        camera: number of the camera in the database, where an earlier call has made it; -1 makes one.
        masks: folder of masks, ``<name>.png``; "" for none.
        image_size: larger images are looked at in this size, pixels.
        most: features of an image.
        domain_size_pooling: average descriptors over scales (DSP-SIFT): slower, and better between unlike views.
    """

    stage: ClassVar[str] = "features"
    names: tuple[str, ...] = ()
    model: str = "OPENCV"
    camera: int = -1
    masks: str = ""
    image_size: int = 2000
    most: int = 4096
    domain_size_pooling: bool = False


@dataclass(frozen=True)
class Matches(Job):
    """Matches features of pairs of images, and checks that one geometry explains them; known pairs are skipped.

    Attributes:
        matching: which pairs.
        count: of images; with ``exhaustive``, they are matched in blocks, so that progress can be seen.
        overlap: with ``sequential``, how many of the following images each is matched with.
        vocabulary: with ``vocabtree``, its file.
        guided: search again along the epipolar lines that the first matches gave.
    """

    stage: ClassVar[str] = "matches"
    matching: Matching = "exhaustive"
    count: int = 50
    overlap: int = 10
    vocabulary: str = ""
    guided: bool = True

    @property
    def block(self) -> int:
        """Images of a block of exhaustive matching."""
        return max(5, min(50, -(-self.count // 8)))


@dataclass(frozen=True)
class Mapping(Job):
    """Finds poses, lenses and points, as one model or several.

    Attributes:
        models: the folder that they are written to, as 0, 1 ...
        mapper: from pair to pair, or all at once.
        count: of images, for the progress bar.
        straight: leave the lens's distortion at 0. Where matches are few, a lens that may bend explains wrong poses,
            and models fall apart; with this, all 96 frames of a film of the embedded scene are placed, without it 13.
    """

    stage: ClassVar[str] = "mapping"
    models: str = ""
    mapper: Mapper = "incremental"
    count: int = 0
    straight: bool = False


@dataclass(frozen=True)
class Refinement(Job):
    """Fits one model again: outliers lose their say, points are triangulated anew, and what does not fit is left out.

    Mirror images and repeated patterns match well and place cameras wrongly: on photographs of the embedded scene, with
    its mirror ball, this halves the error of the poses. pycolmap alone can do it.

    Attributes:
        model: the folder of the model.
        refined: the folder that the new one is written to.
        tolerance: a point that is farther from where an image sees it is left out, pixels; the loss of an error grows
            slowly from a quarter of it on.
    """

    stage: ClassVar[str] = "refinement"
    model: str = ""
    refined: str = ""
    tolerance: float = 2.0


JOBS: dict[str, type[Job]] = {kind.stage: kind for kind in (Features, Matches, Mapping, Refinement)}


def from_message(message: dict[str, Any]) -> Job:
    """The job that :meth:`Job.message` was made of."""
    values = {key: value for key, value in message.items() if key != "stage"}
    if "names" in values:
        values["names"] = tuple(values["names"])
    return JOBS[message["stage"]](**values)
