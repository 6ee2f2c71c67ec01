use std::collections::BTreeMap;

use crate::{EnvName, Id, Template};

record! {
    /// A crate through which an application calls another application.
    pub struct Client {
        required {
            /// The application that is called.
            of: Id,
        }
        optional {
            /// What is given to every application that depends on the crate.
            app_env: BTreeMap<EnvName, Template>,
        }
    }
}

record! {
    /// A provider of authentication, listed in the manifest.
    pub struct AuthProvider {
        required {
            /// Its id.
            id: Id,
        }
        optional {
            /// The name that people are shown.
            name: Option<String>,
            /// What it speaks.
            protocol: Option<AuthProtocol>,
            /// The name or the URL of its icon.
            icon: Option<String>,
        }
    }
}

choice! {
    /// What a provider of authentication speaks.
    pub enum AuthProtocol : "an authentication protocol" {
        /// OpenID Connect.
        Oidc = "oidc",
        /// OAuth 2.0.
        Oauth2 = "oauth2",
        /// SAML 2.0.
        Saml = "saml",
        /// LDAP.
        Ldap = "ldap",
    }
}
