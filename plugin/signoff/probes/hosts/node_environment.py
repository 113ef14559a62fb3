"""Facts about the packages below one node_modules folder on a host, as they really lie there."""

from __future__ import annotations

import json
import shlex
from typing import Any

from signoff.errors import NotVerifiedError

# Runs on the host, by its own Node.js; nothing is loaded, installed or written.
_SCRIPT = """
const fs = require("fs"), path = require("path"), found = {};
function look(folder, name) {
  const modules = path.join(folder, "node_modules");
  if (!fs.existsSync(modules)) return;
  for (const entry of fs.readdirSync(modules)) {
    if (entry.startsWith(".")) continue;
    const names = entry.startsWith("@") ? fs.readdirSync(path.join(modules, entry)).map(n => entry + "/" + n) : [entry];
    for (const one of names) {
      const place = path.join(modules, one), key = name + "node_modules/" + one;
      if (fs.lstatSync(place).isSymbolicLink()) continue;
      const file = path.join(place, "package.json");
      if (fs.existsSync(file)) found[key] = String(JSON.parse(fs.readFileSync(file, "utf8")).version || "");
      look(place, key + "/");
    }
  }
}
look(process.argv[1], "");
console.log(JSON.stringify({version: process.version, packages: found}));
"""


def read(host: Any, folder: str, *, node: str = "node") -> tuple[str, dict[str, str]]:
    """Return Node's version, and folder to version of every package below the folder's node_modules.

    Raises:
        NotVerifiedError: no such program, or no package there.
    """
    result = host.run(f"{shlex.quote(node)} -e {shlex.quote(_SCRIPT)} -- {shlex.quote(folder)}")
    if result.rc != 0:
        lines = [line for line in result.stderr.strip().splitlines() if line.strip()] or [f"exit status {result.rc}"]
        raise NotVerifiedError(f"{folder}: {lines[0][:200]}; correct signoff.node in hosts.yaml")
    try:
        answer = json.loads(result.stdout.strip().splitlines()[-1])
        version, packages = str(answer["version"]), dict(answer["packages"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise NotVerifiedError(f"{folder}: the answer cannot be read; is {node} Node.js?") from error
    if not packages:
        raise NotVerifiedError(f"{folder}: no package in its node_modules; is this the application's folder?")
    return version, packages
