"""`helm lint --strict CHART` and `helm template NAME CHART` by Helm's own library: what the tests ask of Helm.

PYTHONPATH must hold the package helm-python-sdk, which is Helm's Go SDK behind a C interface, and no program.
"""

import argparse
import sys

import helm_python


def lint(chart: str, values: dict, kube_version: str | None) -> int:
    report = helm_python.lint(chart, values, strict=True, kube_version=kube_version)
    for message in report["messages"]:
        print(f"[{message['severity']}] {message['path']}: {message['error'].strip()}")
    return 1 if report["errors"] else 0


def template(name: str, chart: str, values: dict) -> int:
    # It renders for the Kubernetes that the library is of; only a chart that asks which one would differ.
    rendered = helm_python.Chart.load(chart).render(values, name=name)
    for path, manifest in rendered.items():
        if not path.endswith("NOTES.txt"):
            print(f"---\n# Source: {path}\n{manifest}")
    return 0


parser = argparse.ArgumentParser(prog="helm")
commands = parser.add_subparsers(dest="command", required=True)
for command, words in {"lint": ["chart"], "template": ["name", "chart"]}.items():
    known = commands.add_parser(command)
    for word in words:
        known.add_argument(word)
    known.add_argument("--set", action="append", default=[])
    known.add_argument("--kube-version")
    if command == "lint":
        known.add_argument("--strict", action="store_true", required=True)

asked = parser.parse_args()
try:
    chosen = helm_python.parse_set_string(",".join(asked.set)) if asked.set else {}
    if asked.command == "lint":
        sys.exit(lint(asked.chart, chosen, asked.kube_version))
    sys.exit(template(asked.name, asked.chart, chosen))
except helm_python.HelmError as error:
    sys.exit(f"Error: {error}")
