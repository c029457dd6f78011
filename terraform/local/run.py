"""The end-to-end tests on a local AWS: what Terraform would make, made in an emulator, and used.

    python run.py --terraform-check PATH --program PATH --out FOLDER [--state FILE] [NAME…]

The program is what all functions are, for this machine's processor; beside it lies `fintech`, with
which a guide is followed. Terraform's state comes from
terraform-check; with `--state` from a file. With names only the tests
whose names contain one are run. Its last line says how many passed and failed; the exit code is 0 if
all passed, 1 if not, 3 if it could not run. It takes no longer than SECONDS_MAX, and ends all that it
started.
"""

import argparse
import json
import pathlib
import platform
import signal
import subprocess
import sys
import time
import unittest
import zipfile

import test_afterwards
import test_edge
import test_faults
import test_guide
import test_tokens
import test_tour
import up
import world
from emulator import Emulator

SECONDS_MAX = 1800
TERRAFORM = pathlib.Path(__file__).resolve().parent.parent


class OutOfTime(KeyboardInterrupt):
    """Ends the whole run: a test goes on after every other exception."""


def out_of_time(number, _):
    is_late = number == signal.SIGALRM
    raise OutOfTime(f"it took longer than {SECONDS_MAX} s" if is_late else "it was told to end")


def state_of(arguments) -> dict:
    """Terraform's state after `apply`."""
    if arguments.state:
        return json.loads(arguments.state.read_text())
    file = arguments.out / "state.json"
    command = [arguments.terraform_check, TERRAFORM, "--out", file, "--no-fmt", "--no-test"]
    architecture = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    services = 'services={tour=["api","payments"],shop=["payments"]}'
    for variable in (f"artifact={archive_of(arguments).resolve()}", f"architecture={architecture}", services):
        command += ["--var", variable]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return json.loads(file.read_text())


def archive_of(arguments) -> pathlib.Path:
    """Where the functions' code is: the program, packed. Fast rather than small."""
    return arguments.out / "bootstrap.zip"


def pack(arguments) -> bytes:
    """Packs the program as Lambda wants it."""
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive_of(arguments), "w") as archive:
        archive.writestr(entry, arguments.program.read_bytes(), compresslevel=1)
    return archive_of(arguments).read_bytes()


def tests(names) -> unittest.TestSuite:
    """All tests in order, or those whose names contain one of `names`."""
    found = unittest.TestSuite()
    for module in (test_tour, test_tokens, test_edge, test_faults, test_guide, test_afterwards):
        for group in unittest.defaultTestLoader.loadTestsFromModule(module):
            for test in group:
                # Tests of a module that is imported by another come once.
                is_own = type(test).__module__ == module.__name__
                if is_own and (not names or any(name in test.id() for name in names)):
                    found.addTest(test)
    return found


def run(arguments) -> bool:
    archive = pack(arguments)
    state = state_of(arguments)
    log = arguments.out / "ministack.log"
    with Emulator(log) as emulator:
        started = time.monotonic()
        world.CREATED = up.up(state, emulator, archive)
        world.PROGRAMS = arguments.program.parent
        count = sum(len(values) for values in world.CREATED.resources.values())
        world.keep_keys()
        print(f"{count} resources created in {time.monotonic() - started:.1f} s; the log is {log}")
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests(arguments.names))
    failed = len({test.id() for test, _ in result.failures + result.errors})
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return result.testsRun > 0 and failed == 0


def main() -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--terraform-check", type=pathlib.Path)
    parser.add_argument("--state", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGALRM, out_of_time)
    signal.signal(signal.SIGTERM, out_of_time)
    signal.alarm(SECONDS_MAX)
    try:
        return 0 if run(arguments) else 1
    except (OutOfTime, OSError, RuntimeError, subprocess.CalledProcessError, up.Unknown) as error:
        print(f"The local AWS could not be run: {error}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
