//! Texts of every type: which are good, and what is said about one that is not.

use std::fmt::Debug;

use orch_manifest::model::{AppKind, AuthProtocol, Deployment, Kind, RestartPolicy, Tenancy, UserIds};
use orch_manifest::name::{LabelKey, LinuxCapability, Scheme, UlimitName, VolumeName};
use orch_manifest::value::SecretKey;
use orch_manifest::*;
use proptest::prelude::*;

/// Texts that are good.
fn good<T: FromText + ToString + Debug>(texts: &[&str]) {
    for text in texts {
        match T::from_text(text) {
            Ok(value) => assert_eq!(value.to_string(), *text),
            Err(error) => panic!("{text:?}: {error}"),
        }
    }
}

/// Texts that are not, with what is wrong and what to write instead.
fn bad<T: FromText + Debug>(texts: &[(&str, &str, &str)]) {
    for (text, problem, help) in texts {
        let error = T::from_text(text).expect_err(text);
        assert_eq!((error.problem.as_str(), error.help.as_deref()), (*problem, Some(*help)), "{text:?}");
    }
}

#[test]
fn ids_are_dns_labels() {
    const HELP: &str = "at most 40 lower-case letters, digits and dashes, beginning with a letter, no dash at an end";
    good::<Id>(&["a", "postgres", "order-store-2", &"a".repeat(40)]);
    bad::<Id>(&[
        ("", "an empty text is not an id", HELP),
        ("Postgres", "`Postgres` is not an id", "write `postgres`"),
        ("HTTPServer", "`HTTPServer` is not an id", "write `http-server`"),
        ("my_db", "`my_db` is not an id", "write `my-db`"),
        ("db-", "`db-` is not an id", "write `db`"),
        ("1db", "`1db` is not an id", HELP),
        ("größe", "`größe` is not an id", HELP),
        ("a\nb", "`a\\nb` is not an id", "write `a-b`"),
    ]);
    let long = "a".repeat(300);
    let error = Id::parse(&long).unwrap_err();
    assert_eq!(error.problem, format!("`{}…` is not an id", "a".repeat(100)));
}

#[test]
fn an_id_follows_from_a_rust_name() {
    let id = |name: &str| Id::from_ident(name).map(|id| id.to_string());
    assert_eq!(id("OrderStore").unwrap(), "order-store");
    assert_eq!(id("HTTPServer2").unwrap(), "http-server2");
    assert_eq!(id("order_store").unwrap(), "order-store");
    assert_eq!(id("r#type").unwrap(), "type");
    let error = id("Größe").unwrap_err();
    assert_eq!(error.to_string(), "no id follows from the name `Größe` (write `id = \"…\"`)");
}

#[test]
fn names_have_their_own_limits() {
    good::<SecretName>(&["db", "9-lives", &"a".repeat(50)]);
    // What is no name may be the secret itself.
    let name = "the name, not the value: at most 50 lower-case letters, digits and dashes, no dash at an end";
    bad::<SecretName>(&[("DB_PASSWORD", "this is not a secret name", name)]);
    good::<VolumeName>(&["data", "0", &"a".repeat(20)]);
    bad::<VolumeName>(&[("Data", "`Data` is not a volume name", "write `data`")]);
    good::<PortName>(&["http", "a-1", "exactly-fifteen"]);
    bad::<PortName>(&[
        ("HTTP", "`HTTP` is not a port name", "write `http`"),
        ("8080", "`8080` is not a port name", "it has at least one letter and no two dashes in a row"),
        ("a--b", "`a--b` is not a port name", "it has at least one letter and no two dashes in a row"),
        ("sixteen-letters-", "`sixteen-letters-` is not a port name", "write `sixteen-letters`"),
        (
            "seventeen-letters",
            "`seventeen-letters` is not a port name",
            "at most 15 lower-case letters, digits and dashes, no dash at an end",
        ),
    ]);
}

#[test]
fn a_secrets_variable_is_one_a_shell_can_name() {
    let variable = |name: &str| SecretName::parse(name).unwrap().variable();
    assert_eq!(variable("postgres-password"), "POSTGRES_PASSWORD");
    assert_eq!(variable("9-lives"), "_9_LIVES");
}

