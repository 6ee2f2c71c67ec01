//! Controllers and pods: probes, security, resources, storage, scaling.

use std::collections::BTreeSet;

use cargo_orch::finding::Code;
use serde_json::{Value, json};

use crate::system::{System, everything, pod_of};

#[test]
fn what_keeps_data_is_a_stateful_set() {
    let cluster = everything().prod();
    let set = cluster.object("postgres/stateful-set.yaml");
    assert_eq!(set["spec"]["serviceName"], "postgres-headless");
    let headless = cluster.object("postgres/service-headless.yaml");
    assert_eq!(
        (&headless["spec"]["clusterIP"], &headless["metadata"]["name"]),
        (&json!("None"), &json!("postgres-headless"))
    );
    assert_eq!(cluster.object("postgres/service.yaml")["spec"]["ports"][0]["port"], 5432);
    let retention = &set["spec"]["persistentVolumeClaimRetentionPolicy"];
    assert_eq!(*retention, json!({"whenDeleted": "Retain", "whenScaled": "Retain"}));
    let claim = &set["spec"]["volumeClaimTemplates"][0];
    assert_eq!(claim["spec"]["storageClassName"], "fast");
    assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "10Gi");
    let unsaid = cluster.object("broker/stateful-set.yaml");
    assert_eq!(unsaid["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"], "10Gi");
    assert!(cluster.found(Code::TargetNature).contains(&"a volume of `broker` says no size, so 10Gi are claimed"));
}

/// A claim has a `lost+found`, so data lies in a folder of it, and PostgreSQL makes one of its own.
#[test]
fn data_lies_in_a_folder_of_the_claim() {
    let cluster = everything().prod();
    let container = cluster.container("postgres/stateful-set.yaml");
    let data = container["volumeMounts"].as_array().unwrap().iter().find(|mount| mount["name"] == "data").unwrap();
    assert_eq!((&data["mountPath"], &data["subPath"]), (&json!("/var/lib/postgresql/data"), &json!("data")));
    let env = container["env"].as_array().unwrap().iter().find(|entry| entry["name"] == "PGDATA").unwrap();
    assert_eq!(env["value"], "/var/lib/postgresql/data/pgdata");
    let other = cluster.container("broker/stateful-set.yaml");
    assert!(other["env"].as_array().unwrap().iter().all(|entry| entry["name"] != "PGDATA"));
    let own = System::new().service(
        r#"kind = "database", image = "postgres:16", id = "db", volume("/var/lib/postgresql/data"), user = "999:999",
        env(PGDATA = "/var/lib/postgresql/data/mine")"#,
    );
    let env = own.prod().container("db/stateful-set.yaml")["env"].clone();
    let data: Vec<&Value> = env.as_array().unwrap().iter().filter(|entry| entry["name"] == "PGDATA").collect();
    assert_eq!(data, [&json!({"name": "PGDATA", "value": "/var/lib/postgresql/data/mine"})]);
}

#[test]
fn a_test_run_claims_nothing() {
    let cluster = everything().render("ci");
    for (path, object) in cluster.objects() {
        assert_ne!(object["kind"], "PersistentVolumeClaim", "{path}");
        assert!(object["spec"].get("volumeClaimTemplates").is_none(), "{path}");
    }
    // It is the same object under the same name all the same.
    let set = cluster.object("postgres/stateful-set.yaml");
    assert_eq!(set["spec"]["serviceName"], "postgres-headless");
    let data = &set["spec"]["template"]["spec"]["volumes"][0];
    assert_eq!(*data, json!({"name": "data", "emptyDir": {"sizeLimit": "10Gi"}}));
}

