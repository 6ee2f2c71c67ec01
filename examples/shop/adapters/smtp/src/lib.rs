//! The company's mail relay.

use std::time::Duration;

use anyhow::Result;
use lettre::transport::smtp::{AsyncSmtpTransport, SMTP_PORT};
use lettre::{AsyncTransport, Message, Tokio1Executor};
use orch::Error;

/// A relay that is there already and trusts the network it is in. Nothing is started for it, and no
/// mail is sent where the deployer names none.
#[orch::service(
    kind = "mail",
    id = "smtp",
    deployment = "external",
    host = var("SMTP_HOST", default = ""),
    port(25, name = "smtp", scheme = "smtp"),
)]
pub struct Smtp;

/// Sends mail through the relay.
pub struct Mailer(AsyncSmtpTransport<Tokio1Executor>);

/// The mailer, if a relay is configured. It connects when there is something to send.
pub fn mailer() -> Result<Option<Mailer>> {
    let relay = match orch::endpoint("smtp") {
        Ok(relay) => relay,
        // The deployer names none, or nobody is told anything: the app is started by hand.
        Err(Error::NoHost { .. } | Error::System { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(relay.host())
        .port(relay.port().unwrap_or(SMTP_PORT))
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
