//! Names: of services and applications, secrets, ports, variables and tokens.

use crate::Invalid;

text_type! {
    /// The id of a service or an application: both share one space, since both become the name of a
    /// Compose service, a Kubernetes Service and a DNS host.
    ///
    /// An RFC 1035 label of at most [`Id::MAX`] characters, so that every object name made from it
    /// (`data-<id>-0`, `<id>-headless`, a Job's content hash) still fits its own limit.
    pub struct Id : "an id"
        => r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"
}

impl Id {
    /// The most characters an id may have.
    pub const MAX: usize = 40;

    fn check(text: &str) -> Result<(), Invalid> {
        check_label(text, "id", Self::MAX, true)
    }

    /// The id that follows from a Rust name or a target name: `OrderStore` → `order-store`.
    ///
    /// Fails when nothing valid is left of it.
    pub fn from_ident(ident: &str) -> Result<Self, Invalid> {
        Self::parse(&kebab(ident))
            .map_err(|_| Invalid::new(format!("no id follows from the name `{ident}`")).help("write `id = \"…\"`"))
    }
}

text_type! {
    /// The name of a secret: an RFC 1123 label of at most 50 characters.
    pub struct SecretName : "a secret name"
        => r"^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$"
}

impl SecretName {
    fn check(text: &str) -> Result<(), Invalid> {
        // Not a letter of it is repeated: it may be the secret itself, written where its name belongs.
        check_label(text, "secret name", 50, false).map_err(|_| {
            Invalid::new("this is not a secret name")
                .help("the name, not the value: at most 50 lower-case letters, digits and dashes, no dash at an end")
        })
    }

    /// The environment variable through which a deployer supplies the secret where an engine has
    /// nothing better: `postgres-password` → `POSTGRES_PASSWORD`.
    pub fn variable(&self) -> String {
        let name = self.0.replace('-', "_").to_ascii_uppercase();
        if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
    }
}

text_type! {
    /// The name of a port: an IANA service name (RFC 6335, section 5.1), as Kubernetes wants it, of
    /// at most 15 characters.
    pub struct PortName : "a port name"
        => r"^(?!.*--)(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$"
}

impl PortName {
    fn check(text: &str) -> Result<(), Invalid> {
        check_label(text, "port name", 15, false)?;
        if text.contains("--") || !text.contains(|c: char| c.is_ascii_lowercase()) {
            return Err(Invalid::new(format!("{} is not a port name", crate::invalid::quoted(text)))
                .help("it has at least one letter and no two dashes in a row"));
        }
        Ok(())
    }
}

text_type! {
    /// The name of an environment variable: letters, digits, `_`, `.` and `-`, not a digit first
    /// (what every Kubernetes version accepts).
    pub struct EnvName : "a variable name"
        => r"^[A-Za-z_.-][A-Za-z0-9_.-]*$"
}

impl EnvName {
    fn check(text: &str) -> Result<(), Invalid> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if text.is_empty() || !text.chars().all(good) || text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(Invalid::new(format!("{} is not a variable name", crate::invalid::quoted(text)))
                .help("letters, digits, `_`, `.` and `-`, not beginning with a digit"));
        }
        Ok(())
    }

    /// Whether a shell can name it: no `.` and no `-` (POSIX, section 8.1).
    pub fn is_shell_name(&self) -> bool {
        !self.0.contains(['.', '-'])
    }
}

text_type! {
    /// A token that is provided and consumed (`sql`), or a capability (`auth=oidc`).
    pub struct Capability : "a token"
        => r"^[a-z][a-z0-9_./:=-]{0,62}$"
}

impl Capability {
    fn check(text: &str) -> Result<(), Invalid> {
        let good = |text: &str| {
            let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_./:=".contains(c);
            text.len() <= 63 && text.chars().all(good) && text.starts_with(|c: char| c.is_ascii_lowercase())
        };
        if good(text) {
            return Ok(());
        }
        Err(Invalid::new(format!("{} is not a token", crate::invalid::quoted(text))).write_or(
            [text.to_ascii_lowercase().replace(' ', "-")],
            good,
            "at most 63 lower-case letters, digits and `-_./:=`, beginning with a letter",
        ))
    }
}

text_type! {
    /// The name of a volume, unique in its service: an RFC 1123 label of at most 20 characters.
    pub struct VolumeName : "a volume name"
        => r"^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$"
}

impl VolumeName {
    fn check(text: &str) -> Result<(), Invalid> {
        check_label(text, "volume name", 20, false)
    }
}

text_type! {
    /// The scheme of a URL (RFC 3986, section 3.1), in lower case.
    pub struct Scheme : "a URL scheme"
        => r"^[a-z][a-z0-9+.-]{0,62}$"
}

