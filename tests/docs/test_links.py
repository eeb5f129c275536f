"""Every link in the documentation leads somewhere, as a file in the repository; ``make docs`` asks it of the site."""

import re

import pytest
from documents import anchor, chinese, english_pages, headings, links, name_of

PAGES = [page for english in english_pages() for page in (english, chinese(english))]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    wrong = []
    for link in links(page):
        if re.match(r"\w+:", link):
            continue
        path, _, wanted = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            wrong.append(f"{link}: there is no {target}")
        elif wanted and wanted not in [anchor(text) for _, text in headings(target)]:
            wrong.append(f"{link}: {name_of(target)} has no such heading")
    assert not wrong


@pytest.mark.parametrize("page", english_pages(), ids=name_of)
def test_a_reader_of_chinese_stays_in_chinese(page):
    home = {"README.md": "README.zh.md", "README.zh.md": "README.md"}
    for link in links(chinese(page)):
        path = link.partition("#")[0]
        if path.endswith(".md") and not path.endswith("CHANGELOG.md"):
            assert path.endswith(".zh.md") or path == home.get(chinese(page).name), link
