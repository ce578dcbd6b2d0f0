"""Chromium, JupyterLab and Voila for the tests that look at what a reader sees.

The clips here are those of `videos.write_video`: every frame carries its own number in its
pixels, so what a canvas shows is read back from the canvas itself.
"""

import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import framewise
import nbformat
import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from videos import BITS, CELL

NOTEBOOKS = Path(framewise.__file__).parents[1]
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--no-first-run",
    "--window-size=1200,900",
]
KERNEL = "return window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"


@contextmanager
def chromium(profile, *flags):
    """Start Chromium with a profile folder of its own; skip the test where there is none."""
    program = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    driver = shutil.which("chromedriver")
    if not (program and driver):
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say("needs Chromium and chromedriver (Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in [*FLAGS, *flags, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    browser.set_script_timeout(120)
    try:
        yield browser
    finally:
        browser.quit()


def metrics(browser, width, height, ratio=1.0):
    values = {"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", values)


@contextmanager
def media(browser, **features):
    """Emulate what a reader's system asks for, such as prefers_color_scheme="dark"; or print."""
    wanted = {"media": features.pop("media", "")}
    wanted["features"] = [
        {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def wait(browser, condition, seconds=60):
    ignored = [StaleElementReferenceException]
    return WebDriverWait(browser, seconds, 0.01, ignored).until(lambda _: condition())


@contextmanager
def serving(folder, cells, *program):
    """Serve a notebook of these cells, all settings kept in this folder; yield the port."""
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "test.ipynb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    homes = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR", "LAB_SETTINGS_DIR", "LAB_WORKSPACES_DIR")
    own = {f"JUPYTER{'' if 'LAB' in home else '_'}{home}": str(folder / home) for home in homes}
    paths = os.pathsep.join(filter(None, [str(NOTEBOOKS), os.environ.get("PYTHONPATH")]))
    env = {**os.environ, **own, "IPYTHONDIR": str(folder / "ipython"), "PYTHONPATH": paths}
    command = [sys.executable, "-m", *program, "--no-browser", f"--port={port}"]
    with open(folder / "server.log", "w") as log:
        server = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
    try:
        yield port
    finally:
        server.terminate()
        server.wait(30)


def jupyterlab(folder, cells):
    """Serve a folder with a notebook of these cells in a JupyterLab of its own; give its port."""
    flags = "--allow-root --expose-app-in-browser --ip=127.0.0.1 --IdentityProvider.token=abc"
    return serving(folder, cells, "jupyterlab", *flags.split())


def voila(folder, cells):
    """Serve what a notebook of these cells shows, without its code; give the port."""
    return serving(folder, cells, "voila", "test.ipynb", "--Voila.ip=127.0.0.1")


def run_in_lab(browser, port):
    """Open the notebook of `jupyterlab` and run all its cells."""
    wait(browser, lambda: answers(port))
    browser.get(f"http://127.0.0.1:{port}/lab/tree/test.ipynb?token=abc&reset")
    wait(browser, lambda: browser.execute_script(KERNEL) == "idle", 120)
    browser.execute_script("window.jupyterapp.commands.execute('runmenu:run-all')")


def open_voila(browser, port):
    wait(browser, lambda: answers(port))
    browser.get(f"http://127.0.0.1:{port}/")


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


READ = """
  const canvas = document.querySelector(".stage canvas"), info = arguments[0];
  const at = (x, y) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data];
"""
"""Ahead of a script: `at` gives the colour of the canvas at one of its own pixels."""

NUMBER = f"""{READ}
  const {{ left, wide, first }} = info, k = (wide * canvas.width) / info.size;
  let number = 0;
  for (let bit = first; bit < {BITS}; bit++) {{
    const x = left * canvas.width + (bit + 0.5) * {CELL} * k;
    number += (at(x, {CELL / 2} * k)[0] > 127) << bit;
  }}
  const told = (name) => canvas.dataset[name] ? Number(canvas.dataset[name]) : null;
  return [told("frame"), number, told("other")];
"""


def numbers(browser, *, left=0.0, wide=1.0, first=0, size=160):
    """Return the frame that the canvas says, the number in its pixels, and the second frame said.

    The number is read from a whole picture of `size` pixels, drawn from `left` on and `wide` wide,
    as parts of the canvas, and only its bits from `first` on.
    """
    where = {"left": left, "wide": wide, "first": first, "size": size}
    return browser.execute_script(NUMBER, where)


def settle(browser, frame):
    """Wait until the canvas says that it shows a frame, then read the number in its pixels."""
    wait(browser, lambda: numbers(browser)[0] == frame)
    assert numbers(browser)[:2] == [frame, frame]


def perform(browser, chain):
    """Do what a hand does, and wait until the browser has drawn what came of it."""
    chain.perform()
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def press(browser, *keys, shift=False):
    chain = ActionChains(browser, duration=0)
    (chain.key_down(Keys.SHIFT) if shift else chain).send_keys(*keys)
    perform(browser, chain.key_up(Keys.SHIFT) if shift else chain)


def one(browser, selector):
    """Return the first visible or hidden element inside the inspector."""
    return browser.find_element(By.CSS_SELECTOR, f".framewise {selector}")


def click(browser, name):
    one(browser, f"[name='{name}']").click()


def choose(browser, name, value):
    details = (
        "document.querySelectorAll('.framewise details').forEach((more) => (more.open = true))"
    )
    browser.execute_script(details)
    one(browser, f"select[name='{name}'] option[value='{value}']").click()


def drag(browser, element, start, *steps, shift=False):
    """Drag from a place, in pixels from the middle of an element, by each of the steps."""
    chain = ActionChains(browser, duration=5)
    if shift:
        chain.key_down(Keys.SHIFT)
    chain.move_to_element_with_offset(element, *start).click_and_hold()
    for step in steps:
        chain.move_by_offset(*step)
    chain.release()
    if shift:
        chain.key_up(Keys.SHIFT)
    perform(browser, chain)


@contextmanager
def fingers(browser, element):
    """Emulate a touch screen; yield a function that sends touches at places inside an element."""
    wanted = {"enabled": True, "maxTouchPoints": 2}
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", wanted)

    def touch(kind, *places):
        box = browser.execute_script("return arguments[0].getBoundingClientRect()", element)
        points = [
            {"x": box["x"] + x, "y": box["y"] + y, "id": i} for i, (x, y) in enumerate(places)
        ]
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    try:
        yield touch
    finally:
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def marks_in(browser):
    """Return the marks that the list shows, as dicts of field to text."""
    return browser.execute_script("""
      return [...document.querySelectorAll(".framewise li")].map((row) => Object.fromEntries(
        [...row.querySelectorAll("input, select")].map((field) => [field.name, field.value])))""")


def complaints(browser):
    """Return what the browser logged as an error since it was asked last."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