#[test]
fn variables_are_what_kubernetes_accepts() {
    const HELP: &str = "letters, digits, `_`, `.` and `-`, not beginning with a digit";
    good::<EnvName>(&["A", "_a1", "discovery.type", "a-b"]);
    bad::<EnvName>(&[
        ("", "an empty text is not a variable name", HELP),
        ("1A", "`1A` is not a variable name", HELP),
        ("A=B", "`A=B` is not a variable name", HELP),
    ]);
    assert!(EnvName::parse("A_1").unwrap().is_shell_name());
    assert!(!EnvName::parse("discovery.type").unwrap().is_shell_name());
}

#[test]
fn tokens_schemes_and_keys() {
    good::<Capability>(&["sql", "auth=oidc", "a/b:c.d_e-f"]);
    bad::<Capability>(&[
        ("SQL", "`SQL` is not a token", "write `sql`"),
        ("auth oidc", "`auth oidc` is not a token", "write `auth-oidc`"),
        ("9", "`9` is not a token", "at most 63 lower-case letters, digits and `-_./:=`, beginning with a letter"),
    ]);
    good::<Scheme>(&["http", "postgres", "git+ssh"]);
    bad::<Scheme>(&[
        ("postgres://", "`postgres://` is not a URL scheme", "write `postgres`"),
        ("HTTP", "`HTTP` is not a URL scheme", "write `http`"),
        ("a b", "`a b` is not a URL scheme", "such as `http` or `postgres`, without `://`"),
    ]);
    const LABEL: &str =
        "printable characters without `=`, quotes, `$` and braces, such as `team` or `prometheus.io/scrape`";
    good::<LabelKey>(&["team", "prometheus.io/scrape"]);
    bad::<LabelKey>(&[
        ("", "an empty text is not a label key", LABEL),
        ("a=b", "`a=b` is not a label key", LABEL),
        ("${A}", "`${A}` is not a label key", LABEL),
    ]);
    good::<SecretKey>(&["password", "tls.crt"]);
    bad::<SecretKey>(&[("a/b", "this is not a key", "at most 253 letters, digits, `-`, `_` and `.`")]);
}

#[test]
fn capabilities_and_limits_of_a_process() {
    good::<LinuxCapability>(&["NET_BIND_SERVICE", "KILL"]);
    bad::<LinuxCapability>(&[
        ("CAP_SYS_ADMIN", "`CAP_SYS_ADMIN` is not a Linux capability", "write `SYS_ADMIN`"),
        ("net_bind", "`net_bind` is not a Linux capability", "write `NET_BIND`"),
        ("a b", "`a b` is not a Linux capability", "in capitals and without `CAP_`, such as `NET_BIND_SERVICE`"),
    ]);
    good::<UlimitName>(&["nofile", "memlock"]);
    bad::<UlimitName>(&[("nofiles", "`nofiles` is not the name of a limit", "did you mean `nofile`?")]);
}

#[test]
fn images_are_references_an_engine_accepts() {
    const REPOSITORY: &str = "lower-case letters and digits with `.`, `_`, `-` and `/` between them, such as `postgres:16` or `ghcr.io/acme/api:1.2`";
    const TAG: &str = "at most 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`";
    const REGISTRY: &str = "a host, with a port or without, such as `ghcr.io` or `registry.local:5000`";
    let digest = format!("acme/api@sha256:{}", "0f".repeat(32));
    good::<ImageRef>(&[
        "postgres",
        "postgres:16",
        "acme/api:1.2-rc.1_x",
        "ghcr.io/acme/api",
        "localhost/api",
        "host:5000/a/b:1",
        "[::1]:5000/a",
        "a__b/c---d",
        &digest,
        &digest.replace('@', ":1@"),
    ]);
    bad::<ImageRef>(&[
        ("", "an empty text is not an image reference: the repository is malformed", REPOSITORY),
        ("postgres:", "`postgres:` is not an image reference: the tag is malformed", TAG),
        ("postgres:16 ", "`postgres:16 ` is not an image reference: the tag is malformed", TAG),
        (
            "Postgres:RC",
            "`Postgres:RC` is not an image reference: the repository is malformed",
            "write `postgres:RC`: a repository is in lower case",
        ),
        (
            "ghcr.io/Acme/X:Tag",
            "`ghcr.io/Acme/X:Tag` is not an image reference: the repository is malformed",
            "write `ghcr.io/acme/x:Tag`: a repository is in lower case",
        ),
        ("a//b", "`a//b` is not an image reference: the repository is malformed", REPOSITORY),
        ("a:b:c", "`a:b:c` is not an image reference: the repository is malformed", REPOSITORY),
        ("-x:1/y", "`-x:1/y` is not an image reference: the registry is malformed", REGISTRY),
        ("x:99999/y", "`x:99999/y` is not an image reference: the registry is malformed", REGISTRY),
        (
            "https://ghcr.io/a/b",
            "`https://ghcr.io/a/b` is not an image reference: it is a URL",
            "write `ghcr.io/a/b`, without `https://`",
        ),
        (
            "a@sha256:12",
            "`a@sha256:12` is not an image reference: the digest is malformed",
            "`@sha256:` and 64 lower-case hexadecimal digits",
        ),
    ]);
    let error = ImageRef::parse(&"0f".repeat(32)).unwrap_err();
    assert!(error.problem.ends_with("it reads as the id of an image"), "{error}");
    let error = ImageRef::parse(&"a".repeat(256)).unwrap_err();
    assert!(error.problem.ends_with("it is too long"), "{error}");
}

