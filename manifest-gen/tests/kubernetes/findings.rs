//! What Kubernetes cannot say, does differently, or would refuse.

use cargo_orch::finding::{Code, Severity};

use crate::system::{System, everything};

/// A service with these keys beside those that it needs.
fn service(keys: &str) -> System {
    System::new().service(&format!(r#"kind = "other", image = "x:1", id = "x", {keys}"#))
}

fn severity(system: &System, part: &str) -> Option<Severity> {
    system.render("prod").severity(part)
}

#[test]
fn a_user_that_the_kubelet_refuses_is_found() {
    let unknown = service("restricted = true");
    assert_eq!(severity(&unknown, "it is not known as whom the image of `x` runs"), Some(Severity::Warning));
    let root = service(r#"user = "0:0""#);
    assert_eq!(severity(&root, "`x` runs as root"), Some(Severity::Error));
    for fine in
        [service("restricted = false"), service(r#"user = "0:0", restricted = false"#), service(r#"user = "1""#)]
    {
        let cluster = fine.prod();
        assert!(cluster.found(Code::UnknownUser).is_empty() && cluster.found(Code::NotRestricted).is_empty());
    }
    let capability = service(r#"user = "1:1", cap_add = ["SYS_ADMIN"]"#);
    assert_eq!(severity(&capability, "the capability `SYS_ADMIN`"), Some(Severity::Warning));
}

/// The image of an application is made here, so it is known as whom it runs; of one that is named it is not.
#[test]
fn an_application_runs_as_its_image_does() {
    let worker = |keys: &str| System::new().app(&format!(r#"id = "api", kind = "worker", {keys}"#));
    let context = |system: &System, id: &str| {
        system.prod().pod(&format!("{id}/deployment.yaml"))["spec"]["securityContext"].clone()
    };
    let built = worker("replicas = 1");
    assert!(built.prod().findings.iter().all(|finding| finding.severity < Severity::Warning));
    let (nobody, said) = (context(&built, "api"), context(&worker(r#"user = "7:8""#), "api"));
    assert_eq!([&nobody["runAsUser"], &nobody["runAsGroup"]], [10_001, 10_001]);
    assert_eq!([&said["runAsUser"], &said["runAsGroup"]], [7, 8]);

    let beside = r#"id = "beside", kind = "worker", image_of = "api""#;
    assert_eq!(context(&worker(r#"user = "7:8""#).app(beside), "beside"), said);
    assert_eq!(context(&worker("replicas = 1").app(beside), "beside"), nobody);
    let named = worker(r#"image = "x:1""#).app(beside).prod();
    assert_eq!(named.found(Code::UnknownUser).len(), 2);
    assert!(named.pod("beside/deployment.yaml")["spec"]["securityContext"].get("runAsUser").is_none());
}

#[test]
fn a_volume_that_nobody_may_write_is_found() {
    let message = "the volume `data` of `x` belongs to root";
    assert_eq!(severity(&service(r#"user = "7", volume("/data")"#), message), Some(Severity::Warning));
    for keys in [
        r#"user = "7", fs_group = 7, volume("/data")"#,
        r#"user = "7:7", volume("/data")"#,
        r#"user = "7", volume("/data", ephemeral)"#,
        r#"user = "0:0", restricted = false, volume("/data")"#,
    ] {
        assert_eq!(severity(&service(keys), message), None, "{keys}");
    }
    let group = service(r#"user = "7:8", volume("/data")"#).prod().pod("x/stateful-set.yaml");
    assert_eq!(group["spec"]["securityContext"]["fsGroup"], 8);
}

#[test]
fn labels_that_the_api_refuses_are_left_out_and_found() {
    let cluster = service(
        r#"user = "1:1", labels("a" = "b c", "a b/c/d" = "x", "app.kubernetes.io/name" = "y", "ok" = ""),
        annotations("-bad" = "x", "ok" = "any thing"), placement("disk" = "s s d")"#
            .replace("\"a b/c/d\"", "\"a/b/c\"")
            .as_str(),
    )
    .prod();
    let labels = &cluster.object("x/deployment.yaml")["metadata"]["labels"];
    assert_eq!((&labels["ok"], &labels["app.kubernetes.io/name"]), (&"".into(), &"x".into()));
    assert!(labels.get("a").is_none() && labels.get("a/b/c").is_none());
    let pod = cluster.pod("x/deployment.yaml");
    assert_eq!(pod["metadata"]["annotations"], serde_json::json!({"ok": "any thing"}));
    assert!(pod["spec"].get("nodeSelector").is_none());
    assert_eq!(cluster.found(Code::Unrepresentable).len(), 5);
}

#[test]
fn names_that_are_too_long_or_taken_are_found() {
    let taken = System::new()
        .service(r#"kind = "other", image = "x:1", id = "a", user = "1:1", port(80), volume("/d", name = "d")"#)
        .service(r#"kind = "other", image = "x:1", id = "a-headless", user = "1:1", port(80)"#);
    let message = "two objects of the kind Service are called `a-headless`";
    assert_eq!(severity(&taken, message), Some(Severity::Error));
    let long = service(r#"user = "1:1""#).config(&format!("[profiles.{}]\nextends = \"prod\"", "p".repeat(40)));
    let mut long = long;
    long.manifest.system = "s".repeat(40).parse().unwrap();
    assert_eq!(long.render(&"p".repeat(40)).severity("has 81 characters"), Some(Severity::Error));
    // The longest id fits every object that is made from it.
    let id = "a".repeat(40);
    let all = System::new()
        .service(&format!(r#"kind = "other", image = "x:1", id = "{id}", user = "1:1", port(80), volume("/d", name = "a-volume-of-20-chars")"#))
        .app(&format!(r#"id = "b{}", kind = "cron", schedule = "@daily", user = "1:1""#, &id[1..]))
        .app(&format!(r#"id = "c{}", kind = "job", user = "1:1""#, &id[1..]));
    assert!(all.prod().found(Code::ObjectName).is_empty());
}

#[test]
fn the_order_of_starting_is_said_not_to_be_kept() {
    let cluster = everything().prod();
    for part in [
        "Kubernetes starts `api` without waiting for `broker`, `postgres`",
        "a plain `kubectl apply` starts `api` without waiting for `migrate` to end",
    ] {
        assert_eq!(cluster.severity(part), Some(Severity::Note), "{part}");
    }
}

#[test]
fn what_kubernetes_does_not_know_is_found() {
    for (keys, part, severity_of) in [
        ("ulimit(nofile = 1024)", "does not know the `ulimit` of `x`", Severity::Warning),
        (r#"hostname = "a.b""#, "has a dot in it", Severity::Warning),
        (r#"hostname = "a", volume("/d")"#, "its `hostname` is the name of its pod", Severity::Note),
        (r#"restart = "no""#, "starts `x` again whenever it ends", Severity::Warning),
        ("port(80, public)", "nothing leads to its Service from outside", Severity::Note),
        (r#"port(80), ingress(path = "/a//b")"#, "the path `/a//b` of the `ingress` of `x` is none", Severity::Error),
        (r#"ingress(path = "/")"#, "the `ingress` of `x` leads to no port", Severity::Error),
        (
            r#"volume("/d", name = "a", ephemeral), volume("/dev/shm", name = "b", ephemeral), shm_size = "1Mi""#,
            "`x` would have two things mounted on `/dev/shm`",
            Severity::Error,
        ),
    ] {
        let system = service(&format!(r#"user = "1:1", {keys}"#));
        assert_eq!(severity(&system, part), Some(severity_of), "{keys}: {:?}", system.render("prod").findings);
    }
    assert_eq!(service(r#"user = "1:1", restart = "no""#).render("ci").severity("starts `x` again"), None);
}
