"""The site: it builds without a warning, holds every page in both languages, and asks for nothing from elsewhere."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest
from documents import DOCS, ROOT, english_pages


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    return folder


def test_every_page_is_there_in_both_languages(site):
    for page in english_pages():
        if page.parent == ROOT:
            continue
        inside = page.relative_to(DOCS).with_suffix("") if page.is_relative_to(DOCS) else None
        name = inside or f"methods/{page.parent.name}"
        for folder, language in ((site, "en"), (site / "zh", "zh")):
            text = (folder / f"{name}.html").read_text()
            assert f'<html lang="{language}"' in text
            assert 'hreflang="zh"' in text and 'hreflang="en"' in text


def test_pages_load_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        loaded = re.findall(r"<(?:script|img|iframe)[^>]*src=\"?([^\">\s]+)", text)
        loaded += re.findall(
            r"<link rel=\"?(?:stylesheet|icon|preload)[^>]*href=\"?([^\">\s]+)", text
        )
        assert loaded and not [url for url in loaded if re.match(r"(\w+:)?//", url)]


def test_methods_have_formulas_and_links_to_other_pages(site):
    text = (site / "zh" / "methods" / "ngp.html").read_text()
    assert text.count("<math") > 20 and "$" not in re.sub(
        r"<script.*?</script>", "", text, flags=re.S
    )
    assert 'href="../performance.html' in text and 'src="../../images/fox.jpg"' in text
    assert ".md" not in re.sub(r"<(pre|code)\b.*?</\1>", "", text, flags=re.S)


@pytest.fixture
def hooks():
    spec = importlib.util.spec_from_file_location("hooks_of_the_site", ROOT / "docs/site/hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_links_of_files_become_links_of_pages(hooks, monkeypatch):
    said = []
    monkeypatch.setattr(hooks.LOG, "warning", lambda text, *values: said.append(text % values))

    def shown(text, uri="a.md", repository=None):
        return hooks.LINK.sub(lambda m: hooks.link(m, uri, hooks.source_of(uri), repository), text)

    assert shown("[x](../projects/ngp/README.md#numbers)") == "[x](methods/ngp.md#numbers)"
    assert shown("[`x`](../setup.py)") == "`x`"
    assert (
        shown("[`x`](../jnerf)", repository="https://a/b/") == "[`x`](https://a/b/tree/main/jnerf)"
    )
    assert shown("[x](../../docs/ops.md)", "methods/ngp.md") == "[x](../ops.md)"
    assert not said
    assert shown("[x](../nothing.md)") == "[x](../nothing.md)" and "nothing.md" in said[0]