#[test]
fn an_image_is_taken_apart() {
    let image = ImageRef::parse("host:5000/acme/api:1.2").unwrap();
    assert_eq!((image.registry(), image.repository()), (Some("host:5000"), "acme/api"));
    assert_eq!((image.tag(), image.digest(), image.is_floating()), (Some("1.2"), None, false));
    for floating in ["api", "api:latest"] {
        assert!(ImageRef::parse(floating).unwrap().is_floating(), "{floating}");
    }
    let pinned = format!("api@sha256:{}", "0".repeat(64));
    assert!(!ImageRef::parse(&pinned).unwrap().is_floating());
}

#[test]
fn durations() {
    const HELP: &str = "numbers with the units h, m, s and ms, such as `10s`, `1m30s` or `500ms`, at most 365 days";
    good::<Duration>(&["0s", "10s", "1m30s", "500ms", "1h1m1s1ms", "8760h"]);
    bad::<Duration>(&[
        ("", "an empty text is not a duration", HELP),
        ("10", "`10` is not a duration", "write `10s`"),
        ("10 s", "`10 s` is not a duration", "write `10s`"),
        ("1.5s", "`1.5s` is not a duration", HELP),
        ("1s1m", "`1s1m` is not a duration", HELP),
        ("1s1s", "`1s1s` is not a duration", HELP),
        ("1d", "`1d` is not a duration", HELP),
        ("8761h", "`8761h` is not a duration", HELP),
        ("99999999999999999999s", "`99999999999999999999s` is not a duration", HELP),
    ]);
    let millis = |text| Duration::parse(text).unwrap().as_millis();
    assert_eq!([millis("90s"), millis("1m30s"), millis("1h1ms")], [90_000, 90_000, 3_600_001]);
    assert_eq!(Duration::parse("90s").unwrap().to_string(), "1m30s");
    assert_eq!(Duration::parse("1s1ms").unwrap().as_secs_ceil(), 2);
    assert_eq!(Duration::from_secs(u32::MAX), Duration::MAX);
}

#[test]
fn quantities() {
    const HELP: &str =
        "a number with a Kubernetes suffix, such as `500m` for half a CPU, `256Mi` or `10Gi`, below 2^63";
    good::<Quantity>(&["0", "1", "1.5", ".5", "1.", "500m", "256Mi", "10Gi", "1Ei", "1E", "1e3", "1E-3", "1e+3", "1n"]);
    bad::<Quantity>(&[
        ("", "an empty text is not a quantity", HELP),
        ("1 Gi", "`1 Gi` is not a quantity", "write `1Gi`"),
        ("5GB", "`5GB` is not a quantity", "write `5G`"),
        ("-1", "`-1` is not a quantity", HELP),
        (".", "`.` is not a quantity", HELP),
        ("1.2.3", "`1.2.3` is not a quantity", HELP),
        ("8Ei", "`8Ei` is not a quantity", HELP),
        ("1Zi", "`1Zi` is not a quantity", HELP),
    ]);
    let units = |text| Quantity::parse(text).unwrap().units_ceil();
    assert_eq!([units("500m"), units("1Ki"), units("0.1Ki"), units("1.5Gi")], [1, 1024, 103, 1_610_612_736]);
}

