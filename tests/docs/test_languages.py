"""Both languages say the same: each page has its twin, of the same structure, with the same code and links."""

import ast
import re

import pytest
from documents import ROOT, chinese, english_pages, fences, headings, links, name_of, prose

PAGES = english_pages()


def shape(page):
    """What translation leaves as it is: levels of headings, code blocks, rows of tables, list items, pictures."""
    text = prose(page)
    rows = [line.count("|") for line in re.findall(r"^\|.*$", text, re.M)]
    return {
        "headings": [level for level, _ in headings(page)],
        "code": [(fence.language, fence.title) for fence in fences(page)],
        "rows of tables": len(rows),
        "list items": len(re.findall(r"^(?:- |\d\. )", text, re.M)),
        "links": sorted(map(place, links(page))),
    }


def place(link):
    """A link, whichever language it is of; anchors are translated."""
    path, mark, _ = link.partition("#")
    return path.replace(".zh.md", ".md") + mark


def plain(text):
    """Python code without its comments and docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            if isinstance(getattr(body[0].value, "value", None), str):
                body[0] = ast.Expr(ast.Constant(""))
    return ast.dump(tree)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_languages_have_the_same_structure(page):
    ours, theirs = shape(page), shape(chinese(page))
    if page == ROOT / "README.md":  # each names the other
        ours["links"].remove("README.md")
        theirs["links"].remove("README.md")
    for part, found in ours.items():
        assert theirs[part] == found, part


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_languages_have_the_same_code(page):
    for ours, theirs in zip(fences(page), fences(chinese(page)), strict=True):
        if ours.language == "bash":
            assert ours.commands == theirs.commands
        elif ours.language == "python":
            assert plain(ours.text) == plain(theirs.text)
        elif ours.language != "text":
            assert ours.text == theirs.text


def test_no_chinese_page_is_alone():
    twins = {chinese(page) for page in PAGES}
    found = {*ROOT.glob("*.zh.md"), *ROOT.glob("docs/**/*.zh.md"), *ROOT.glob("projects/*/*.zh.md")}
    assert found == twins
