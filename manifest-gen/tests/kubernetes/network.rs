//! Who may talk to whom, and how requests come in.

use serde_json::{Value, json};

use crate::system::{Cluster, System, everything};

fn rules<'a>(policy: &'a Value, way: &str) -> &'a [Value] {
    policy["spec"][way].as_array().map_or(&[], Vec::as_slice)
}

fn pods(id: &str) -> Value {
    json!([{"podSelector": {"matchLabels": {"app.kubernetes.io/instance": "acme", "app.kubernetes.io/name": id}}}])
}

fn policy(cluster: &Cluster, id: &str) -> Value {
    cluster.object(&format!("{id}/network-policy.yaml"))
}

#[test]
fn nothing_is_allowed_but_name_resolution() {
    let policy = everything().prod().object("network-policy.yaml");
    assert_eq!(policy["spec"]["podSelector"]["matchLabels"], json!({"app.kubernetes.io/instance": "acme"}));
    assert_eq!(policy["spec"]["policyTypes"], json!(["Ingress", "Egress"]));
    assert!(policy["spec"].get("ingress").is_none());
    let dns = json!([{"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}]);
    assert_eq!(policy["spec"]["egress"], dns);
    let narrow = everything().config("[targets.k8s]\ndns_namespaces = [\"kube-system\"]").prod();
    let to = &narrow.object("network-policy.yaml")["spec"]["egress"][0]["to"];
    assert_eq!(*to, json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]));
}

#[test]
fn an_edge_is_allowed_at_both_ends() {
    let cluster = everything().prod();
    let sql = json!([{"port": 5432, "protocol": "TCP"}]);
    let into = policy(&cluster, "postgres");
    for id in ["api", "migrate", "report", "worker"] {
        assert!(rules(&into, "ingress").contains(&json!({"from": pods(id), "ports": sql})), "{id}");
        assert!(
            rules(&policy(&cluster, id), "egress").contains(&json!({"to": pods("postgres"), "ports": sql})),
            "{id}"
        );
    }
    // A database connects to nobody, and nobody else reaches it.
    assert!(rules(&into, "egress").is_empty());
    assert_eq!(rules(&into, "ingress").len(), 4);
    let both = json!([{"port": 9092, "protocol": "TCP"}, {"port": 9093, "protocol": "TCP"}]);
    assert!(rules(&policy(&cluster, "api"), "egress").contains(&json!({"to": pods("broker"), "ports": both})));
}

#[test]
fn public_ports_are_reached_from_the_ingress_controller_and_metrics_from_the_monitoring() {
    let from = |name: &str| json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}]);
    let cluster = everything().prod();
    let api = policy(&cluster, "api");
    let http = json!([{"port": 8080, "protocol": "TCP"}]);
    assert!(rules(&api, "ingress").contains(&json!({"from": from("ingress-nginx"), "ports": http})));
    let metrics = json!([{"port": 9000, "protocol": "TCP"}]);
    assert!(rules(&api, "ingress").contains(&json!({"from": from("monitoring"), "ports": metrics})));
    // The annotation names another port than the first.
    let broker = policy(&cluster, "broker");
    let metrics = json!([{"port": 9093, "protocol": "TCP"}]);
    assert!(rules(&broker, "ingress").contains(&json!({"from": from("monitoring"), "ports": metrics})));
    let closed =
        everything().config("[targets.k8s]\ningress_namespaces = []\nmonitoring_namespaces = [\"o11y\"]").prod();
    let ingress = policy(&closed, "api");
    assert_eq!(rules(&ingress, "ingress").len(), 1);
    assert_eq!(rules(&ingress, "ingress")[0]["from"], from("o11y"));
}

#[test]
fn what_is_outside_is_reached_on_its_port() {
    let cluster = everything().prod();
    let api = policy(&cluster, "api");
    let https = json!([{"port": 443, "protocol": "TCP"}]);
    assert!(rules(&api, "egress").contains(&json!({"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}], "ports": https})));
    assert!(rules(&api, "egress").contains(&json!({"ports": [{"port": 25, "protocol": "TCP"}]})));
    assert!(cluster.severity("`api` may connect to port 25 of any address").is_some());
    let unknown = System::new()
        .service(r#"kind = "database", id = "db", deployment = "external", url = secret("db")"#)
        .app(r#"id = "api", kind = "worker", user = "1:1""#);
    assert!(unknown.prod().severity("`api` cannot reach `db`, whose port is not known").is_some());
}

#[test]
fn an_ingress_has_a_class_paths_and_certificates() {
    let cluster = everything().config("[targets.k8s]\ningress_class = \"nginx\"").prod();
    let spec = cluster.object("api/ingress.yaml")["spec"].clone();
    assert_eq!(spec["ingressClassName"], "nginx");
    assert_eq!(spec["tls"], json!([{"secretName": "acme-tls", "hosts": ["api.acme.test"]}]));
    let path = |path: &str| json!({"path": path, "pathType": "Prefix", "backend": {"service": {"name": "api", "port": {"name": "http"}}}});
    assert_eq!(spec["rules"], json!([{"host": "api.acme.test", "http": {"paths": [path("/"), path("/v2")]}}]));
    let anywhere = System::new()
        .service(r#"kind = "other", image = "x:1", id = "x", user = "1:1", port(80), ingress(path = "/x")"#);
    let spec = anywhere.prod().object("x/ingress.yaml")["spec"].clone();
    assert!(spec["rules"][0].get("host").is_none() && spec.get("ingressClassName").is_none());
    assert_eq!(spec["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"]["name"], "tcp-80");
}