#[test]
fn schedules() {
    const FIELDS: &str = "five fields with one space between them: minute, hour, day of the month, month, day of the week, such as `0 3 * * *`";
    good::<CronSchedule>(&["0 3 * * *", "*/5 0-12/2 1,15 jan-jun MON-fri", "@daily", "59 23 31 12 6"]);
    bad::<CronSchedule>(&[
        ("* * * *", "`* * * *` is not a cron schedule: it has 4 instead of 5 fields", FIELDS),
        ("0  3 * * *", "`0  3 * * *` is not a cron schedule: it has 6 instead of 5 fields", FIELDS),
        (
            "60 * * * *",
            "`60 * * * *` is not a cron schedule: `60` is not a minute",
            "`*`, or numbers 0 to 59 with `,`, `-` and `/`",
        ),
        (
            "0 3 * * 7",
            "`0 3 * * 7` is not a cron schedule: `7` is not a day of the week",
            "`*`, or numbers 0 to 6 with `,`, `-` and `/`",
        ),
        (
            "0 3 * * 5-1",
            "`0 3 * * 5-1` is not a cron schedule: `5-1` is not a day of the week",
            "`*`, or numbers 0 to 6 with `,`, `-` and `/`",
        ),
        ("@dayly", "`@dayly` is not a cron schedule: unknown macro", "did you mean `@daily`?"),
    ]);
}

#[test]
fn hosts_and_networks() {
    good::<Hostname>(&["db", "db.internal", "10.0.0.1", "a-b.c"]);
    bad::<Hostname>(&[
        ("Db", "`Db` is not a host name", "write `db`"),
        (
            "a..b",
            "`a..b` is not a host name",
            "lower-case labels of letters, digits and dashes, with dots between them",
        ),
    ]);
    const HOST: &str = "a host name such as `shop.example.com` or `*.example.com`, without scheme, port and path";
    good::<IngressHost>(&["shop.example.com", "*.example.com"]);
    bad::<IngressHost>(&[
        ("https://x.y", "`https://x.y` is not an ingress host", HOST),
        ("x.*.y", "`x.*.y` is not an ingress host", HOST),
    ]);
    const NETWORK: &str = "an address and a prefix length, such as `10.0.0.0/8`";
    good::<Cidr>(&["0.0.0.0/0", "10.0.0.0/8", "fd00::/64", "::/128"]);
    bad::<Cidr>(&[
        ("10.0.0.0", "`10.0.0.0` is not a network", NETWORK),
        ("10.0.0.0/33", "`10.0.0.0/33` is not a network", NETWORK),
        ("10.0.0.0/08", "`10.0.0.0/08` is not a network", NETWORK),
        ("10.0.0.0/", "`10.0.0.0/` is not a network", NETWORK),
        ("::/129", "`::/129` is not a network", NETWORK),
    ]);
}

#[test]
fn paths() {
    const ABSOLUTE: &str =
        "it begins with `/` and has no `.`, `..`, `:`, backslash or empty segment, and is not `/` itself";
    good::<AbsolutePath>(&["/data", "/var/lib/my data", "/.hidden/x.d"]);
    bad::<AbsolutePath>(&[
        ("data", "`data` is not an absolute path in a container", "write `/data`"),
        ("/a/", "`/a/` is not an absolute path in a container", "write `/a`"),
        ("/", "`/` is not an absolute path in a container", ABSOLUTE),
        ("/a/../b", "`/a/../b` is not an absolute path in a container", ABSOLUTE),
        ("/a:b", "`/a:b` is not an absolute path in a container", ABSOLUTE),
    ]);
    good::<SourcePath>(&["conf/nginx.conf", ".env"]);
    bad::<SourcePath>(&[
        ("./conf/x", "`./conf/x` is not a path in the package", "write `conf/x`"),
        ("conf\\x", "`conf\\x` is not a path in the package", "write `conf/x`"),
        (
            "../x",
            "`../x` is not a path in the package",
            "relative to the folder of `Cargo.toml`, with `/`, without `..`",
        ),
    ]);
    good::<UrlPath>(&["/", "/healthz?deep=1", "/a%20b"]);
    bad::<UrlPath>(&[
        ("health", "`health` is not a URL path", "write `/health`"),
        (
            "/a b",
            "`/a b` is not a URL path",
            "it begins with `/`; other than letters, digits and `-._~!$&'()*+,;=:@/?` is percent-encoded",
        ),
    ]);
}

