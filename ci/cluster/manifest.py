#!/usr/bin/env python3
"""Prints the manifest of a small system for a cluster: a store with data and a secret, a job, a worker after it.

    manifest.py [OPTION...] SYSTEM IMAGE [WORKER_IMAGE [WORKER_SCRIPT]]

    --job SCRIPT       what the job runs
    --report SCRIPT    something that runs on a schedule, and what
    --redis IMAGE      a Redis
    --store IMAGE      the store's image, where it is another one
"""
import argparse, json

parser = argparse.ArgumentParser()
parser.add_argument("--job", default="echo migrated")
parser.add_argument("--report")
parser.add_argument("--redis")
parser.add_argument("--store")
parser.add_argument("system")
parser.add_argument("image")
parser.add_argument("worker_image", nargs="?")
parser.add_argument("worker_script", nargs="?", default="echo the worker starts; exec sleep 600")
asked = parser.parse_intermixed_args()
image = asked.image
place = {"package": "p", "file": "src/lib.rs", "item": "S"}


def workload(id, image, script, **more):
    return {"id": id, "image": image, "command": ["sh", "-c", script], "grace": "1s", "restricted": False, "declaredBy": place, **more}


store = workload(
    "store", asked.store or image, "echo the store has ${#TOKEN} letters; exec sleep 600", kind="other", env={"TOKEN": {"secret": "token"}},
    volumes=[{"path": "/data", "name": "data"}], user="0:0", fsGroup=0,
    health={"check": {"shell": "test -d /data"}, "interval": "1s", "retries": 2, "startPeriod": "0s"})
store["entrypoint"], store["command"] = store["command"][:2], store["command"][2:]
job = workload("migrate", image, asked.job, version="0.1.0", kind="job", services=["store"])
app = workload("worker", asked.worker_image or image, asked.worker_script, version="0.1.0", kind="worker", services=["store"], after=["migrate"])
apps, services = [job, app], [store]
if asked.report:
    apps.append(workload("report", image, asked.report, version="0.1.0", kind="cron", schedule="0 3 * * *", services=["store"]))
if asked.redis:
    services.append({"id": "redis", "kind": "cache", "image": asked.redis, "declaredBy": place})
print(json.dumps({"schemaVersion": 1, "system": asked.system, "apps": apps, "services": services}))
