#!/usr/bin/env python3
"""The environment that the kubelet gives the container of a workload, as NAME=VALUE lines.

    pod-env.py MANIFEST ENV_FILE    ENV_FILE: each secret as the variable of its name (POSTGRES_PASSWORD=…)

Variables are taken in order, and `$(NAME)` is replaced by what came before; `$$` is a dollar sign
(https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/).
"""

import re
import sys

import yaml


def main(manifest: str, env_file: str) -> None:
    with open(env_file, encoding="utf-8") as file:
        lines = [line.strip() for line in file if "=" in line and not line.startswith("#")]
    secrets = dict(line.split("=", 1) for line in lines)
    with open(manifest, encoding="utf-8") as file:
        [container] = yaml.safe_load(file)["spec"]["template"]["spec"]["containers"]
    seen: dict[str, str] = {}

    def expanded(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return seen.get(match[1], match[0])

    for variable in container["env"]:
        if "value" in variable:
            value = re.sub(r"\$\$|\$\(([^()]*)\)", expanded, variable["value"])
        else:
            reference = variable["valueFrom"]["secretKeyRef"]
            if reference["key"] != "value":
                sys.exit(f"{variable['name']}: the key {reference['key']} is not in {env_file}")
            value = secrets[reference["name"].replace("-", "_").upper()]
        if "\n" in value:
            sys.exit(f"{variable['name']} has several lines")
        seen[variable["name"]] = value
        print(f"{variable['name']}={value}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
