#!/usr/bin/env python3
"""Stands in for Kubernetes' controllers and kubelets on an API server that has none.

    controllers.py KUBECONFIG

Until it is ended it makes of every Deployment a ReplicaSet a version and pods, of every StatefulSet a ControllerRevision a
version and pods, and lets
Jobs complete, in every namespace. Nothing runs: only what the API says of it is written, in the way that the
controllers write it. A pod whose image has the tag `absent` cannot be pulled, and one with the tag `crashing` ends
again and again; a Job with the tag `failing` fails.
"""
import hashlib, json, re, ssl, sys, time, urllib.error, urllib.request

with open(sys.argv[1], encoding="utf-8") as file:
    config = file.read()
server = re.search(r'server: "([^"]+)"', config).group(1)
token = re.search(r'token: "([^"]+)"', config).group(1)
context = ssl._create_unverified_context()
REVISION = "deployment.kubernetes.io/revision"


def call(method, path, body=None, kind="application/merge-patch+json"):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind if method == "PATCH" else "application/json"}
    request = urllib.request.Request(server + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        # Made already, gone meanwhile, or changed by somebody else: the next round sees it as it is.
        if error.code in (404, 409):
            return None
        raise


def items(path):
    return (call("GET", path) or {}).get("items", [])


def short(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:10]


def tag(template):
    return template["spec"]["containers"][0]["image"].rpartition(":")[2]


def owner(object, kind, version):
    metadata = object["metadata"]
    return [{"apiVersion": version, "kind": kind, "name": metadata["name"], "uid": metadata["uid"], "controller": True}]


def container_status(template, number):
    container = template["spec"]["containers"][0]
    status = {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0, "ready": False}
    if tag(template) == "absent":
        status["state"] = {"waiting": {"reason": "ImagePullBackOff", "message": f"Back-off pulling image \"{container['image']}\""}}
    elif tag(template) == "crashing":
        status["restartCount"] = number
        status["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off restarting failed container"}}
        status["lastState"] = {"terminated": {"exitCode": 7, "reason": "Error"}}
    else:
        status.update(ready=True, started=True, state={"running": {"startedAt": "2026-01-01T00:00:00Z"}})
    return status


