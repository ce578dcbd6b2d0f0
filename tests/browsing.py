"""Chromium and JupyterLab for the tests that look at what a reader sees."""

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
from selenium.webdriver.support.ui import WebDriverWait

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
    yield browser
    browser.quit()


def metrics(browser, width, height, ratio=1.0):
    values = {"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", values)


def wait(browser, condition, seconds=20):
    ignored = [StaleElementReferenceException]
    return WebDriverWait(browser, seconds, 0.01, ignored).until(lambda _: condition())


@contextmanager
def jupyterlab(folder, cells):
    """Serve a folder with a notebook of these cells in a JupyterLab of its own; yield its port."""
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
    flags = (
        f"--no-browser --allow-root --expose-app-in-browser --ip=127.0.0.1 --port={port}".split()
    )
    command = [sys.executable, "-m", "jupyterlab", *flags, "--IdentityProvider.token=abc"]
    with open(folder / "lab.log", "w") as log:
        server = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
    yield port
    server.terminate()
    server.wait(10)


def run_in_lab(browser, port):
    """Open the notebook of `jupyterlab` and run all its cells."""
    wait(browser, lambda: answers(port), 20)
    browser.get(f"http://127.0.0.1:{port}/lab/tree/test.ipynb?token=abc")
    wait(browser, lambda: browser.execute_script(KERNEL) == "idle", 20)
    browser.execute_script("window.jupyterapp.commands.execute('runmenu:run-all')")


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
