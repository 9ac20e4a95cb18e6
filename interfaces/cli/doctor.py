"""`stage doctor`: everything examined, each finding in a sentence; the exit code tells the worst."""

from rich.console import Console

from infrastructure.doctor.doctor import examine, worst
from infrastructure.doctor.findings import Severity
from interfaces.cli.operating import operating
from interfaces.cli.output import AsJson, print_json

EXIT_CODES = {Severity.OK: 0, Severity.WARNING: 1, Severity.FAILED: 2}
_STYLES = {Severity.OK: "green", Severity.WARNING: "yellow", Severity.FAILED: "red"}


def doctor(*, json: AsJson = False) -> None:
    """Examine every part: whether it answers, lags, stuck work, the oldest hold, what was given up.

    Exits with 0 when all is well, 1 when something should be looked at, 2 when something needs help.
    """
    with operating("doctor") as container:
        found = examine(container)
    verdict = worst(found)
    if json:
        print_json({"verdict": verdict, "findings": found})
    else:
        console = Console(highlight=False, soft_wrap=True)
        for finding in found:
            console.print(f"{finding.severity:8}", style=_STYLES[finding.severity], end="")
            console.print(finding.says, markup=False)
    raise SystemExit(EXIT_CODES[verdict])
