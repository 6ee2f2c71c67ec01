"""Prints the manifest of a system of sixty: fifty services, and ten applications that use seven each."""

import json
import sys

KINDS = [
    ("database", "postgres:16"),
    ("cache", "redis:7-alpine"),
    ("messaging", "nats:2.10-alpine"),
    ("search", "getmeili/meilisearch:v1.11"),
    ("mail", "axllent/mailpit:v1.21"),
]


def place(item):
    return {"package": f"adapter-{item}", "file": "src/lib.rs", "item": item}


def service(number):
    kind, image = KINDS[number % len(KINDS)]
    name = f"{kind}-{number // len(KINDS)}"
    variable = name.upper().replace("-", "_") + "_URL"
    return {"id": name, "kind": kind, "image": image, "appEnv": {variable: "{url}"}, "declaredBy": place(name)}


def app(number):
    name = f"app-{number}"
    uses = sorted(service((number * 5 + step) % 50)["id"] for step in range(7))
    common = {"id": name, "version": "1.0.0", "user": "10001:10001", "services": uses, "declaredBy": place(name)}
    if number % 3:
        return {**common, "kind": "worker"}
    check = {"check": {"http": {"path": "/health"}}}
    return {**common, "kind": "web", "ports": [{"number": 8080, "name": "http", "public": True}], "health": check}


services = [service(number) for number in range(50)]
apps = [app(number) for number in range(10)]
json.dump({"schemaVersion": 1, "system": "sixty", "services": services, "apps": apps}, sys.stdout)
