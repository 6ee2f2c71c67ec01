#!/usr/bin/env python3
"""Prints the manifest of a small system for a cluster: a store with data and a secret, a job, a worker after it.

    manifest.py SYSTEM IMAGE [WORKER_IMAGE [WORKER_SCRIPT]]
"""
import json, sys

system, image, *worker = sys.argv[1:]
worker_image = worker[0] if worker else image
worker_script = worker[1] if worker[1:] else "echo the worker starts; exec sleep 600"
place = {"package": "p", "file": "src/lib.rs", "item": "S"}


def workload(id, image, script, **more):
    return {"id": id, "image": image, "command": ["sh", "-c", script], "grace": "1s", "restricted": False, "declaredBy": place, **more}


store = workload(
    "store", image, "echo the store has ${#TOKEN} letters; exec sleep 600", kind="other", env={"TOKEN": {"secret": "token"}},
    volumes=[{"path": "/data", "name": "data"}], user="0:0", fsGroup=0,
    health={"check": {"shell": "test -d /data"}, "interval": "1s", "retries": 2, "startPeriod": "0s"})
store["entrypoint"], store["command"] = store["command"][:2], store["command"][2:]
job = workload("migrate", image, "echo migrated", version="0.1.0", kind="job", services=["store"])
app = workload("worker", worker_image, worker_script, version="0.1.0", kind="worker", services=["store"], after=["migrate"])
print(json.dumps({"schemaVersion": 1, "system": system, "apps": [job, app], "services": [store]}))
