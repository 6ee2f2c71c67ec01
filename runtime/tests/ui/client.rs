//! Clients and providers of authentication.

use orch_runtime as orch;

#[orch::client]
struct OfNobody;

#[orch::client(of = "Shopping", app_env(URL = "{urll}"))]
struct Names;

#[orch::auth_provider(protocol = "openid", image = "keycloak:26")]
struct Provider;

fn main() {
    let _ = (OfNobody, Names, Provider);
}
