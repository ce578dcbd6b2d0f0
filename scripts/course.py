#!/usr/bin/env python3
"""Set up and run the course with one command; needs nothing but Python itself.

The packages go into the folder .venv of the project, in the versions that
scripts/requirements.lock pins. Three neural networks go into data/models. If you delete .venv, the
next start makes it again. On a Python that is too old, the files course*.py must still start and
say what is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from course_errors import explain, require_python, stop
from course_install import SCRIPTS, set_up
from course_server import has_screen, serve
from course_venv import BUILD, ROOT, run

PRIVATE = (
    BUILD,
    *(ROOT / "data" / name for name in ("cache", "my_clips", "my_marks", "my_networks")),
)

EPILOG = """\
Without a command, the course starts. Options go after the command. Examples:

  python3 scripts/course.py                    set everything up, open the first notebook
  python3 scripts/course.py check              is everything all right on this machine?
  python3 scripts/course.py run 00 01          run two notebooks, write them as pages
  python3 scripts/course.py inspect talk.mp4   look at a video of your own frame by frame
  python3 scripts/course.py add-clip talk.mp4  keep it, with consent, for all the notebooks

The first start needs the internet and a few minutes; after that it works without internet.
The packages go into the folder .venv, and three neural networks into data/models. If you delete
them, the next start fetches them again.
The server lets only you in. It listens on this computer only and asks for a token, a secret that
is part of the address. Other users of the computer cannot read your recordings, marks and pages,
nor what your notebooks compute while they run. A saved notebook holds the pictures that it shows,
so keep this folder where others cannot read it.
"""


def keep_private() -> None:
    """Make the folders with recordings, marks and pages readable by their owner alone."""
    for folder in PRIVATE:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:  # some disks and USB sticks have no access rights
            print(
                f"The folder {folder} could not be made private ({error}). Other users of this "
                "computer may be able to read it. Move the course to a disk of your own."
            )


# The commands


def start(options: argparse.Namespace) -> int:
    """Set everything up and open JupyterLab on the first notebook."""
    set_up(options)
    serve(options.here, options.port, has_screen() and not options.no_browser)
    return 0


def test(options: argparse.Namespace) -> int:
    """Set everything up, with the test tools, and run every test."""
    set_up(options)
    return run(options.here, "-m", "pytest", *options.rest, cwd=ROOT)


def check(options: argparse.Namespace) -> int:
    """Set everything up and say, line by line, whether it works."""
    set_up(options)
    return run(options.here, SCRIPTS / "check.py")


def run_notebooks(options: argparse.Namespace) -> int:
    """Run notebooks from clean kernels and write them as pages."""
    set_up(options)
    code = ["--no-code"] * options.no_code
    return run(options.here, SCRIPTS / "run_notebooks.py", *code, *options.notebooks)


def absolute(name: str) -> Path:
    """Return the absolute path of a name on the command line; "~" is home unless it is a file."""
    return Path(name if os.path.exists(name) else os.path.expanduser(name)).absolute()


def existing_video(name: str) -> Path:
    """Return the absolute path of a file that the caller named, or stop."""
    video = absolute(name)
    if not video.is_file():
        stop(f"There is no video {video}.", "Check the name and the folder.")
    return video


def inspect(options: argparse.Namespace) -> int:
    """Write a page that shows any video of a person frame by frame."""
    video = existing_video(options.video)
    set_up(options)
    where = []
    for flag, name in (("--out", options.out), ("--json", options.json)):
        where += [flag, absolute(name)] if name else []
    flags = ["--no-browser"] if options.no_browser or not has_screen() else []
    flags += ["--with-marks"] if options.with_marks else []
    flags += ["--deep"] if options.deep else []
    return run(options.here, SCRIPTS / "inspect_video.py", video, *where, *flags)


def own_clip(options: argparse.Namespace) -> int:
    """Keep a video of one's own with the consent of everyone in it, or forget it again."""
    answers = {k: v for k, v in vars(options).items() if k not in ("command", "here", "rest")}
    if options.command == "add-clip":
        answers["video"] = str(existing_video(options.video))
    set_up(options)
    task = options.command.partition("-")[0]
    return run(options.here, SCRIPTS / "my_clips.py", task, json.dumps(answers))


def clips(options: argparse.Namespace) -> int:
    """List the clips, the course's and your own, and what the people in them agreed to."""
    set_up(options)
    return run(options.here, SCRIPTS / "inspect_video.py", "--clips")


