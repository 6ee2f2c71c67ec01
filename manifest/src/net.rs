//! Hosts and networks.

use std::net::IpAddr;

use crate::Invalid;

text_type! {
    /// A host name (RFC 1123, section 2.1), in lower case.
    pub struct Hostname : "a host name"
        => r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$"
}

impl Hostname {
    fn check(text: &str) -> Result<(), Invalid> {
        if is_hostname(text) {
            return Ok(());
        }
        Err(Invalid::new(format!("{} is not a host name", crate::invalid::quoted(text))).write_or(
            [text.to_ascii_lowercase()],
            is_hostname,
            "lower-case labels of letters, digits and dashes, with dots between them",
        ))
    }
}

text_type! {
    /// The host of an ingress rule: a host name, or `*.` and a host name.
    pub struct IngressHost : "an ingress host"
        => r"^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$"
}

impl IngressHost {
    fn check(text: &str) -> Result<(), Invalid> {
        if is_hostname(text.strip_prefix("*.").unwrap_or(text)) {
            return Ok(());
        }
        Err(Invalid::new(format!("{} is not an ingress host", crate::invalid::quoted(text)))
            .help("a host name such as `shop.example.com` or `*.example.com`, without scheme, port and path"))
    }
}

text_type! {
    /// A network in CIDR notation (RFC 4632, RFC 4291), such as `10.0.0.0/8`.
    pub struct Cidr : "a network"
        => r"^[0-9A-Fa-f:.]+/[0-9]{1,3}$"
}

impl Cidr {
    fn check(text: &str) -> Result<(), Invalid> {
        let parsed = text.split_once('/').and_then(|(address, prefix)| {
            let address: IpAddr = address.parse().ok()?;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            // One spelling for each length, as Go's reader has it.
            let digits = prefix.chars().all(|c| c.is_ascii_digit()) && (prefix == "0" || !prefix.starts_with('0'));
            (digits && prefix.parse::<u8>().ok()? <= bits).then_some(())
        });
        parsed.ok_or_else(|| {
            Invalid::new(format!("{} is not a network", crate::invalid::quoted(text)))
                .help("an address and a prefix length, such as `10.0.0.0/8`")
        })
    }
}

prints_as_text!(Hostname, IngressHost, Cidr);

fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}