def pod(namespace, name, template, labels, owners, phase=None):
    """Makes a pod and writes its status; whether it is ready."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    metadata = {"name": name, "labels": {**template["metadata"].get("labels", {}), **labels}, "ownerReferences": owners}
    # Nothing is mounted where nothing runs.
    containers = [{key: container[key] for key in ("name", "image")} for container in template["spec"]["containers"]]
    spec = {**template["spec"], "containers": containers, "volumes": []}
    there = call("POST", path, {"metadata": metadata, "spec": spec}) or call("GET", f"{path}/{name}")
    if there is None:
        return False
    restarts = there.get("status", {}).get("containerStatuses", [{}])[0].get("restartCount", 0)
    status = container_status(template, restarts + 1)
    ready = status["ready"]
    if phase:
        code = 0 if phase == "Succeeded" else 3
        status.update(ready=False, state={"terminated": {"exitCode": code, "reason": phase}})
    phase = phase or ("Running" if ready or restarts else "Pending")
    condition = [{"type": "Ready", "status": str(ready)}]
    call("PATCH", f"{path}/{name}/status", {"status": {"phase": phase, "containerStatuses": [status], "conditions": condition}})
    return ready


def drop(namespace, keep, pods):
    for other in pods:
        if other["metadata"]["name"] not in keep and "deletionTimestamp" not in other["metadata"]:
            path = f"/api/v1/namespaces/{namespace}/pods/{other['metadata']['name']}"
            call("DELETE", path, {"gracePeriodSeconds": 0})


def deployment(object):
    metadata, spec = object["metadata"], object["spec"]
    namespace, name, wanted = metadata["namespace"], metadata["name"], spec.get("replicas", 1)
    template, version = spec["template"], short(spec["template"])
    base = f"/apis/apps/v1/namespaces/{namespace}"
    own = [set for set in items(f"{base}/replicasets") if set["metadata"]["ownerReferences"][0]["uid"] == metadata["uid"]]
    revision = lambda set: int(set["metadata"]["annotations"][REVISION])
    last = max(map(revision, own), default=0)
    current = next((set for set in own if set["metadata"]["labels"]["pod-template-hash"] == version), None)
    if current is None or revision(current) < last:
        last += 1
        annotations = {REVISION: str(last)}
        labels = {**template["metadata"]["labels"], "pod-template-hash": version}
        if current is None:
            pods = {**template, "metadata": {**template["metadata"], "labels": labels}}
            selector = {"matchLabels": {**spec["selector"]["matchLabels"], "pod-template-hash": version}}
            body = {"metadata": {"name": f"{name}-{version}", "labels": labels, "annotations": annotations,
                    "ownerReferences": owner(object, "Deployment", "apps/v1")},
                    "spec": {"replicas": wanted, "selector": selector, "template": pods}}
            call("POST", f"{base}/replicasets", body)
        else:
            call("PATCH", f"{base}/replicasets/{name}-{version}", {"metadata": {"annotations": annotations}})
        call("PATCH", f"{base}/deployments/{name}", {"metadata": {"annotations": annotations}})
    names = [f"{name}-{version}-{number}" for number in range(wanted)]
    made = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{name}-{version}", "uid": metadata["uid"]}]
    ready = sum([pod(namespace, one, template, {"pod-template-hash": version}, made) for one in names])
    selector = ",".join(f"{key}={value}" for key, value in spec["selector"]["matchLabels"].items())
    if ready == wanted:
        drop(namespace, names, items(f"/api/v1/namespaces/{namespace}/pods?labelSelector={selector}"))
    status = {"observedGeneration": metadata["generation"], "replicas": wanted, "updatedReplicas": wanted,
              "readyReplicas": ready, "availableReplicas": ready}
    call("PATCH", f"{base}/deployments/{name}/status", {"status": status})


def revise(object, name, owners):
    """Writes down the version of a StatefulSet as its newest, which is what `kubectl rollout undo` goes back by."""
    metadata, spec = object["metadata"], object["spec"]
    base = f"/apis/apps/v1/namespaces/{metadata['namespace']}/controllerrevisions"
    own = [one for one in items(base) if one["metadata"]["ownerReferences"][0]["uid"] == metadata["uid"]]
    last = max((one["revision"] for one in own), default=0)
    there = next((one for one in own if one["metadata"]["name"] == name), None)
    if there and there["revision"] < last:
        # A patch is written in another order, and the server takes that for another content.
        call("DELETE", f"{base}/{name}")
    if there is None or there["revision"] < last:
        labels = spec["selector"]["matchLabels"]
        data = {"spec": {"template": {**spec["template"], "$patch": "replace"}}}
        call("POST", base, {"metadata": {"name": name, "labels": labels, "ownerReferences": owners}, "data": data, "revision": last + 1})


def stateful_set(object):
    metadata, spec = object["metadata"], object["spec"]
    namespace, name, wanted = metadata["namespace"], metadata["name"], spec.get("replicas", 1)
    template, version = spec["template"], f"{name}-{short(spec['template'])}"
    ready, made = 0, owner(object, "StatefulSet", "apps/v1")
    revise(object, version, made)
    for number in range(wanted):
        path = f"/api/v1/namespaces/{namespace}/pods/{name}-{number}"
        there = call("GET", path)
        if there and there["metadata"]["labels"].get("controller-revision-hash") != version:
            call("DELETE", path, {"gracePeriodSeconds": 0})
        ready += pod(namespace, f"{name}-{number}", template, {"controller-revision-hash": version}, made)
    status = {"observedGeneration": metadata["generation"], "replicas": wanted, "updatedReplicas": wanted,
              "readyReplicas": ready, "updateRevision": version, "currentRevision": version}
    call("PATCH", f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}/status", {"status": status})


def job(object):
    metadata, template = object["metadata"], object["spec"]["template"]
    namespace, name = metadata["namespace"], metadata["name"]
    if any(condition["status"] == "True" for condition in object.get("status", {}).get("conditions", [])):
        return
    failed = tag(template) == "failing"
    pod(namespace, f"{name}-1", template, {"job-name": name}, owner(object, "Job", "batch/v1"), "Failed" if failed else "Succeeded")
    condition = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
                 "message": "Job has reached the specified backoff limit"} if failed else {"type": "Complete", "status": "True"}
    status = {"conditions": [condition], "failed" if failed else "succeeded": 1}
    call("PATCH", f"/apis/batch/v1/namespaces/{namespace}/jobs/{name}/status", {"status": status})


def orphans():
    """Removes what belonged to something that is gone, as the garbage collector does."""
    paths = {"Deployment": "deployments", "StatefulSet": "statefulsets"}
    there = {object["metadata"]["uid"] for path in paths.values() for object in items(f"/apis/apps/v1/{path}")}
    there |= {object["metadata"]["uid"] for object in items("/apis/batch/v1/jobs")}
    for base, kind in (("/apis/apps/v1", "replicasets"), ("/apis/apps/v1", "controllerrevisions"), ("/api/v1", "pods")):
        for object in items(f"{base}/{kind}"):
            metadata = object["metadata"]
            owners = metadata.get("ownerReferences", [])
            if owners and owners[0]["uid"] not in there:
                call("DELETE", f"{base}/namespaces/{metadata['namespace']}/{kind}/{metadata['name']}", {"gracePeriodSeconds": 0})


while True:
    for path, act in (("/apis/apps/v1/deployments", deployment), ("/apis/apps/v1/statefulsets", stateful_set), ("/apis/batch/v1/jobs", job)):
        for object in items(path):
            if "deletionTimestamp" not in object["metadata"]:
                act(object)
            else:
                # Who asks for what depends on it to go first waits for the garbage collector.
                metadata = object["metadata"]
                call("PATCH", f"{path.rpartition('/')[0]}/namespaces/{metadata['namespace']}/{path.rpartition('/')[2]}/{metadata['name']}", {"metadata": {"finalizers": None}})
    orphans()
    time.sleep(0.3)
