"""The private server of `course.py start`: JupyterLab, for one user of this computer alone."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from course_errors import stop
from course_venv import BUILD, NOTEBOOKS, ROOT, end, environment, python_for

ADDRESS, DEFAULT_PORT = "127.0.0.1", 8888
FIRST_NOTEBOOK = NOTEBOOKS / "00_start_here.ipynb"
LOG = BUILD / "jupyterlab.log"


def serve(here: bool, port: int | None, window: bool) -> None:
    """Open JupyterLab on the first notebook, and wait until it is closed."""
    port = choose_port(port)
    token = secrets.token_hex(16)
    path = FIRST_NOTEBOOK.relative_to(ROOT).as_posix()
    url = f"http://{ADDRESS}:{port}/lab/tree/{path}?token={token}"
    print("Opening JupyterLab ...", flush=True)
    command, env = jupyter_command(here, port, window), jupyter_environment(here, token)
    with open(LOG, "wb") as log:  # kept off the screen: all that matters is the URL
        child = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log)
        threading.Thread(target=announce, args=(child, port, url), daemon=True).start()
        try:
            child.wait()
        except KeyboardInterrupt:
            end(child)
            print("\nThe course is closed.")
            return
    if child.returncode:
        stop("JupyterLab could not start, or it stopped with an error.", f"See the end of {LOG}")


def jupyter_command(here: bool, port: int, window: bool) -> list[str]:
    """Return the command that serves the notebooks."""
    command = [str(python_for(here)), "-m", "jupyterlab", str(FIRST_NOTEBOOK)]
    command += [f"--ServerApp.root_dir={ROOT}", f"--ServerApp.port={port}"]
    command += [f"--ServerApp.ip={ADDRESS}", "--ServerApp.allow_remote_access=False"]
    # otherwise every user of the computer can read what notebooks and their kernels exchange
    command += ["--KernelManager.transport_encryption=required"]
    for name in ("jupyter_lsp", "jupyter_server_terminals"):  # configured in files, as a rule
        command += [f"--ServerApp.jpserver_extensions={name}=True"]
    command += ["--ServerApp.port_retries=0", "--ServerApp.answer_yes=True"]
    # no question about news, and no look-up of newer versions, over the first notebook
    command += [f"--LabApp.app_settings_dir={ROOT / 'scripts' / 'jupyterlab'}"]
    if not window:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        print("You are running this as root, so JupyterLab is told to allow root.")
        command.append("--allow-root")
    return command


def jupyter_environment(here: bool, token: str) -> dict[str, str]:
    """Return the environment of JupyterLab: with this token, and without Jupyter's configuration.

    A configuration made for another server could open this one to everybody. JupyterLab's look and
    the layout of its windows stay the user's own. The token is no argument, because all users of a
    computer can see the arguments of its programs.
    """
    env = dict(environment(here), JUPYTER_TOKEN=token, JUPYTER_NO_CONFIG="1")
    own = Path(os.environ.get("JUPYTER_CONFIG_DIR") or os.path.expanduser("~/.jupyter"), "lab")
    env.setdefault("JUPYTERLAB_SETTINGS_DIR", str(own / "user-settings"))
    env.setdefault("JUPYTERLAB_WORKSPACES_DIR", str(own / "workspaces"))
    return env


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of this machine."""
    with contextlib.closing(socket.socket()) as trial:
        if os.name != "nt":  # as Jupyter does: a port just closed is free
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((ADDRESS, port))
        except (OSError, OverflowError):
            return False
    return True


def choose_port(wanted: int | None) -> int:
    """Return the wanted port, or the first free one from 8888 on."""
    if wanted is not None:
        if not is_free(wanted):
            stop(
                f"Port {wanted} is in use, or you are not allowed to use it.",
                "Leave out --port. The course then chooses a free port.",
            )
        return wanted
    for port in range(DEFAULT_PORT, DEFAULT_PORT + 100):
        if is_free(port):
            if port != DEFAULT_PORT:
                print(f"Port {DEFAULT_PORT} is in use, so the course takes port {port}.")
            return port
    stop(
        "Ports 8888 to 8987 are all taken.",
        "Choose another port with --port, for example --port 9000.",
    )


def has_screen() -> bool:
    """Tell whether a browser window could open here."""
    return sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def answers(port: int) -> bool:
    """Tell whether the server on this port answers a request."""
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=2)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/api")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def announce(child: subprocess.Popen, port: int, url: str) -> None:
    """Wait until JupyterLab answers, then print its address."""
    while child.poll() is None:
        if answers(port):
            print(
                f"\nThe course is open at\n\n    {url}\n\nTo close it, press Ctrl-C here.\n",
                flush=True,
            )
            return
        time.sleep(0.05)
