//! `[targets.k8s]` and `[secrets.NAME]` in `orch.toml`.

use cargo_orch::config::Config;
use serde_json::json;

use crate::system::{System, everything};

#[test]
fn a_profile_says_more_than_all_profiles() {
    let system = everything()
        .config("[targets.k8s]\nnamespace = \"acme\"\ningress_class = \"nginx\"")
        .config("[profiles.prod.targets.k8s]\nnamespace = \"live\"")
        .config("[profiles.next]\nextends = \"prod\"");
    for (profile, namespace) in [("staging", "acme"), ("prod", "live"), ("next", "live")] {
        let ingress = system.render(profile).object("api/ingress.yaml");
        assert_eq!(ingress["metadata"]["namespace"], namespace, "{profile}");
        assert_eq!(ingress["spec"]["ingressClassName"], "nginx", "{profile}");
    }
}

#[test]
fn a_namespace_is_rendered_on_request() {
    assert!(!everything().prod().files.contains_key("namespace.yaml"));
    let on = |system: System| system.config("[targets.k8s]\ncreate_namespace = true").prod().object("namespace.yaml");
    let namespace = on(everything());
    assert_eq!(namespace["metadata"]["name"], "acme-prod");
    assert!(namespace["metadata"].get("namespace").is_none());
    let label = |object: &serde_json::Value, mode: &str| {
        object["metadata"]["labels"][format!("pod-security.kubernetes.io/{mode}")].clone()
    };
    // One workload opted out, so the namespace cannot demand more than what it has.
    assert_eq!((label(&namespace, "enforce"), label(&namespace, "warn")), (json!("baseline"), json!("restricted")));
    let service = |keys: &str| {
        on(System::new().service(&format!(r#"kind = "other", image = "x:1", id = "x", user = "1:1", {keys}"#)))
    };
    assert_eq!(label(&service("restricted = true"), "enforce"), "restricted");
    assert_eq!(label(&service(r#"cap_add = ["SYS_ADMIN"]"#), "enforce"), "privileged");
}

#[test]
fn a_secret_is_where_the_configuration_says() {
    let system = everything().config("[secrets.api-key]\nkubernetes = { name = \"acme-api\", key = \"token\" }");
    let container = system.prod().container("api/deployment.yaml");
    let reference = container["env"].as_array().unwrap().iter().find(|entry| entry["name"] == "ORCH_SECRET_API_KEY");
    assert_eq!(reference.unwrap()["valueFrom"]["secretKeyRef"], json!({"name": "acme-api", "key": "token"}));
    let needs = &system.prod().files["kustomization.yaml"];
    assert!(needs.contains("# - the Secret acme-api with the key token, for api\n"), "{needs}");
}

#[test]
fn secrets_can_come_from_a_store() {
    let cluster = everything()
        .config("[targets.k8s]\nsecrets = \"external-secret\"")
        .config("secret_store = { name = \"vault\", kind = \"ClusterSecretStore\" }")
        .prod();
    let external = cluster.object("external-secret-broker.yaml");
    assert_eq!(external["spec"]["secretStoreRef"], json!({"kind": "ClusterSecretStore", "name": "vault"}));
    assert_eq!(external["spec"]["target"], json!({"name": "broker", "creationPolicy": "Owner"}));
    assert_eq!(external["spec"]["data"], json!([{"secretKey": "k", "remoteRef": {"key": "broker", "property": "k"}}]));
    assert!(!cluster.files["kustomization.yaml"].contains("the Secret"));
}

#[test]
fn secrets_can_come_from_files() {
    let cluster = everything().config("[targets.k8s]\nsecrets = \"generator\"").prod();
    let generators = cluster.object("kustomization.yaml")["secretGenerator"].clone();
    let expected = json!({"name": "broker", "namespace": "acme-prod", "files": ["k=secrets/broker.k"]});
    assert!(generators.as_array().unwrap().contains(&expected), "{generators}");
}

fn mistakes(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = camino::Utf8PathBuf::from_path_buf(folder.path().join("orch.toml")).unwrap();
    std::fs::write(&path, text).unwrap();
    let profile = cargo_orch::plan::Profile::built_in(cargo_orch::plan::profile::Base::Prod);
    match Config::read(&path).and_then(|config| config.options(&profile)) {
        Ok(_) => Vec::new(),
        Err(error) => error.to_string().lines().map(str::to_owned).collect(),
    }
}

#[test]
fn every_mistake_has_its_place() {
    let found = mistakes(
        "[targets.k8s]\nnamespace = \"A\"\ningres_class = \"x\"\ncreate_namespace = \"yes\"\ndns_namespaces = [\"ok\", \"a.b\"]\n\
         secrets = \"vault\"\nsecret_store = { name = \"v\", kind = \"Store\" }\n[targets.kubernetes]\n[secrets.X]\n\
         [secrets.y]\nkubernetes = { key = \"a b\", nmae = \"z\" }\nswarm = 1\n",
    );
    let expected = [
        "orch.toml:2:13: `A` is no name in Kubernetes",
        "orch.toml:3:1: unknown key `ingres_class` in `[targets.k8s]` (did you mean `ingress_class`?)",
        "orch.toml:4:20: `create_namespace` is `true` or `false`",
        "orch.toml:5:25: `a.b` is no name in Kubernetes",
        "orch.toml:6:11: `vault` is no way to bring secrets into a cluster",
        "orch.toml:7:37: `Store` is no kind of store",
        "orch.toml:8:10: unknown key `kubernetes` in `[targets]`",
        "orch.toml:9:10: this is not a secret name",
        "orch.toml:11:22: this is not a key",
        "orch.toml:11:29: unknown key `nmae` in `kubernetes` (did you mean `name`?)",
        "orch.toml:12:1: unknown key `swarm` in a secret",
    ];
    for part in expected {
        assert!(found.iter().any(|line| line.starts_with(part)), "`{part}` is not in {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    let storeless = mistakes("[targets.k8s]\nsecrets = \"external-secret\"\n");
    assert_eq!(
        storeless,
        ["orch.toml:2:11: `secrets = \"external-secret\"` names no store (write `secret_store = \"…\"` beside it)"]
    );
}
