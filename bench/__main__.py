"""`python -m bench NAME [--json] [--large]`: runs one bench; the last line it prints is its result as JSON."""

import argparse
import json
import time
from importlib import import_module
from inspect import signature

from bench import machine
from bench.catalogue import BENCHES
from bench.report import say, show


def main() -> None:
    """Progress goes to standard error, so that with --json standard output is the one line alone."""
    parser = argparse.ArgumentParser("bench", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.description = "\n".join(f"{name:10} {bench.about}" for name, bench in BENCHES.items())
    parser.add_argument("name", choices=BENCHES, metavar="NAME")
    parser.add_argument("--json", action="store_true", help="print the JSON alone")
    parser.add_argument("--large", action="store_true", help="the long form of a bench that has one")
    asked = parser.parse_args()
    run = import_module(f"bench.{asked.name}").run  # only the one: another may need what is not installed
    if asked.large and "large" not in signature(run).parameters:
        parser.error(f"{asked.name} has no --large")
    found = machine.described()
    say(f"{asked.name}: {BENCHES[asked.name].about}")
    began = time.monotonic()
    result = run(**({"large": True} if asked.large else {}))
    missed = BENCHES[asked.name].missed(result)
    if not asked.json:
        show(asked.name, result)
    for one in missed:
        say(f"missed: {one}")
    took = round(time.monotonic() - began, 1)
    print(json.dumps({"bench": asked.name, **result, "missed": missed, "took_s": took, "machine": found}))


if __name__ == "__main__":
    main()
