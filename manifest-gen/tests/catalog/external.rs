//! A service that is there already takes only what makes sense without a container.

use serde_json::json;

use super::{env, pairs, postgres};

#[test]
fn with_a_url_that_is_what_applications_are_given() {
    let text = "[profiles.prod.services.postgres]\ndeployment = \"external\"\nurl = { secret = \"prod-url\" }";
    let system = postgres(&json!({})).config(text);
    let plan = system.plan("prod");
    assert_eq!(env(&plan, "api"), pairs(&[("DATABASE_URL", "{secret:prod-url}")]));
    assert!(plan.workload(&"postgres".parse().unwrap()).is_none());
    assert_eq!(plan.externals[0].port.unwrap().get(), 5432);
}

#[test]
fn with_a_host_it_is_put_together() {
    let text = "[profiles.prod.services.postgres]\ndeployment = \"external\"\nhost = \"db.example.org\"\n\
        user = \"shop\"\ndatabase = \"orders\"";
    let plan = postgres(&json!({})).config(text).plan("prod");
    let url = "postgres://shop:{secret:postgres-password}@db.example.org:5432/orders";
    assert_eq!(env(&plan, "api"), pairs(&[("DATABASE_URL", url)]));
}

#[test]
fn what_is_missing_is_said() {
    let text = "[profiles.prod.services.postgres]\ndeployment = \"external\"\nhost = \"db.example.org\"";
    let plan = postgres(&json!({})).config(text).plan("prod");
    let found: Vec<&str> = plan.findings.iter().filter_map(|finding| finding.help.as_deref()).collect();
    assert!(found.contains(&"write `user = \"…\"`"), "{found:?}");
}