#[test]
fn what_ends_is_a_job() {
    let cluster = everything().prod();
    let job = cluster.object("migrate/job.yaml");
    let (id, hash) = job["metadata"]["name"].as_str().unwrap().split_once('-').unwrap();
    assert_eq!((id, hash.len()), ("migrate", 8));
    assert_eq!(job["spec"]["ttlSecondsAfterFinished"], 86400);
    assert_eq!(job["spec"]["template"]["spec"]["restartPolicy"], "OnFailure");
    let claim = &job["spec"]["template"]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"];
    assert_eq!(*claim, cluster.object("migrate/claim-work.yaml")["metadata"]["name"]);
    let cron = &cluster.object("report/cron-job.yaml")["spec"];
    assert_eq!((&cron["concurrencyPolicy"], &cron["schedule"]), (&json!("Forbid"), &json!("0 3 * * *")));
    for key in ["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        assert!(cron[key].is_number(), "{key}");
    }
    assert!(cron["jobTemplate"]["spec"]["activeDeadlineSeconds"].is_number());
    assert_eq!(cron["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"], "Never");
    // What ends has no Service and is asked for nothing.
    assert!(!cluster.files.contains_key("migrate/service.yaml"));
    assert!(cluster.container("migrate/job.yaml").get("readinessProbe").is_none());
}

#[test]
fn probes_come_from_the_one_declaration() {
    let cluster = everything().prod();
    let api = cluster.container("api/deployment.yaml");
    let http = |path: &str| json!({"path": path, "port": "http", "scheme": "HTTP"});
    assert_eq!(api["readinessProbe"]["httpGet"], http("/health"));
    assert_eq!(api["startupProbe"]["httpGet"], http("/health"));
    assert_eq!(api["livenessProbe"]["httpGet"], http("/live"));
    let postgres = cluster.container("postgres/stateful-set.yaml");
    assert_eq!(postgres["readinessProbe"]["exec"]["command"], json!(["pg_isready", "$$(HOST)"]));
    assert_eq!(postgres["livenessProbe"]["tcpSocket"]["port"], "sql");
    let startup = &postgres["startupProbe"];
    assert!(startup["failureThreshold"].as_u64().unwrap() * startup["periodSeconds"].as_u64().unwrap() >= 90);
    let worker = cluster.container("worker/deployment.yaml");
    assert_eq!(worker["readinessProbe"]["exec"]["command"], json!(["/bin/sh", "-c", "test -e /tmp/ok"]));
    assert_eq!(cluster.container("metrics/deployment.yaml")["livenessProbe"]["tcpSocket"]["port"], "http");
    for (path, object) in cluster.objects() {
        let Some(pod) = pod_of(&object) else { continue };
        let container = &pod["spec"]["containers"][0];
        assert!(
            container.get("readinessProbe").is_none() || container["readinessProbe"] != container["livenessProbe"],
            "{path}"
        );
    }
}

#[test]
fn an_https_port_is_asked_over_https() {
    let system = System::new().service(
        r#"kind = "other", image = "x:1", id = "x", port(8443, scheme = "https"), health(http = "/", port = 8443, interval = "100ms"),
        user = "1:1""#,
    );
    let container = system.prod().container("x/deployment.yaml");
    assert_eq!(container["readinessProbe"]["httpGet"]["scheme"], "HTTPS");
    assert_eq!(container["readinessProbe"]["periodSeconds"], 1);
    // The name of the port is the scheme's, which is free.
    assert_eq!(container["readinessProbe"]["httpGet"]["port"], "https");
}

