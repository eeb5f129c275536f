"""Tables that list what the code has: keys, schedules, modules, methods, messages. None lacks or invents an entry."""

import re
from dataclasses import MISSING, fields

import pytest
from documents import DOCS, ROOT, chinese, english_pages

from jnerf import registry
from jnerf.config import load_config
from jnerf.config.schema import SCHEMA
from jnerf.optims.groups import COMMON
from jnerf.schedules import SCHEDULES

FAMILIES = {
    "datasets": registry.DATASETS,
    "samplers": registry.SAMPLERS,
    "encoders": registry.ENCODERS,
    "models/networks": registry.NETWORKS,
    "models/renderers": registry.RENDERERS,
    "models/losses": registry.LOSSES,
    "optims": registry.OPTIMS,
}
#: Messages of other programs.
FOREIGN = (
    "jnerf: command not found",
    "jittor ... requires numpy<2",
    "version 'GLIBCXX_...' not found",
    "custom_imports: no file ...",  # put together of two
)


def rows(name, number):
    """Cells of the rows of a page's ``number``-th table."""
    blocks = re.findall(r"(?:^\|.*\n)+", (DOCS / name).read_text(), re.M)
    return [line.strip("| ").split(" | ") for line in blocks[number].splitlines()[2:]]


def spoken(cell):
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("page", ["configs.md", "configs.zh.md"])
def test_keys_schedules_and_options(page):
    schedules, options, top = (rows(page, number) for number in range(3))
    assert {key for row in top for key in spoken(row[0])} == set(SCHEMA)
    assert [spoken(row[0])[0] for row in schedules] == list(SCHEDULES)
    for row in schedules:
        for entry in fields(SCHEDULES[spoken(row[0])[0]]):
            default = "" if entry.default is MISSING else f"={_shown(entry.default)}"
            assert f"{entry.name}{default}" in spoken(row[1])
    assert {spoken(row[0])[0] for row in options} == set(COMMON)


def _shown(value):
    return str(value) if isinstance(value, tuple) else f"{value:g}"


@pytest.mark.parametrize("page", ["own_module.md", "own_module.zh.md"])
def test_modules(page):
    for row in rows(page, 0):
        folder = spoken(row[0])[0].removeprefix("jnerf/")
        FAMILIES[folder].load()
        own = [name for name in FAMILIES[folder].names() if of_the_package(FAMILIES[folder], name)]
        assert sorted(spoken(row[1])) == sorted(own), folder


def of_the_package(family, name):
    return family.get(name).__module__.startswith("jnerf.")


@pytest.mark.parametrize("page", ["docs/methods.md", "README.md"])
def test_methods(page):
    text = (ROOT / page).read_text()
    for folder in ROOT.glob("projects/*/README.md"):
        assert f"projects/{folder.parent.name}/README.md" in text


def test_navigation():
    text = (ROOT / "mkdocs.yml").read_text()
    nav = dict(re.findall(r"^ +- ([^:]+): (\S*)$", text[text.index("\nnav:") :], re.M))
    titles = set(re.findall(r"^ +- ([^:\n]+):", text[text.index("\nnav:") :], re.M))
    pages = {
        page.relative_to(DOCS).as_posix() for page in english_pages() if page.is_relative_to(DOCS)
    }
    methods = {f"methods/{page.parent.name}.md" for page in ROOT.glob("projects/*/README.md")}
    assert set(nav.values()) == pages | methods
    block = re.search(r"nav_translations:\n((?: {12}.*\n)+)", text)[1]
    names_of_methods = {title for title, page in nav.items() if page in methods}
    assert set(re.findall(r"^ {12}([^:]+):", block, re.M)) == titles - names_of_methods


def sources():
    """All that the package, the tools and make say, string literals joined."""
    files = [*(ROOT / "jnerf").rglob("*.py"), *(ROOT / "tools").glob("*"), ROOT / "Makefile"]
    text = "\n".join(path.read_text() for path in files if path.is_file())
    return re.sub(r'"\s*\n\s*f?"', "", text)


@pytest.mark.parametrize("page", ["troubleshooting.md", chinese(DOCS / "troubleshooting.md").name])
def test_messages_are_those_of_the_code(page):
    said = sources()
    cells = re.findall(r"^\| (.*?) \|", (DOCS / page).read_text(), re.M)
    messages = [text for cell in cells for text in spoken(cell) if " " in text]
    assert len(messages) > 30
    unknown = []
    for message in messages:
        # X, N, NAME, WxH and dots stand for what differs.
        parts = re.split(r"\.\.\.|\b(?:X|Y|N|NAME|WxH)\b|'[^']*'|[0-9][0-9.]*", message)
        longest = max((part.strip(" :;,.") for part in parts), key=len)
        if message not in FOREIGN and (len(longest) < 8 or longest not in said):
            unknown.append(message)
    assert not unknown


def test_samples_of_each_round_are_those_of_the_config():
    row = r"^\|.*\]\(([^)]*configs/[^)]*\.py)\).*?(\d+(?: \+ \d+)+) (?:samples|个采样)"
    found = [
        (page.parent / path, [int(count) for count in counts.split(" + ")])
        for english in english_pages()
        for page in (english, chinese(english))
        for path, counts in re.findall(row, page.read_text(), re.M)
    ]
    assert len(found) > 10
    for path, counts in found:
        sampler = load_config(path).sampler
        rounds = sampler.get("n_samples") or [sampler.n_coarse, sampler.n_fine]
        assert counts == list(rounds), path.name
