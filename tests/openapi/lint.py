#!/usr/bin/env python3
"""Two linters that others wrote judge the OpenAPI document: no error and no warning, but of the rules that redocly.yaml
and spectral.yaml turn off, each with its reason. Needs what `scripts/install openapi-lint` gets.

Both must also find faults in a document that has some, or they are not asked as they have to be.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
API = HERE.parents[1] / "api/openapi"
NODE = next(HERE.glob("node_modules/node-linux-*/bin/node"), None)  # Debian's own is too old for redocly
REDOCLY = HERE / "node_modules/@redocly/cli/bin/cli.js"
SPECTRAL = HERE / "node_modules/@stoplight/spectral-cli/dist/index.js"
PATIENCE_S = 120
sys.path.insert(0, str(API))
import join  # noqa: E402 pylint: disable=wrong-import-position


def document():
    files = sorted(API.glob("*.json"), key=lambda path: (path.name != "shared.json", path.name))
    return join.compact(join.joined([(str(path), path.read_text("utf-8")) for path in files]))


def run(script, words, folder):
    """What it prints as JSON. Neither asks for a newer version of itself, nor tells anybody that it ran."""
    environment = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "CI": "1",
                   "NO_COLOR": "1", "HOME": str(folder)}
    done = subprocess.run([NODE, script, *words], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=PATIENCE_S, check=False)
    begin = min((at for at in (done.stdout.find("{"), done.stdout.find("[")) if at >= 0), default=None)
    if begin is None:
        sys.exit(f"{script.name} printed no JSON:\n{done.stdout}\n{done.stderr}")
    return json.JSONDecoder().raw_decode(done.stdout[begin:])[0]


def faults_of_redocly(path):
    told = run(REDOCLY, ["lint", path.name, "--config", HERE / "redocly.yaml", "--format", "json",
                         "--max-problems", "1000"], path.parent)
    return [f"redocly {problem['ruleId']}: {problem['location'][0].get('pointer')}: {problem['message']}"
            for problem in told["problems"] if not problem.get("ignored")]


def faults_of_spectral(path):
    told = run(SPECTRAL, ["lint", path.name, "--ruleset", HERE / "spectral.yaml", "--format", "json", "--quiet",
                          "--fail-severity", "hint"], path.parent)
    return [f"spectral {problem['code']}: {'/'.join(map(str, problem['path']))}: {problem['message']}"
            for problem in told]


def spoiled(text):
    """With a fault that either of them has to find."""
    whole = json.loads(text)
    whole["paths"]["/health/live"]["get"]["operationId"] = whole["paths"]["/health"]["get"]["operationId"]
    return json.dumps(whole)


def main():
    if NODE is None or not REDOCLY.exists() or not SPECTRAL.exists():
        sys.exit("the linters are not here; run scripts/install openapi-lint")
    text = document()
    with tempfile.TemporaryDirectory(prefix="keyledger-openapi-") as name:
        path = pathlib.Path(name) / "openapi.json"
        path.write_text(spoiled(text), "utf-8")
        for faults, rule in ((faults_of_redocly(path), "operation-operationId-unique"),
                             (faults_of_spectral(path), "operation-operationId-unique")):
            if not any(rule in fault for fault in faults):
                sys.exit(f"a linter did not find what was spoiled; it found {faults}")
        path.write_text(text, "utf-8")
        faults = faults_of_redocly(path) + faults_of_spectral(path)
    print(*faults, sep="\n", end="\n" if faults else "")
    print(f"{len(faults)} faults in a document of {len(text)} bytes and {len(json.loads(text)['paths'])} paths")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
