//! What `orch.toml` says about images.

use cargo_orch::config::{Config, ConfigError};
use serde_json::json;

use super::{System, env, pairs, postgres, workload};

#[test]
fn a_known_image_is_changed() {
    let text = "[catalog.postgres.service]\nuser = \"1001:1001\"\nenv = { POSTGRES_DB = \"main\" }";
    let plan = postgres(&json!({})).config(text).plan("prod");
    let server = workload(&plan, "postgres");
    assert_eq!(server.user.unwrap().to_string(), "1001:1001");
    assert!(server.health.is_some(), "the rest is as it was");
    assert_eq!(env(&plan, "api")[0].1, "postgres://app:{secret:postgres-password}@postgres:5432/main");
}

#[test]
fn an_image_is_like_another() {
    let text = "[catalog.\"ghcr.io/acme/pg\"]\nlike = \"postgres\"\nservice = { user = \"70:70\" }";
    let system = System::new().with("db", "database", "ghcr.io/acme/pg:16", &json!({})).config(text);
    let plan = system.plan("prod");
    assert_eq!(workload(&plan, "db").user.unwrap().to_string(), "70:70");
    assert_eq!(env(&plan, "api")[0].1, "postgres://app:{secret:db-password}@db:5432/app");
}

#[test]
fn an_image_of_ones_own_has_variants() {
    let text = "[catalog.\"acme/kv\".service]\nport = { number = 7000, name = \"kv\", scheme = \"kv\" }\n\
        health = { tcp = \"kv\" }\napp_env = { KV_URL = \"{url}\" }\nuser = \"1:1\"\n\
        [[catalog.\"acme/kv\".variant]]\nfrom = \"2\"\nservice = { user = \"2:2\" }";
    let one = |image: &str| System::new().with("kv", "other", image, &json!({})).config(text).plan("prod");
    assert_eq!(env(&one("acme/kv:1.9"), "api"), pairs(&[("KV_URL", "kv://kv:7000")]));
    assert_eq!(workload(&one("acme/kv:1.9"), "kv").user.unwrap().to_string(), "1:1");
    assert_eq!(workload(&one("acme/kv:2.0"), "kv").user.unwrap().to_string(), "2:2");
}

#[test]
fn mistakes_have_their_place() {
    let cases = [
        ("[catalog.\"postgres:16\"]\n", "1:10: an image of the catalog has no tag", "write `postgres`"),
        ("[catalog.\"docker.io/library/postgres\"]\n", "1:10: an image of the catalog has no tag", "write `postgres`"),
        (
            "[catalog.x]\nlike = \"postgers\"\n",
            "2:8: the catalog does not know the image `postgers`",
            "did you mean `postgres`?",
        ),
        ("[catalog.x]\nservcie = {}\n", "2:1: unknown key `servcie`", "did you mean `service`?"),
        ("[catalog.x.service]\nreplicas = 3\n", "2:1: unknown key `replicas` in `service`", ""),
        ("[catalog.x.service]\nuser = \"root\"\n", "2:8: `root` is not a user", "numbers"),
        ("[catalog.x]\nclusters = \"yes\"\n", "2:12: invalid type", ""),
        ("[catalog.x.image]\nshel = true\n", "2:1: unknown field `shel`", ""),
        ("[catalog.x.service]\nhealth = { tcp = \"nope\" }\nport = 80\n", "2:18: no port `nope` is declared", ""),
        ("[[catalog.x.variant]]\nlike = \"postgres\"\n", "2:1: unknown key `like` in a variant", ""),
        ("[[catalog.x.variant]]\ntag = \"alpine\"\n", "2:1: unknown key `tag` in a variant", "did you mean `tags`?"),
        ("[catalog]\nx = 1\n", "2:5: expected a table", ""),
    ];
    for (text, message, help) in cases {
        let Err(ConfigError::Wrong { mistakes }) = Config::parse(text) else { panic!("{text}") };
        let found: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        assert!(found[0].starts_with(&format!("orch.toml:{message}")) && found[0].contains(help), "{text}: {found:?}");
    }
}
