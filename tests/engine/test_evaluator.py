import json
import threading
import weakref
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import jnerf.judging.views as views_module
from jnerf.engine.evaluator import evaluate
from jnerf.engine.pipeline.build import build_dataset, build_pipeline
from jnerf.engine.rendering.image import render_image
from jnerf.engine.run import run
from jnerf.errors import ConfigError
from jnerf.imaging.pictures import to_uint8
from jnerf.metrics import psnr, ssim
from jnerf.ops.common import device


@pytest.fixture
def scene(tiny):
    from jnerf.config.check import check

    config = tiny()
    check(config)
    return build_pipeline(config, training=False), build_dataset(config, "test")


def test_chunks_make_no_difference(scene):
    pipeline, dataset = scene
    view = dataset.view(1)
    whole = render_image(pipeline, view.rays, 16, 16)
    for rays in (1, 40, 200):
        parts = render_image(pipeline, view.rays, 16, 16, rays_per_chunk=rays)
        assert np.array_equal(parts.colors, whole.colors) and np.array_equal(
            parts.depths, whole.depths
        )
    assert whole.colors.shape == (16, 16, 3) and whole.opacities.shape == (16, 16)


def test_metrics_are_of_the_8_bit_pictures_on_black_and_white(scene, tmp_path):
    pipeline, dataset = scene
    found = evaluate(pipeline, dataset, n_images=3, folder=tmp_path)
    assert [image["name"] for image in found.rows] == ["./test/r_0", "./test/r_2", "./test/r_5"]
    for image, index in zip(found.rows, (0, 2, 5), strict=True):
        strip = cv2.imread(str(tmp_path / f"test_r_{index}.png"))[..., ::-1] / np.float32(255)
        prediction, truth = strip[:, :16], strip[:, 16:32]
        assert image["psnr"] == pytest.approx(psnr(prediction, truth), abs=1e-6)
        assert image["ssim"] == pytest.approx(ssim(prediction, truth), abs=1e-6)
        rgba = dataset.view(index).rgba() / np.float32(255)
        assert np.allclose(truth, rgba[..., :3] * rgba[..., 3:], atol=0.51 / 255)
        # White, from a render of its own: the one-render identity must hold.
        with pipeline.ema.applied():
            rendered = render_image(pipeline, dataset.view(index).rays, 16, 16)
        white = to_uint8(rendered.colors + 1 - rendered.opacities[..., None]) / np.float32(255)
        truth_white = to_uint8(rgba[..., :3] * rgba[..., 3:] + 1 - rgba[..., 3:]) / np.float32(255)
        assert image["psnr_white"] == pytest.approx(psnr(white, truth_white), abs=1e-6)
        assert (tmp_path / f"test_r_{index}_depth.png").is_file()
        assert (tmp_path / f"test_r_{index}_opacity.png").is_file()
    assert found.mean["psnr"] == pytest.approx(np.mean([image["psnr"] for image in found.rows]))
    assert found.mean["psnr"] != found.mean["psnr_white"]


def test_averaged_weights_are_used_and_put_back(scene):
    pipeline, dataset = scene
    raw = pipeline.network.table.numpy()
    plain = evaluate(pipeline, dataset, 1).mean["psnr"]
    pipeline.ema.averages = [average + 2.0 for average in pipeline.ema.averages]
    assert evaluate(pipeline, dataset, 1).mean["psnr"] != plain
    assert np.array_equal(pipeline.network.table.numpy(), raw)


def test_stopping_ends_it_without_a_result(scene, tmp_path):
    pipeline, dataset = scene
    raw = pipeline.network.table.numpy()
    assert evaluate(pipeline, dataset, stop=lambda: True) is None
    assert np.array_equal(pipeline.network.table.numpy(), raw)


def test_stopping_does_not_wait_for_the_end_of_a_view(scene):
    pipeline, dataset = scene
    asked = []

    def stop():
        asked.append(0)
        return len(asked) == 3

    assert evaluate(pipeline, dataset, 1, rays_per_chunk=64, stop=stop) is None  # 16 x 16: 4 chunks
    assert len(asked) == 3


def test_the_test_task_writes_metrics_json(tiny, folder):
    trained = run(tiny("total_steps=30", "evaluation.n_images=None"), "train")
    first = json.loads((folder / "test/metrics.json").read_text())
    again = run(tiny("evaluation.n_images=None"), "test")
    content = json.loads((folder / "test/metrics.json").read_text())
    assert set(content) == {"protocol", "mean", "images"}
    assert {"psnr", "psnr_white", "ssim"} == set(content["mean"]) - {"flip", "lpips"}  # if installed
    assert set(content["images"][0]) == {"name", "seconds", *content["mean"]}
    assert len(content["images"]) == 6 and content["protocol"]["n_images"] == 6
    assert content["protocol"]["resolution"] == [16, 16] and content["protocol"]["step"] == 30
    assert content["protocol"]["weights"] == "ema"
    # The model from disk is the model that was trained, bit for bit.
    assert first["mean"] == content["mean"] and again["mean"] == trained["mean"]