# command: (function, what it does, its own arguments)
QUIET = ("--no-browser", {"action": "store_true", "help": "print the address, open no window"})
COMMANDS = {
    "start": (
        start,
        "set everything up and open the first notebook (the default command)",
        [QUIET, ("--port", {"type": int, "help": "the port to serve on (8888 or the next free)"})],
    ),
    "check": (check, "say line by line what works and how to repair what does not", []),
    "test": (test, "run every test; further arguments are passed on to pytest", []),
    "run": (
        run_notebooks,
        "run notebooks and write them as pages into build/",
        [
            (
                "notebooks",
                {"nargs": "*", "metavar": "NN", "help": "their numbers; all if left out"},
            ),
            ("--no-code", {"action": "store_true", "help": "pages to read without any Python"}),
        ],
    ),
    "inspect": (
        inspect,
        "write a web page that shows any video frame by frame, with its measurements",
        [
            ("video", {"metavar": "VIDEO", "help": "the video file"}),
            ("--out", {"metavar": "PAGE", "help": "the page to write (by default in build)"}),
            ("--json", {"metavar": "FILE", "help": "write the measurements to this file too"}),
            ("--with-marks", {"action": "store_true", "help": "put your marks into the page too"}),
            ("--deep", {"action": "store_true", "help": "measure the cues in every frame"}),
            QUIET,
        ],
    ),
    "clips": (clips, "list all clips, yours too, and what the people in them agreed to", []),
    "add-clip": (
        own_clip,
        "keep a video of your own, with the consent of everyone in it; asks for what is missing",
        [
            ("video", {"metavar": "VIDEO", "help": "the video file; it is not changed"}),
            ("--id", {"metavar": "NAME", "help": "a name for the clip (default: the file's name)"}),
            (
                "--who",
                {
                    "action": "append",
                    "metavar": "NAME",
                    "help": "a person shown; repeat for each one",
                },
            ),
            ("--me", {"action": "store_true", "help": "you alone are shown, and you agree"}),
            ("--form", {"metavar": "FILE", "help": "photo or scan of the signed consent form"}),
            (
                "--scope",
                {"nargs": "+", "choices": ["analyse", "make"], "help": "what they agreed to"},
            ),
            ("--until", {"metavar": "DATE", "help": "last day of the consent, as in 2027-01-31"}),
            ("--contact", {"metavar": "WHO", "help": "who can withdraw it, and how to reach them"}),
            ("--start", {"metavar": "TIME", "help": "begin here, for example 0:10"}),
            ("--seconds", {"metavar": "N", "help": "how long the part is (60 at most)"}),
        ],
    ),
    "forget-clip": (
        own_clip,
        "delete a clip of your own and everything the course made from it",
        [
            ("id", {"metavar": "ID", "help": "its name; course.py clips lists all names"}),
            ("--yes", {"action": "store_true", "help": "delete without asking"}),
        ],
    ),
}


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; no command means start."""
    parser = argparse.ArgumentParser(
        prog="course.py",
        description="Frame by Frame: how deepfakes are made and how to look for their traces.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for name, (_, words, own) in COMMANDS.items():
        command = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
        for flag, details in own:
            command.add_argument(flag, **details)
        words = "install into the Python that is running (Colab, conda, containers), not into .venv"
        command.add_argument("--here", action="store_true", help=words)
    wants_help = arguments[:1] in (["-h"], ["--help"])
    if not wants_help and (not arguments or arguments[0].startswith("-")):
        arguments = ["start", *arguments]
    if arguments[0] in ("inspect", "add-clip"):  # a name that begins with "-" is no option
        arguments = [f"./{a}" if a[:1] == "-" and os.path.isfile(a) else a for a in arguments]
    options, options.rest = parser.parse_known_args(arguments)
    if options.rest and options.command != "test":
        parser.error("not understood: " + " ".join(options.rest))
    return options


def interrupt(*_: object) -> None:
    """Treat a request to end as Ctrl-C, so that what we started ends too."""
    raise KeyboardInterrupt


def main() -> int:
    """Run one command; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    options = parse(sys.argv[1:])
    require_python()
    signal.signal(signal.SIGTERM, interrupt)
    try:
        keep_private()
        return COMMANDS[options.command][0](options)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        raise SystemExit(explain(str(error), error)) from None


if __name__ == "__main__":
    sys.exit(main())