#[test]
fn ports_have_names_that_differ_and_fit() {
    let cluster = everything().prod();
    let service = cluster.object("api/service.yaml");
    let ports = service["spec"]["ports"].as_array().unwrap();
    let names: BTreeSet<&str> = ports.iter().map(|port| port["name"].as_str().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["http", "metrics", "udp-53"]));
    assert!(ports.iter().all(|port| port["protocol"].is_string() && port["targetPort"] == port["name"]));
    let container = cluster.container("api/deployment.yaml");
    let declared: BTreeSet<&str> =
        container["ports"].as_array().unwrap().iter().map(|port| port["name"].as_str().unwrap()).collect();
    assert_eq!(declared, names);
    let awkward = System::new().service(
        r#"kind = "other", image = "x:1", id = "x", user = "1:1", port(80, scheme = "http"), port(81, scheme = "http"),
        port(82, name = "tcp-83"), port(83), port(84, scheme = "a-scheme-that-is-too-long")"#,
    );
    let service = awkward.prod().object("x/service.yaml");
    let names: Vec<&str> =
        service["spec"]["ports"].as_array().unwrap().iter().map(|port| port["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["http", "tcp-81", "tcp-83", "tcp-83-2", "tcp-84"]);
}

#[test]
fn every_pod_is_restricted_unless_it_opts_out() {
    let cluster = everything().prod();
    for (path, object) in cluster.objects() {
        let Some(pod) = pod_of(&object) else { continue };
        let (spec, container) = (&pod["spec"], &pod["spec"]["containers"][0]);
        let security = &container["securityContext"];
        assert_eq!(spec["automountServiceAccountToken"], false, "{path}");
        assert_eq!(spec["enableServiceLinks"], false, "{path}");
        assert_eq!(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{path}");
        assert_eq!(security["allowPrivilegeEscalation"], false, "{path}");
        assert_eq!(security["capabilities"]["drop"], json!(["ALL"]), "{path}");
        assert_eq!(container["imagePullPolicy"], "IfNotPresent", "{path}");
        let restricted = !path.starts_with("metrics/");
        assert_eq!(spec["securityContext"].get("runAsNonRoot").is_some(), restricted, "{path}");
        assert_eq!(security.get("readOnlyRootFilesystem").is_some(), restricted, "{path}");
        let resources = &container["resources"];
        for amount in [&resources["requests"]["cpu"], &resources["requests"]["memory"], &resources["limits"]["memory"]]
        {
            assert!(amount.is_string(), "{path}");
        }
    }
    let pod = cluster.pod("postgres/stateful-set.yaml");
    let security = &pod["spec"]["securityContext"];
    assert_eq!(
        (&security["runAsUser"], &security["runAsGroup"], &security["fsGroup"]),
        (&json!(999), &json!(999), &json!(999))
    );
    let broker = cluster.container("broker/stateful-set.yaml");
    assert_eq!(broker["securityContext"]["capabilities"]["add"], json!(["NET_BIND_SERVICE"]));
}

#[test]
fn amounts_that_are_not_said_are_chosen_to_fit() {
    let cluster = everything().prod();
    let resources = |path: &str| cluster.container(path)["resources"].clone();
    assert_eq!(
        resources("api/deployment.yaml"),
        json!({"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}})
    );
    // A request is never above its limit.
    assert_eq!(
        resources("worker/deployment.yaml"),
        json!({"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "50m", "memory": "256Mi", "nvidia.com/gpu": "1"}})
    );
    assert_eq!(resources("postgres/stateful-set.yaml")["limits"], json!({"memory": "2Gi"}));
    assert!(cluster.severity("`api` requests 100m of CPU and 128Mi of memory, of which it may use 256Mi").is_some());
}

#[test]
fn memory_and_scratch_folders_are_limited_where_it_is_said() {
    let cluster = everything().prod();
    let volumes = |path: &str| cluster.pod(path)["spec"]["volumes"].clone();
    let shm = json!({"name": "orch-shm", "emptyDir": {"medium": "Memory", "sizeLimit": "256Mi"}});
    assert!(volumes("postgres/stateful-set.yaml").as_array().unwrap().contains(&shm));
    assert_eq!(volumes("worker/deployment.yaml"), json!([{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}]));
}

#[test]
fn replicas_are_spread_kept_and_scaled() {
    let cluster = everything().prod();
    let api = &cluster.object("api/deployment.yaml")["spec"];
    assert!(api.get("replicas").is_none());
    assert_eq!(api["strategy"]["rollingUpdate"], json!({"maxUnavailable": 0, "maxSurge": 1}));
    let scaler = &cluster.object("api/autoscaler.yaml")["spec"];
    assert_eq!((&scaler["minReplicas"], &scaler["maxReplicas"]), (&json!(2), &json!(5)));
    assert_eq!(scaler["metrics"][0]["resource"]["target"]["averageUtilization"], 70);
    let worker = &cluster.object("worker/deployment.yaml")["spec"];
    assert_eq!(worker["replicas"], 3);
    for id in ["api", "worker"] {
        assert_eq!(cluster.object(&format!("{id}/disruption-budget.yaml"))["spec"]["maxUnavailable"], 1);
        let spread = cluster.pod(&format!("{id}/deployment.yaml"))["spec"]["topologySpreadConstraints"].clone();
        assert_eq!(spread.as_array().unwrap().len(), 2, "{id}");
    }
    assert!(!cluster.files.contains_key("metrics/disruption-budget.yaml"));
    // One's own machine has one of each.
    let local = everything().render("local");
    assert!(!local.files.keys().any(|path| path.contains("autoscaler") || path.contains("disruption")));
    assert_eq!(local.object("api/deployment.yaml")["spec"]["replicas"], 1);
}

#[test]
fn what_answers_http_goes_on_while_others_hear_of_its_end() {
    let cluster = everything().prod();
    let api = cluster.pod("api/deployment.yaml");
    assert_eq!(api["spec"]["containers"][0]["lifecycle"]["preStop"], json!({"sleep": {"seconds": 5}}));
    assert_eq!(api["spec"]["terminationGracePeriodSeconds"], 15);
    let postgres = cluster.pod("postgres/stateful-set.yaml");
    assert!(postgres["spec"]["containers"][0].get("lifecycle").is_none());
    assert_eq!(postgres["spec"]["terminationGracePeriodSeconds"], 60);
}

#[test]
fn the_rest_is_said_too() {
    let cluster = everything().config("[targets.k8s]\nimage_pull_secrets = [\"pull\"]").prod();
    let api = cluster.pod("api/deployment.yaml");
    assert_eq!(api["spec"]["hostname"], "api");
    assert_eq!(api["spec"]["nodeSelector"], json!({"disk": "ssd"}));
    assert_eq!(api["spec"]["imagePullSecrets"], json!([{"name": "pull"}]));
    assert_eq!(api["spec"]["containers"][0]["workingDir"], "/srv");
    let annotations = &cluster.object("api/deployment.yaml")["metadata"]["annotations"];
    assert_eq!(annotations["kubernetes.io/description"], "Takes orders");
    let broker = cluster.pod("broker/stateful-set.yaml");
    assert_eq!(broker["metadata"]["annotations"]["prometheus.io/port"], "9093");
}

/// The scanner splits at every `=`.
#[test]
fn what_a_scanner_may_skip_has_a_reason() {
    for (path, object) in everything().prod().objects() {
        for (key, value) in object["metadata"]["annotations"].as_object().into_iter().flatten() {
            if key.starts_with("checkov.io/skip") {
                let (check, reason) = value.as_str().unwrap().split_once('=').unwrap();
                assert!(
                    check.starts_with("CKV_K8S_") && !reason.is_empty() && !reason.contains('='),
                    "{path}: {value}"
                );
            }
        }
    }
}

/// A start that takes longer than the API waits for is no failure.
#[test]
fn a_slow_start_has_its_time() {
    let slow = System::new().service(
        r#"kind = "other", image = "x:1", id = "x", user = "1:1", port(80), health(tcp = 80, start_period = "15m")"#,
    );
    let spec = slow.prod().object("x/deployment.yaml")["spec"].clone();
    assert!(spec["progressDeadlineSeconds"].as_u64().unwrap() > 900);
    assert_eq!(
        everything().prod().object("api/deployment.yaml")["spec"].get("progressDeadlineSeconds"),
        None::<&Value>
    );
}
