"""Every command of every page runs, shortened (tests/helpers/shortened.py), and so does its Python.

English pages only: test_languages.py sees to it that Chinese ones have the same code.
"""

import ast

import pytest
from documents import chinese, english_pages, fences, name_of, spoken_commands
from shortened import Shortened

import jnerf.engine.run
from jnerf.cli import main
from jnerf.cli.commands import names, parser_of
from jnerf.config.overrides import apply_overrides

PAGES = english_pages()
#: Pages whose blocks without a title are whole programs; others show fragments, which must be Python at least.
PROGRAMS = ("docs/first_run.md",)


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("documentation")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_a_page_says_runs(page, shared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JNERF_DATA", str(shared))
    short = Shortened(tmp_path, shared)
    found = fences(page)
    for fence in found:
        if fence.title:
            (tmp_path / fence.title).parent.mkdir(exist_ok=True)
            (tmp_path / fence.title).write_text(fence.text)
    for fence in found:
        if fence.language == "bash":
            faults = [(words, fault) for words in fence.commands if (fault := short.run(words))]
            assert not faults, f"{name_of(page)}:{fence.line}"
        elif fence.language == "python":
            ast.parse(fence.text)
            if "_base_" in fence.text:
                assert main(["train", fence.title, "--check"]) == 0, f"{fence.title}:{fence.line}"
            elif name_of(page) in PROGRAMS:
                execute(fence.text, short, monkeypatch)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_in_the_text_are_there(page):
    for words in [*spoken_commands(page), *spoken_commands(chinese(page))]:
        name, flags = words[1], [word for word in words[2:] if word.startswith("--")]
        assert name in names(), words
        if name not in ("benchmark", "export") and flags:
            known = {flag for action in parser_of(name)._actions for flag in action.option_strings}
            assert set(flags) <= known, words


def execute(text, short, monkeypatch):
    """Runs a program whose runs are made short."""
    whole = jnerf.engine.run.run

    def small(config, task):
        return whole(apply_overrides(config, short.sizes(config)), task)

    with monkeypatch.context() as patch:
        patch.setattr(jnerf.engine.run, "run", small)
        exec(compile(text, "documentation", "exec"), {})
