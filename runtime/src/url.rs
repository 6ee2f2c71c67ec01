//! What a URL says of where a service is.

/// The parts of a URL that are addresses, after RFC 3986, section 3. Where several hosts stand in it, with
/// commas between them as databases have it, the first.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) scheme: String,
    pub(crate) user: Option<String>,
    pub(crate) host: String,
    /// The one that stands there, else the scheme's own.
    pub(crate) port: Option<u16>,
    /// The first segment of the path.
    pub(crate) database: Option<String>,
}

/// The ports that are registered for schemes, or that everybody uses for them.
const PORTS: [(&str, u16); 18] = [
    ("amqp", 5672),
    ("amqps", 5671),
    ("http", 80),
    ("https", 443),
    ("ldap", 389),
    ("ldaps", 636),
    ("mariadb", 3306),
    ("mongodb", 27017),
    ("mqtt", 1883),
    ("mqtts", 8883),
    ("mysql", 3306),
    ("nats", 4222),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("redis", 6379),
    ("rediss", 6379),
    ("smtp", 25),
    ("smtps", 465),
];

impl Location {
    /// Reads a URL; `None` where no host is in it.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.trim().split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(is_scheme) {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (user.split(':').next(), hosts),
            None => (None, authority),
        };
        let (host, port) = host(hosts.split(',').next()?)?;
        let usual = || PORTS.iter().find(|(name, _)| *name == scheme).map(|(_, port)| *port);
        let segment = path.strip_prefix('/').and_then(|path| path.split(['/', '?', '#']).next());
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).and_then(decode);
        Some(Self { user: text(user), database: text(segment), port: port.or_else(usual), host, scheme })
    }
}

/// `host`, `host:port`, `[address]:port`
fn host(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match port.strip_prefix(':') {
        None | Some("") => None,
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
    };
    let is_host = |c: char| !c.is_whitespace() && !c.is_control() && !"/?#@\\%".contains(c);
    (!host.is_empty() && host.chars().all(is_host)).then(|| (host.to_owned(), port))
}

/// The text that was percent-encoded; `None` where that is no UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |index: usize| tail.get(index).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, digit(0), digit(1)) {
            bytes.push(u8::try_from(high * 16 + low).ok()?);
            rest = tail.get(2..)?;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Location;

    #[test]
    fn a_url_says_where() {
        let some = |scheme: &str, user: Option<&str>, host: &str, port, database: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let (user, database) = (owned(user), owned(database));
            Some(Location { scheme: scheme.to_owned(), user, host: host.to_owned(), port, database })
        };
        let cases = [
            (
                "postgres://app:s3%40@db.example:5433/shop?a=b",
                some("postgres", Some("app"), "db.example", Some(5433), Some("shop")),
            ),
            ("postgresql://db/sh%C3%B6p", some("postgresql", None, "db", Some(5432), Some("shöp"))),
            ("mongodb://a:b@one:1,two:2/x", some("mongodb", Some("a"), "one", Some(1), Some("x"))),
            ("mongodb+srv://a:b@cluster/x", some("mongodb+srv", Some("a"), "cluster", None, Some("x"))),
            ("AMQPS://u:p@[::1]:5671/%2f", some("amqps", Some("u"), "::1", Some(5671), Some("/"))),
            ("https://example.com", some("https", None, "example.com", Some(443), None)),
            ("redis://:p@cache:/0", some("redis", None, "cache", Some(6379), Some("0"))),
            ("jdbc://x", some("jdbc", None, "x", None, None)),
        ];
        for (url, expected) in cases {
            assert!(Location::parse(url) == expected, "{url}");
        }
        for url in
            ["", "x", "://x", "1a://x", "x://", "x://:80", "x://a:b", "x://a:0", "x://a:65536", "x://[::1", "x://a b"]
        {
            assert!(Location::parse(url).is_none(), "{url}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(url in "\\PC{0,20}", rest in "[a-z:/@,%\\[\\]0-9?#\u{e9}]{0,30}") {
            let _ = Location::parse(&url);
            let _ = Location::parse(&format!("x://{rest}"));
        }
    }
}
