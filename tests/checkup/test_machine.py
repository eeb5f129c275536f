"""What the doctor says of the machine."""

import os

from jnerf.checkup.machine import check_cache
from jnerf.runtime.cuda import Driver
from jnerf.runtime.facts import Facts


def test_a_cache_in_which_another_process_compiles(tmp_path, monkeypatch):
    cache = tmp_path / ".cache" / "jittor"
    cache.mkdir(parents=True)
    (cache / "kept.so").write_bytes(bytes(3 << 20))
    walked = [(str(cache), [], ["kept.so", "taken_away_meanwhile.o"])]
    monkeypatch.setattr(os, "walk", lambda root: walked)
    found = check_cache(Facts(driver=Driver(fault="no CUDA driver"), home=tmp_path))
    assert found.status == "OK" and ", 3 MiB, jnerf-" in found.text()
