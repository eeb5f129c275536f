import json

import pytest
from benchmark_records import make

from jnerf.benchmark import cli
from jnerf.benchmark.records.compare import comparison
from jnerf.benchmark.records.record import KINDS
from jnerf.benchmark.records.report import fill_file, filled, read_runs
from jnerf.benchmark.records.tables import TABLES, all_tables, one_table
from jnerf.errors import DataError
from jnerf.figures.numbers import number


def block(mark: str, body: str = "") -> str:
    return f"before\n<!-- benchmark:{mark} -->\n{body}<!-- /benchmark -->\nafter\n"


def test_every_kind_has_tables():
    assert set(TABLES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_table_comes_with_machine_commit_and_protocol(kind):
    for name in TABLES[kind]:
        text = one_table(make(kind), name)
        rows = [line for line in text.splitlines() if line.startswith("|")]
        for said in ("Some CPU, 2 cores, 2 threads", "0123456789 with local changes", "2026-01-02"):
            assert said in text
        assert "seconds: inside training steps" in text
        assert len(rows) >= 3 and text.count("|\n") >= 2
    assert all_tables(make(kind)).count("Some CPU") == 1


def test_columns_of_a_table_agree():
    for kind in KINDS:
        for block_of_rows in all_tables(make(kind)).split("\n\n"):
            rows = [line.count("|") for line in block_of_rows.splitlines() if line[:1] == "|"]
            assert len(set(rows)) <= 1


def test_times_are_between_the_evaluations_around_a_level():
    record = make("train")
    run = record["results"]["runs"][0]
    run["evaluations"] = [
        {"step": 10 * i, "seconds": seconds, "psnr": psnr}
        for i, (seconds, psnr) in enumerate(
            [(10.0, 27.0), (30.0, 29.0), (70.0, 29.5), (90.0, 33.5)]
        )
    ]
    text = one_table(record, "times")
    found = [row.split("|")[3:5] for row in text.splitlines() if row.startswith("| `")]
    assert [(float(a), float(b)) for a, b in found] == [
        (28, 20),
        (30, 72.5),
        (32, 82.5),
        (33.4, 89.5),
    ]
    run["evaluations"] = run["evaluations"][:1]
    assert "No evaluation in this run crosses a level" in one_table(record, "times")


def test_quality_says_split_background_views_and_weights():
    text = one_table(make("train"), "quality")
    assert "30.00 | 29.50 | 0.950" in text
    for said in ("train split", "25 views of the test split", "on black", "ema weights"):
        assert said in text


def test_instruction_sets_share_a_table():
    record = make("ops")
    other = make("ops")["results"]["levels"][0]
    other["simd"] = "plain"
    other["kernels"][0]["ns"] = {"median": 777.0, "min": 700.0, "max": 800.0, "n": 2}
    record["results"]["levels"].append(other)
    text = one_table(record, "kernels")
    assert "ns, native | ns, plain" in text and "| 45 | 777 |" in text


def test_an_op_with_one_case_has_its_unit_alone():
    record = make("ops")
    record["results"]["levels"][0]["kernels"][0]["case"] = ""
    text = one_table(record, "kernels")
    assert "| per " in text and "| , " not in text


def test_filling_is_idempotent_and_leaves_the_rest(tmp_path):
    path, runs = tmp_path / "a.md", {"lego": make("train")}
    path.write_text(block("lego speed") + block("lego", "old numbers\n"))
    assert fill_file(path, runs, check=True)
    assert "old numbers" in path.read_text()  # checking writes nothing
    assert fill_file(path, runs, check=False)
    first = path.read_text()
    assert not fill_file(path, runs, check=False) and path.read_text() == first
    assert not fill_file(path, runs, check=True)
    assert "old numbers" not in first and first.count("| `a.py` | lego |") == 6
    assert first.startswith("before\n") and first.endswith("after\n")
    path.write_text(first.replace("1 500 000", "9 500 000"))
    assert fill_file(path, runs, check=True)  # typed by hand


def test_other_numbers_in_the_record_change_the_table():
    record = make("train")
    before = filled(block("lego"), {"lego": record}, "a.md")
    record["results"]["runs"][0]["samples_per_s"]["median"] = 3.21e6
    assert "3 210 000" in filled(before, {"lego": record}, "a.md")


def test_marks_within_a_line_are_text():
    text = "Write `<!-- benchmark:lego -->` and `<!-- /benchmark -->`.\n"
    assert filled(text, {"lego": make("train")}, "a.md") == text


def test_naming_one_record_leaves_the_tables_of_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = tmp_path / "docs" / "benchmarks"
    records.mkdir(parents=True)
    for name in ("lego", "fern"):
        (records / f"{name}.json").write_text(json.dumps(make("train")))
    page = tmp_path / "a.md"
    page.write_text(block("lego speed") + block("fern speed"))
    assert cli.main(["report", "--write", str(page)]) == 0
    whole = page.read_text()
    new = make("train")
    new["results"]["runs"][0]["samples_per_s"]["median"] = 3.21e6
    (tmp_path / "lego.json").write_text(json.dumps(new))
    assert cli.main(["report", "lego.json", "--write", str(page)]) == 0
    assert page.read_text() == whole.replace("1 500 000", "3 210 000", 1) != whole


def test_what_was_not_measured_says_so():
    text = filled(block("soon speed"), {}, "a.md")
    assert "Not measured yet: `docs/benchmarks/soon.json`" in text
    assert filled(text, {}, "a.md") == text


@pytest.mark.parametrize(
    "text",
    ["<!-- benchmark:lego -->\nnever closed", "<!-- /benchmark -->", "<!-- benchmark:a b c -->\n<!-- /benchmark -->"],
)  # fmt: skip
def test_wrong_marks_are_refused(text):
    with pytest.raises(DataError, match=r"a\.md: \d benchmark marks make"):
        filled(text, {}, "a.md")


def test_unknown_table_is_refused():
    with pytest.raises(DataError, match="no table 'sped'. Did you mean 'speed'"):
        filled(block("lego sped"), {"lego": make("train")}, "a.md")


def test_names_must_differ(tmp_path):
    for folder in ("a", "b"):
        from jnerf.benchmark.records.record import save

        save(tmp_path / folder / "lego.json", make("train"))
    with pytest.raises(DataError, match="two records are called 'lego'"):
        read_runs([tmp_path / "a/lego.json", tmp_path / "b/lego.json"])


def test_comparison_finds_numbers_by_what_they_are_about():
    before, after = make("ops"), make("ops")
    after["results"]["levels"][0]["kernels"][0]["ns"]["median"] = 22.5
    text = comparison(before, after)
    assert (
        "| levels [native] kernels [mlp mlp_forward density] ns median | 45 | 22.5 | 0.500 |"
        in text
    )
    with pytest.raises(DataError, match="a record of 'ops' and one of 'train'"):
        comparison(before, make("train"))


def test_comparison_keeps_every_number_of_entries_that_share_a_name():
    host = make("host")
    first = host["results"]["runs"][0]
    again = {**first, "step_ms": {**first["step_ms"], "median": 1.25}}
    host["results"]["runs"] += [again | {"sizes": "fixed"}, again]
    text = comparison(host, host)
    assert "runs [a.py exact] step_ms median | 2.5 " in text
    assert "runs [a.py fixed] step_ms median | 1.25 " in text
    assert "runs [a.py exact (2)] step_ms median | 1.25 " in text
    assert "runs [a.py exact] views [cpu] launches | 133 " in text
    ways = make("ways")
    row = ways["results"]["kernels"][0]
    ways["results"]["kernels"].append(row | {"way": "auto", "ratio": 3.0})
    text = comparison(ways, ways)
    assert "kernels [march one ray_march_count 9 rays] ratio | 2 " in text
    assert "kernels [march auto ray_march_count 9 rays] ratio | 3 " in text


def test_numbers_are_short():
    assert [number(x) for x in (1234567, 0.01234, 99.96, 7, 0, None)] == [
        "1 230 000", "0.0123", "100", "7", "0", "–",
    ]  # fmt: skip