def test_faults_of_the_test_split_show_before_training(tiny, folder, monkeypatch):
    monkeypatch.setattr("jnerf.judging.views.WINDOW", 17)
    with pytest.raises(ConfigError, match="is 16x16 pixels; SSIM needs 17x17. Lower dataset.down"):
        run(tiny("total_steps=2"), "train")
    assert not list(folder.rglob("*.safetensors"))
    assert run(tiny("total_steps=2", "evaluation.at_end=False"), "train")["complete"]


def test_all_but_empty_pictures_are_told(tiny, folder, capsys):
    empty = ["renderer.type=BlackRenderer", "total_steps=1", "evaluation.n_images=None"]
    told = "step 1: the rendered pictures are all but empty: 0 of 1536 pixels have an opacity above 0.05"
    with pytest.warns(UserWarning, match=told):
        run(tiny(*empty), "train")
    protocol = json.loads((folder / "test/metrics.json").read_text())["protocol"]
    assert protocol["warning"] == f"{told[8:]}; psnr and ssim are those of a background alone"


def test_pictures_on_the_way_are_told_of_once_there_was_training(tiny):
    with pytest.warns(UserWarning, match="step 1: .* all but empty") as caught:
        run(
            tiny(
                "renderer.type=BlackRenderer",
                "total_steps=2",
                "evaluation.steps=[0, 1]",
                "evaluation.at_end=False",
            ),
            "train",
        )
    assert len([w for w in caught if "all but empty" in str(w.message)]) == 1


def test_on_cuda_views_are_measured_behind_and_the_numbers_are_the_same(scene, tmp_path):
    pipeline, dataset = scene
    here = evaluate(pipeline, dataset, folder=tmp_path / "here")
    with device.as_on_cuda():
        behind = evaluate(pipeline, dataset, folder=tmp_path / "behind")
    timeless = [[{**row, "seconds": 0} for row in found.rows] for found in (here, behind)]
    assert timeless[0] == timeless[1] and here.mean == behind.mean
    names = [sorted(p.name for p in (tmp_path / name).iterdir()) for name in ("here", "behind")]
    assert names[0] == names[1] and len(names[0]) == 18
    for name in names[0]:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "behind" / name).read_bytes()


@pytest.fixture
def judged(monkeypatch):
    """Threads that measured a view, one for each, most views that were alive, and what is raised with the second."""
    real, found = views_module._judged, SimpleNamespace(threads=[], most=0, fault=None, images=[])

    def judge(dataset, index, image, *others):
        found.images.append(weakref.ref(image))
        found.most = max(found.most, sum(alive() is not None for alive in found.images))
        found.threads.append(threading.current_thread())
        if found.fault is not None and len(found.threads) == 2:
            raise found.fault
        return real(dataset, index, image, *others)

    monkeypatch.setattr(views_module, "_judged", judge)
    return found


def test_at_most_two_views_are_held(scene, judged):
    seen = []
    with device.as_on_cuda():
        evaluate(*scene, see=lambda image: seen.append(weakref.ref(image)))
    assert len(judged.threads) == 6 and threading.main_thread() not in judged.threads
    assert judged.most <= 2 and sum(view() is not None for view in seen) == 0


@pytest.mark.parametrize("fault", [ConfigError("no pixels"), OSError(28, "No space left")])
def test_a_fault_while_measuring_ends_the_evaluation(scene, judged, fault):
    pipeline, dataset = scene
    raw, judged.fault = pipeline.network.table.numpy(), fault
    with device.as_on_cuda(), pytest.raises(type(fault), match=str(fault.args[-1])):
        evaluate(pipeline, dataset)
    assert len(judged.threads) == 2 and np.array_equal(pipeline.network.table.numpy(), raw)


@pytest.mark.parametrize("how", ["stop", "interrupt"])
def test_stopping_waits_for_what_is_being_measured(scene, judged, tmp_path, how):
    def see(image):
        if len(judged.threads) >= 2 and how == "interrupt":
            raise KeyboardInterrupt

    pipeline, dataset = scene
    raw, folder = pipeline.network.table.numpy(), tmp_path / "pictures"
    with device.as_on_cuda():
        given = {"folder": folder, "stop": lambda: how == "stop" and len(judged.threads) >= 2}
        if how == "stop":
            assert evaluate(pipeline, dataset, **given) is None
        else:
            with pytest.raises(KeyboardInterrupt):
                evaluate(pipeline, dataset, see=see, **given)
    assert len(list(folder.iterdir())) % 3 == 0  # of no view a part of its pictures
    assert np.array_equal(pipeline.network.table.numpy(), raw)
    assert not [t for t in threading.enumerate() if t.name.startswith("jnerf-behind")]