#[test]
fn users_are_numbers() {
    const HELP: &str = "numbers, such as `999` or `999:999`: Kubernetes cannot tell whether a named user is root";
    good::<UserIds>(&["0", "999", "999:0", "2147483647:1"]);
    bad::<UserIds>(&[
        ("postgres", "`postgres` is not a user", HELP),
        ("1:", "`1:` is not a user", HELP),
        ("2147483648", "`2147483648` is not a user", HELP),
    ]);
}

#[test]
fn words_of_a_closed_set_name_the_nearest() {
    good::<Kind>(&Kind::WORDS);
    good::<Kind>(&["x-queue"]);
    bad::<Kind>(&[
        ("databse", "`databse` is not a kind of service", "did you mean `database`?"),
        (
            "queue",
            "`queue` is not a kind of service",
            "one of `database`, `cache`, `messaging`, `search`, `vector`, `ai`, `auth`, `storage`, `secrets`, `telemetry`, `proxy`, `mail`, `other`, or a kind of your own: `x-queue`",
        ),
    ]);
    bad::<Deployment>(&[
        ("externl", "`externl` is not a deployment", "did you mean `external`?"),
        ("docker", "`docker` is not a deployment", "one of `container`, `external`, `in-process`"),
    ]);
    bad::<RestartPolicy>(&[("on_failure", "`on_failure` is not a restart policy", "did you mean `on-failure`?")]);
    bad::<Protocol>(&[("http", "`http` is not a protocol", "one of `tcp`, `udp`, `sctp`")]);
    bad::<AppKind>(&[("cronjob", "`cronjob` is not a kind of application", "one of `web`, `worker`, `job`, `cron`")]);
    bad::<Tenancy>(&[("table", "`table` is not a kind of tenancy", "one of `database`, `schema`")]);
    bad::<AuthProtocol>(&[("oauth", "`oauth` is not an authentication protocol", "did you mean `oauth2`?")]);
    good::<Deployment>(Deployment::WORDS);
    good::<RestartPolicy>(RestartPolicy::WORDS);
}

#[test]
fn templates() {
    const BRACE: &str = "a brace is written twice: ";
    good::<Template>(&["", "{{}}", "{id}{host}{port:sql}", "{a.url:b}", "{env:a.b}", "{secret:x}", "{app}{system}"]);
    bad::<Template>(&[
        ("a {", "a `{` without its `}`", &format!("{BRACE}`{{{{`")),
        ("a }", "a `}` without its `{`", &format!("{BRACE}`}}}}`")),
        ("{hots}", "unknown token `{hots}`", "did you mean `host`?"),
        ("{db.hots}", "unknown token `{db.hots}`", "did you mean `host`?"),
        (
            "{db.app}",
            "unknown token `{db.app}`",
            "one of `id`, `host`, `port`, `scheme`, `url`, `user`, `password`, `database`, `host_port`",
        ),
        ("{Db.host}", "`Db` is not an id", "write `db`"),
        ("{secret:a.b}", "a token for a secret has its name and nothing else", "write `{secret:NAME}`"),
        ("{host_port}", "`{host_port}` names no port", "write `{host_port:NAME}`"),
    ]);
}

#[test]
fn a_port_is_1_to_65535() {
    for number in [0, 65_536, u64::MAX] {
        let error = Port::new(number).unwrap_err();
        assert_eq!(error.to_string(), format!("`{number}` is not a port (a port is 1 to 65535)"));
    }
    assert_eq!([1, 65_535].map(|number| Port::new(number).unwrap().get()), [1, 65_535]);
}

