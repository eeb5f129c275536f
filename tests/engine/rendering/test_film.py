"""Films of a tiny run: what is written, and how it goes on when it was broken off."""

import contextlib
import errno
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import imageio.v2 as imageio
import numpy as np
import pytest
from faulty_disk import FaultyDisk, Killed

from jnerf.config import load_config
from jnerf.engine.rendering import film
from jnerf.engine.rendering.request import FilmRequest, PathRequest
from jnerf.engine.run import run
from jnerf.errors import ConfigError, JnerfError
from jnerf.ops.common import device

TINY = Path(__file__).parents[1] / "configs" / "tiny.py"
SIZE = (20, 16)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of tiny runs, one of them trained."""
    logs = tmp_path_factory.mktemp("film") / "logs"
    run(load_config(TINY, [f"save_dir={logs}", "total_steps=400"]), "train")
    return logs


@pytest.fixture
def render(trained):
    """Renders a film of the trained run: its files."""

    def make(request=None, *overrides):
        done = run(load_config(TINY, [f"save_dir={trained}", *overrides]), "render", film=request)
        return [Path(file) for file in done["files"]]

    yield make
    shutil.rmtree(trained / "tiny/render", ignore_errors=True)


def film_of(tmp_path, *formats, kind="orbit", **more):
    path = {k: more.pop(k) for k in ("split", "fov", "order", "stops", "loop") if k in more}
    more = {"size": SIZE, "n_frames": 4, "output": tmp_path / "out", **more}
    return FilmRequest(PathRequest(kind, **path), formats=formats, **more)


def pictures(folder):
    return {f.name: cv2.imread(str(f), cv2.IMREAD_UNCHANGED) for f in sorted(folder.glob("*.png"))}


def test_the_config_alone_makes_a_film_of_colour_and_depth(render, trained):
    files = render(None, "render.width=40", "render.height=33", "render.n_frames=6")
    assert files == [trained / "tiny/render/orbit.mp4", trained / "tiny/render/orbit.gif"]
    for file in files:
        frames = imageio.mimread(file)
        assert len(frames) == 6
        assert frames[0].shape[:2] == (32, 80)  # even height, colour and depth side by side
    colour, depth = frames[0][:, :40, :3], frames[0][:, 40:, :3]
    assert colour.max() > 5 and depth.max() > 5 and not np.array_equal(colour, depth)
    # Once more takes its place; nothing but the films and their record is left.
    render(None, "render.width=24", "render.height=16", "render.n_frames=2")
    assert imageio.mimread(files[1])[0].shape[:2] == (16, 48)
    assert {p.name for p in files[0].parent.iterdir()} == {
        *(f.name for f in files),
        "orbit.film.json",
    }


def test_views_have_the_pixels_of_the_evaluator(render, trained, tmp_path):
    run(load_config(TINY, [f"save_dir={trained}", "evaluation.n_images=null"]), "test")
    folder = render(
        FilmRequest(PathRequest("views"), formats=("png",), output=tmp_path, side_by_side=False)
    )[0]
    tested = sorted((trained / "tiny/test").glob("test_r_?.png"))
    assert len(tested) == 6
    for strip in tested:
        wanted = cv2.imread(str(strip))[:, :16]
        assert wanted.max() > 20
        assert np.array_equal(cv2.imread(str(folder / f"color_{strip.name}")), wanted)
    with pytest.raises(ConfigError, match="--scale is 0.015.*: view .* has no pixel left"):
        render(FilmRequest(PathRequest("views"), scale=1 / 64, output=tmp_path / "none"))
    half = FilmRequest(PathRequest("views"), formats=("png",), scale=0.5, output=tmp_path / "half")
    small = pictures(render(half)[0])["color-depth_test_r_0.png"]
    assert np.array_equal(small[:, :8], cv2.imread(str(tested[0]))[1::2, 1:16:2])


def test_a_film_of_every_channel(render, tmp_path):
    request = film_of(tmp_path, "gif", "png", channels=("opacity", "color"), side_by_side=False)
    files = render(request)
    assert [f.name for f in files] == ["orbit_opacity.gif", "orbit_color.gif", "orbit"]
    frames = pictures(files[-1])
    assert sorted(frames) == [f"{c}_{i:05d}.png" for c in ("color", "opacity") for i in range(4)]
    assert frames["color_00000.png"].shape == (16, 20, 3)
    with pytest.raises(
        ConfigError, match="normal, which this renderer does not give. It gives color, depth, opac"
    ):
        render(film_of(tmp_path, "gif", channels=("normal",)))


def test_backgrounds(render, tmp_path):
    frames = {}
    for name, color in (("black", (0, 0, 0)), ("blue", (0, 0.2, 1)), ("none", None)):
        more = {"channels": ("color",), "background": color, "output": tmp_path / name}
        frames[name] = pictures(render(film_of(tmp_path, "png", **more))[0])["color_00001.png"]
    alpha = frames["none"][..., 3:] / 255
    assert 0 < alpha.mean() < 1 and alpha.min() < 0.1
    for name, bgr in (("black", (0, 0, 0)), ("blue", (255, 51, 0))):
        mixed = frames["none"][..., :3] * alpha + (1 - alpha) * bgr
        assert np.abs(mixed - frames[name]).max() < 2.5
    with pytest.raises(ConfigError, match="--background none needs frames with an alpha channel"):
        film_of(tmp_path, "mp4", background=None)


def test_exr_holds_linear_colours_and_distances(render, tmp_path):
    more = {"channels": ("color", "depth", "opacity"), "side_by_side": False}
    folder = render(film_of(tmp_path, "exr", "png", **more))[0]
    found = {
        name: cv2.imread(str(folder / f"{name}_00002.exr"), cv2.IMREAD_UNCHANGED)
        for name in more["channels"]
    }
    assert {v.dtype for v in found.values()} == {np.dtype("float32")}
    png = cv2.imread(str(folder / "color_00002.png")) / 255
    srgb = np.where(
        found["color"] <= 0.0031308,
        12.92 * found["color"],
        1.055 * found["color"] ** (1 / 2.4) - 0.055,
    )
    assert np.abs(srgb - png).max() < 0.003
    seen = found["opacity"] > 0.7 * found["opacity"].max()
    assert seen.any() and np.all((found["depth"][seen] > 0.2) & (found["depth"][seen] < 3))
    assert np.all(found["depth"][found["opacity"] == 0] == 0)


def test_a_film_that_was_broken_off_goes_on_and_ends_the_same(render, tmp_path, monkeypatch):
    whole = film_of(tmp_path, "mp4", "gif", "png", output=tmp_path / "whole")
    *films, folder = render(whole)
    seen, wanted = [f.read_bytes() for f in films], pictures(folder)

    cut = {"output": tmp_path / "cut"}
    real = film._Film._keep
    rendered = []

    def keep(self, shot, image, span):
        if len(rendered) == 2:
            raise KeyboardInterrupt
        real(self, shot, image, span)
        rendered.append(shot.label)

    monkeypatch.setattr(film._Film, "_keep", keep)
    with pytest.raises(
        KeyboardInterrupt, match="2 of 4 frames are kept in .*cut/orbit: --resume goes on"
    ):
        render(film_of(tmp_path, "mp4", "gif", "png", **cut))
    assert not list((tmp_path / "cut").glob("*.mp4"))
    monkeypatch.setattr(film._Film, "_keep", lambda *a: (rendered.append(a[1].label), real(*a)))
    with pytest.raises(
        ConfigError, match="is there already. --force renders it anew, --resume goes on"
    ):
        render(film_of(tmp_path, "mp4", "gif", "png", **cut))
    with pytest.raises(ConfigError, match="is not of this film: frames is 4 there and 5 here"):
        render(film_of(tmp_path, "mp4", "gif", "png", **cut, resume=True, n_frames=5))
    *films, folder = render(film_of(tmp_path, "mp4", "gif", "png", **cut, resume=True))
    assert rendered == ["00000", "00001", "00002", "00003"]  # each once
    assert [f.read_bytes() for f in films] == seen
    found = pictures(folder)
    assert all(np.array_equal(found[name], wanted[name]) for name in wanted) and len(found) == 4
    # Gone on with once more, it is ready; a frame that was removed is made again; anew, all are.
    render(film_of(tmp_path, "mp4", "gif", "png", **cut, resume=True))
    assert len(rendered) == 4
    (folder / "color-depth_00001.png").unlink()
    render(film_of(tmp_path, "mp4", "gif", "png", **cut, resume=True))
    assert rendered.pop() == "00001"
    render(film_of(tmp_path, "mp4", "gif", "png", **cut, force=True))
    assert len(rendered) == 8


def test_frames_of_other_settings_are_not_mixed_in(render, tmp_path):
    render(film_of(tmp_path, "gif"))
    again, other = film_of(tmp_path, "gif", resume=True), "renderer.background=black"
    with (
        pytest.warns(UserWarning, match='renderer.background: "black" here'),
        pytest.raises(ConfigError, match="renderer.background is random there and black here"),
    ):
        render(again, other)
    render(again)
    record = tmp_path / "out/orbit.film.json"
    before = json.loads(record.read_text())
    del before["settings"]  # films of before did not note them
    record.write_text(json.dumps(before))
    with pytest.warns(UserWarning, match="not as in the run"):
        render(again, other)


def test_broken_off_before_the_first_frame_nothing_is_left(render, tmp_path, monkeypatch):
    def keep(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(film._Film, "_keep", keep)
    with pytest.raises(KeyboardInterrupt, match="Nothing is left"):
        render(film_of(tmp_path, "mp4"))
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_frames_to_go_on_with(render, tmp_path, monkeypatch):
    real = Path.open

    def opened(self, mode="r", *how, **named):
        if "w" in mode and (".orbit.gif" in self.name or "_00003.png" in self.name and full):
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return real(self, mode, *how, **named)

    full = True
    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(
        JnerfError, match="cannot write .*_00003.png.*No space left.*3 of 4 frames are kept"
    ):
        render(film_of(tmp_path, "gif"))
    full = False
    with pytest.raises(JnerfError, match="cannot write .*orbit.gif.*No space left.*4 of 4 frames"):
        render(film_of(tmp_path, "gif", resume=True))
    monkeypatch.undo()
    (file,) = render(film_of(tmp_path, "gif", resume=True))
    assert len(imageio.mimread(file)) == 4
    assert {p.name for p in file.parent.iterdir()} == {"orbit.gif", "orbit.film.json"}


def test_a_folder_that_cannot_be_written(render, trained):
    (trained / "tiny/render").write_text("a file in the way")
    with pytest.raises(JnerfError, match="cannot write .*render"):
        render(None, "render.n_frames=1")
    (trained / "tiny/render").unlink()


def test_what_is_not_of_a_film_stays(render, tmp_path):
    folder = tmp_path / "out/orbit"
    folder.mkdir(parents=True)
    (folder / "mine.png").write_text("mine")
    render(film_of(tmp_path, "gif", force=True))
    assert [p.name for p in folder.iterdir()] == ["mine.png"]


def test_depth_keeps_its_colours_over_the_film(render, tmp_path):
    """The range comes from several frames, is in the record, and can be given."""
    more = {"channels": ("depth",), "size": (16, 16)}
    folder = render(film_of(tmp_path, "png", **more))[0]
    span = json.loads((tmp_path / "out/orbit.film.json").read_text())["found"]["depth_span"]
    assert 0 < span[0] < span[1] < 3
    given = film_of(tmp_path, "png", **more, depth_range=tuple(span), output=tmp_path / "given")
    again = pictures(render(given)[0])
    found = pictures(folder)
    assert all(np.array_equal(found[name], again[name]) for name in found)


def test_a_film_along_a_file_and_the_path_it_writes(render, tmp_path):
    first = film_of(tmp_path, "gif", save_path=tmp_path / "path.json", fov=50.0)
    (wanted,) = render(first)
    data = json.loads((tmp_path / "path.json").read_text())
    assert len(data["keyframes"]) == 4 and data["width"] == 20 and data["keyframes"][0]["fov"] == 50
    request = FilmRequest(
        PathRequest(str(tmp_path / "path.json")), formats=("gif",), output=tmp_path / "other.gif"
    )
    (file,) = render(request)
    assert file == tmp_path / "other.gif" and file.read_bytes() == wanted.read_bytes()


def test_a_path_that_is_written_already_is_in_nobodys_way(render, tmp_path, monkeypatch):
    """The same command, with --resume or where nothing is left of the film; another path is not written over."""
    file = tmp_path / "path.json"
    real = film._Film._keep
    for frames in (0, 2):
        seen = []

        def keep(self, shot, image, span, seen=seen, most=frames):
            if len(seen) == most:
                raise KeyboardInterrupt
            real(self, shot, image, span)
            seen.append(shot)

        monkeypatch.setattr(film._Film, "_keep", keep)
        with pytest.raises(KeyboardInterrupt):
            render(film_of(tmp_path, "gif", save_path=file))
    monkeypatch.undo()
    wanted = file.read_text()
    (found,) = render(film_of(tmp_path, "gif", save_path=file, resume=True))
    assert len(imageio.mimread(found)) == 4 and file.read_text() == wanted
    for content in (wanted + " ", ""):
        file.write_text(content)
        with pytest.raises(ConfigError, match="path.json is there already .*leave --save-path out"):
            render(film_of(tmp_path, "gif", save_path=file, resume=True))
        assert file.read_text() == content
    render(film_of(tmp_path, "gif", save_path=file, force=True))
    assert file.read_text() == wanted


def test_formats_that_a_file_cannot_be(tmp_path):
    for output, formats, said in (
        ("film.mp4", ("gif",), "is one file: give --format mp4"),
        ("film.png", ("png",), "frames need a folder"),
    ):
        with pytest.raises(ConfigError, match=said):
            film_of(tmp_path, *formats, output=tmp_path / output)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"kind": "circle"}, "--path is 'circle': it must be orbit, spiral"),
        ({"kind": "views"}, "--resolution does not go with --path views"),
        ({"kind": "views", "size": None}, "--frames and --seconds do not go with"),
        ({"kind": "views", "size": None, "n_frames": None, "scale": 0.7}, "must be 1, 1/2"),
        ({"kind": "views", "size": None, "n_frames": None, "scale": 1e7}, "must be 1, 1/2"),
        ({"fov": 180.0}, "--fov is 180"),
        ({"seconds": 2.0}, "--frames and --seconds say the same"),
        ({"channels": ("colour",)}, "--channels has 'colour': choose from color, depth"),
        ({"channels": ("color", "color")}, "each once"),
        ({"scale": 0.0}, "--scale is 0"),
        ({"depth_range": (2.0, 1.0)}, "near must be below far"),
        ({"force": True, "resume": True}, "give one"),
        ({"stops": 1}, "--stops is 1"),
    ],
)
def test_what_cannot_be_asked_for(tmp_path, change, said):
    with pytest.raises(ConfigError, match=said):
        film_of(tmp_path, "gif", **change)


def test_a_file_in_place_of_the_folder_is_told_before_the_work(render, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ConfigError, match="out is no folder. Choose another place with --output"):
        render(film_of(tmp_path, "png"))
    assert (tmp_path / "out").read_text() == "mine"


def test_one_process_makes_a_film(render, trained, tmp_path):
    (tmp_path / "out").mkdir()
    hold = "from jnerf.engine.guards.lock import take_lock; from pathlib import Path; import sys;"
    hold += "f = take_lock(Path(sys.argv[1])); print('held', flush=True); input()"
    command = [sys.executable, "-c", hold, str(tmp_path / "out/.orbit.lock")]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match="another process is making the film .*out/orbit"):
            render(film_of(tmp_path, "gif"))
    finally:
        other.communicate("\n", timeout=60)
    assert render(film_of(tmp_path, "gif")) == [tmp_path / "out/orbit.gif"]
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize("kind", ["ENOSPC", "torn", "killed", "killed_torn"])
@pytest.mark.parametrize("at", [0, 3, 8, 20])
def test_a_film_on_a_disk_that_fails_is_gone_on_with(render, tmp_path, at, kind):
    whole = render(film_of(tmp_path / "whole", "gif"))[0].read_bytes()
    request = film_of(tmp_path, "gif")
    with contextlib.suppress(JnerfError, Killed), FaultyDisk(tmp_path).failing(at, kind):
        render(request)
    (film,) = render(replace(request, resume=True))
    assert film.read_bytes() == whole


def test_on_cuda_frames_are_written_behind(render, tmp_path, monkeypatch):
    whole = render(film_of(tmp_path / "whole", "gif"))[0].read_bytes()
    real = Path.write_bytes

    def write_bytes(self, data):
        if full and "_00002.png" in self.name:
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return real(self, data)

    full = True
    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with device.as_on_cuda():
        said = "cannot write .*_00002.png.*No space left.*2 of 4 frames are kept"
        with pytest.raises(JnerfError, match=said):
            render(film_of(tmp_path, "gif"))
        full = False
        (film,) = render(replace(film_of(tmp_path, "gif"), resume=True))
    assert film.read_bytes() == whole