impl Scheme {
    fn check(text: &str) -> Result<(), Invalid> {
        let good = |text: &str| {
            let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
            text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(good) && text.len() <= 63
        };
        if good(text) {
            return Ok(());
        }
        Err(Invalid::new(format!("{} is not a URL scheme", crate::invalid::quoted(text))).write_or(
            [text.trim_end_matches("://").to_ascii_lowercase()],
            good,
            "such as `http` or `postgres`, without `://`",
        ))
    }
}

text_type! {
    /// The key of a label or an annotation: printable ASCII without white space, `=` and quotes.
    pub struct LabelKey : "a label key"
        => r"^[!#%&(-<>-\[\]-z|~]{1,253}$"
}

impl LabelKey {
    fn check(text: &str) -> Result<(), Invalid> {
        let good = |c: char| c.is_ascii_graphic() && !matches!(c, '=' | '"' | '\'' | '\\' | '$' | '{' | '}');
        if (1..=253).contains(&text.len()) && text.chars().all(good) {
            return Ok(());
        }
        Err(Invalid::new(format!("{} is not a label key", crate::invalid::quoted(text)))
            .help("printable characters without `=`, quotes, `$` and braces, such as `team` or `prometheus.io/scrape`"))
    }
}

text_type! {
    /// A Linux capability without its `CAP_`: `NET_BIND_SERVICE`.
    pub struct LinuxCapability : "a Linux capability"
        => r"^(?!CAP_)[A-Z_]{2,40}$"
}

impl LinuxCapability {
    fn check(text: &str) -> Result<(), Invalid> {
        let good = |text: &str| {
            let good = |c: char| c.is_ascii_uppercase() || c == '_';
            (2..=40).contains(&text.len()) && text.chars().all(good) && !text.starts_with("CAP_")
        };
        if good(text) {
            return Ok(());
        }
        let upper = text.to_ascii_uppercase();
        Err(Invalid::new(format!("{} is not a Linux capability", crate::invalid::quoted(text))).write_or(
            [upper.strip_prefix("CAP_").unwrap_or(&upper).to_owned()],
            good,
            "in capitals and without `CAP_`, such as `NET_BIND_SERVICE`",
        ))
    }
}

text_type! {
    /// The name of a limit of a process, as Docker writes it: `nofile`.
    pub struct UlimitName : "the name of a limit"
}

impl UlimitName {
    const WORDS: [&'static str; 16] = [
        "as",
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ];

    fn check(text: &str) -> Result<(), Invalid> {
        if Self::WORDS.contains(&text) {
            return Ok(());
        }
        Err(crate::nearest::not_one_of(text, "the name of a limit", &Self::WORDS))
    }
}

prints_as_text!(
    Id,
    SecretName,
    PortName,
    EnvName,
    Capability,
    VolumeName,
    Scheme,
    LabelKey,
    LinuxCapability,
    UlimitName
);

fn check_label(text: &str, what: &str, max: usize, letter_first: bool) -> Result<(), Invalid> {
    let label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let first = text.chars().next();
    let bad_first = first.is_none_or(|c| if letter_first { !c.is_ascii_lowercase() } else { c == '-' });
    if text.len() <= max && text.chars().all(label) && !bad_first && !text.ends_with('-') {
        return Ok(());
    }
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let invalid = Invalid::new(format!("{} is not {article} {what}", crate::invalid::quoted(text)));
    let suggestion = kebab(text);
    if suggestion != text && suggestion.len() <= max && check_label(&suggestion, what, max, letter_first).is_ok() {
        return Err(invalid.help(format!("write `{suggestion}`")));
    }
    let first = if letter_first { ", beginning with a letter" } else { "" };
    Err(invalid.help(format!("at most {max} lower-case letters, digits and dashes{first}, no dash at an end")))
}

/// `HTTPServer`, `http_server` and `Http Server` → `http-server`.
pub(crate) fn kebab(text: &str) -> String {
    let chars: Vec<char> = text.strip_prefix("r#").unwrap_or(text).chars().collect();
    let mut out = String::new();
    for (index, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            if !out.ends_with('-') {
                out.push('-');
            }
            continue;
        }
        let before = index.checked_sub(1).map(|i| chars[i]);
        let next_is_lower = chars.get(index + 1).is_some_and(|c| c.is_lowercase());
        let boundary =
            before.is_some_and(|b| b.is_lowercase() || b.is_numeric() || (b.is_uppercase() && next_is_lower));
        if c.is_uppercase() && boundary && !out.ends_with('-') {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out.trim_matches('-').to_owned()
}
