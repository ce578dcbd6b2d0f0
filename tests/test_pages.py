"""Pages: a run notebook as a page that needs no kernel, read in a real browser."""

import nbformat
import pytest
import run_notebooks
from browsing import chromium

MARKDOWN, CODE = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a small notebook with two optional parts, in Chromium."""
    folder = tmp_path_factory.mktemp("page")
    optional = {"tags": ["deeper"]}
    cells = [
        MARKDOWN("# A lesson\n\n[Next](01_detection.ipynb)"),
        CODE("first = 1"),
        MARKDOWN("### Deeper (optional): one\n\nMore.", metadata=optional),
        CODE("second = 2", metadata=optional),
        MARKDOWN("### Deeper (optional): two", metadata=optional),
        MARKDOWN("## 2. The end"),
    ]
    text = run_notebooks.page_of(nbformat.v4.new_notebook(cells=cells), "00_small")
    (folder / "00_small.html").write_text(text, encoding="utf-8")
    with chromium(folder / "profile") as browser:
        browser.get((folder / "00_small.html").as_uri())
        yield browser


def test_optional_parts_are_folded_each_under_its_name(page):
    script = "return [...document.querySelectorAll('details')].map(part => part.textContent)"
    one, two = page.execute_script(script)
    assert one.startswith("Deeper (optional): one") and "second" in one and "More." in one
    assert two.startswith("Deeper (optional): two") and "second" not in two
    text = page.find_element("tag name", "body").text
    assert "first = 1" in text and "second" not in text and "The end" in text


def test_printing_unfolds_them(page):
    page.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    text = page.find_element("tag name", "body").text
    assert "More." in text and text.index("second") < text.index("The end")


def test_links_lead_to_pages(page):
    link = page.find_element("link text", "Next")
    assert link.get_attribute("href").endswith("/01_detection.html")