/// The value of a quantity in nano units, by digits alone: the fraction's digits are divided by
/// their power of ten at the end.
fn nanos(whole: u64, fraction: &str, suffix: &str) -> u128 {
    let (base, exponent): (u128, u32) = match suffix {
        "n" => (1, 0),
        "u" => (1_000, 0),
        "m" => (1_000_000, 0),
        suffix => match suffix.strip_suffix('i') {
            Some(suffix) => (1 << (10 * ("KMGT".find(suffix).unwrap() + 1)), 9),
            None => (1, 9 + 3 * u32::try_from(" kMGT".find(suffix).unwrap_or(0)).unwrap()),
        },
    };
    let unit = base * 10_u128.pow(exponent);
    let digits: u128 = format!("{whole}{fraction}").parse().unwrap();
    (digits * unit).div_ceil(10_u128.pow(u32::try_from(fraction.len()).unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_quantity_is_what_its_digits_say(
        whole in 0..1_000_000_u64, fraction in "[0-9]{0,11}", suffix in "([numkMGT]|[KMGT]i)?",
    ) {
        let text = format!("{whole}.{fraction}{suffix}");
        prop_assert_eq!(Quantity::parse(&text).unwrap().nanos(), nanos(whole, &fraction, &suffix), "{}", text);
    }

    #[test]
    fn a_duration_is_the_sum_of_its_parts(h in 0..1000_u64, m in 0..1000_u64, s in 0..1000_u64, ms in 0..10_000_u64) {
        let duration = Duration::parse(&format!("{h}h{m}m{s}s{ms}ms")).unwrap();
        prop_assert_eq!(duration.as_millis(), ((h * 60 + m) * 60 + s) * 1000 + ms);
    }

    #[test]
    fn no_text_is_too_strange_to_be_read(
        text in prop_oneof![
            crate::arbitrary::hostile(),
            "[ -~]{0,20}",
            "[0-9.]{0,40}[a-zA-Z]{0,3}",
            "[{}a-z.:_]{0,12}",
            "[*/,@0-9a-f:-]{0,16}( [*/,0-9-]{1,4}){0,5}",
        ],
    ) {
        reads::<Id>(&text);
        reads::<SecretName>(&text);
        reads::<PortName>(&text);
        reads::<EnvName>(&text);
        reads::<Capability>(&text);
        reads::<VolumeName>(&text);
        reads::<Scheme>(&text);
        reads::<LabelKey>(&text);
        reads::<LinuxCapability>(&text);
        reads::<UlimitName>(&text);
        reads::<SecretKey>(&text);
        reads::<ImageRef>(&text);
        reads::<Duration>(&text);
        reads::<Quantity>(&text);
        reads::<CronSchedule>(&text);
        reads::<Hostname>(&text);
        reads::<IngressHost>(&text);
        reads::<Cidr>(&text);
        reads::<AbsolutePath>(&text);
        reads::<SourcePath>(&text);
        reads::<UrlPath>(&text);
        reads::<UserIds>(&text);
        reads::<Kind>(&text);
        reads::<Template>(&text);
        reads::<Protocol>(&text);
    }
}

/// Reads a text: what is good reads the same again, what is not is said in one line with advice.
fn reads<T: FromText + ToString + PartialEq + Debug>(text: &str) {
    match T::from_text(text) {
        Ok(value) => assert_eq!(T::from_text(&value.to_string()), Ok(value)),
        Err(error) => {
            assert!(!error.problem.is_empty() && error.help.is_some(), "{text:?}: {error:?}");
            assert!(!error.problem.chars().any(char::is_control), "{text:?}: {error:?}");
        }
    }
}

#[test]
fn a_template_keeps_all_but_the_ids() {
    let new = |id: &Id| (id.as_str() == "old").then(|| Id::parse("new").unwrap());
    for (text, renamed) in [
        ("{old.host}:{old.port:sql}/{{old.host}}", "{new.host}:{new.port:sql}/{{old.host}}"),
        (
            "{older.host} {host} {url:old} {env:old.x} {secret:old}",
            "{older.host} {host} {url:old} {env:old.x} {secret:old}",
        ),
        ("}}{{ old {app}{system}{profile}", "}}{{ old {app}{system}{profile}"),
    ] {
        assert_eq!(Template::parse(text).unwrap().with_ids(&new).to_string(), renamed);
    }
}
