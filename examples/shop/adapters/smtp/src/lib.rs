//! The company's mail relay.

use std::time::Duration;

use anyhow::{Context, Result};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Message, Tokio1Executor};

/// A relay that is there already and trusts the network it is in. Nothing is started for it, and no
/// mail is sent where the deployer names none.
#[orch::service(
    kind = "mail",
    id = "smtp",
    deployment = "external",
    host = var("SMTP_HOST", default = ""),
    port(25, name = "smtp", scheme = "smtp"),
    app_env(SMTP_HOST = "{host}", SMTP_PORT = "{port}"),
)]
pub struct Smtp;

/// Sends mail through the relay.
pub struct Mailer(AsyncSmtpTransport<Tokio1Executor>);

/// The mailer, if a relay is configured. It connects when there is something to send.
pub fn mailer() -> Result<Option<Mailer>> {
    // Empty where the deployer names none, absent where the app is started by hand.
    let host = orch::binding("SMTP_HOST").map(orch::Binding::into_string);
    let Some(host) = host.ok().filter(|host| !host.is_empty()) else {
        return Ok(None);
    };
    let port = orch::binding("SMTP_PORT")?
        .parse()
        .context("`SMTP_PORT` is not a port")?;
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(port)
        .timeout(Some(Duration::from_secs(5)))
        .build();
    Ok(Some(Mailer(transport)))
}

impl Mailer {
    /// Sends a mail to whoever packs the orders.
    pub async fn send(&self, subject: &str, body: String) -> Result<()> {
        let mail = Message::builder()
            .from("Shop <shop@acme.example>".parse()?)
            .to("Packing <packing@acme.example>".parse()?)
            .subject(subject)
            .body(body)?;
        self.0.send(mail).await?;
        Ok(())
    }
}
