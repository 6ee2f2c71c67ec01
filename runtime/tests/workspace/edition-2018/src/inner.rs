//! A module in a file of its own.

#[orch::client(of = "shopping", app_env(URL = "{url}"))] //= Client @ edition_2018::inner
pub struct Client;

pub mod deeper {
    #[orch::auth_provider(protocol = "oidc")] //= Keycloak @ edition_2018::inner::deeper
    pub struct Keycloak;
}
