use super::keys::HEALTH_KEYS;
use super::{Args, Assigned, Entry, Form, Node, Reader};
use crate::UrlPath;
use crate::model::{Check, Health, HttpCheck};

const CHECKS: [&str; 5] = ["http", "tcp", "command", "shell", "none"];

impl Reader<'_> {
    /// `health(http = "/healthz", port = "http", interval = "10s")`
    pub(super) fn health(&mut self, args: &Args) -> Option<Health> {
        let place = "`health(…)`";
        self.no_positional(args, place);
        self.duplicates(&args.entries, &[]);
        for entry in args.entries.iter().filter(|entry| !HEALTH_KEYS.contains(&entry.key.as_str())) {
            self.unknown(entry, place, HEALTH_KEYS);
        }
        let mut check = None;
        for entry in &args.entries {
            if !CHECKS.contains(&entry.key.as_str()) {
                continue;
            }
            if check.is_some() {
                self.report(
                    entry.span,
                    "a second check in `health(…)`",
                    format!("keep one of `{}`", CHECKS.join("`, `")),
                );
                continue;
            }
            check = Some((entry, self.check(entry)));
        }
        // Most likely a misspelt check, and reported as that.
        let is_misspelt =
            !args.positional.is_empty() || args.entries.iter().any(|entry| !HEALTH_KEYS.contains(&entry.key.as_str()));
        if check.is_none() && !is_misspelt {
            self.report(
                args.span,
                "`health(…)` has no check",
                "write `http = \"/…\"`, `tcp = PORT`, `command = […]`, `shell = \"…\"` or `none`",
            );
        }
        // Whether or not there is a good check, so that all problems are found.
        let of = check.as_ref().map_or("http", |(of, _)| of.key.as_str());
        let check = check.and_then(|(_, check)| check);
        let good = check.is_some();
        let mut health = Health::new(check.unwrap_or(Check::None));
        for entry in &args.entries {
            match entry.key.as_str() {
                "port" => {
                    let port = self.node(entry, "a port").and_then(|node| self.port_ref(node));
                    match &mut health.check {
                        Check::Http(http) => http.port = port,
                        _ if of == "http" => {}
                        _ => self.report(
                            entry.span,
                            format!("`port` does not go with `{of}`"),
                            "`tcp` takes the port itself; leave `port` out",
                        ),
                    }
                }
                "live" if of == "http" => health.live = self.parsed::<UrlPath>(entry),
                "live" => {
                    self.report(entry.span, format!("`live` does not go with `{of}`"), "it is a path for `http`");
                }
                "interval" => health.interval = self.positive(entry),
                "timeout" => health.timeout = self.positive(entry),
                "retries" => health.retries = self.number(entry, 1, 1_000),
                "start_period" => health.start_period = self.parsed(entry),
                // A check, or reported above.
                _ => {}
            }
        }
        good.then_some(health)
    }

    fn positive(&mut self, entry: &Entry) -> Option<crate::Duration> {
        let duration: crate::Duration = self.parsed(entry)?;
        if duration.as_millis() == 0 {
            self.report(entry.span, format!("`{}` cannot be zero", entry.key), "write `1s` or more");
            return None;
        }
        Some(duration)
    }

    fn check(&mut self, entry: &Entry) -> Option<Check> {
        match entry.key.as_str() {
            "http" => Some(Check::Http(HttpCheck { path: self.parsed(entry)?, port: None })),
            "tcp" => self.node(entry, "a port").and_then(|node| self.port_ref(node)).map(Check::Tcp),
            "command" => {
                let command = self.list(entry, |reader, node| reader.text(node, "an argument").map(str::to_owned))?;
                if command.is_empty() {
                    self.report(entry.span, "`command` is empty", "write the program and its arguments");
                    return None;
                }
                Some(Check::Command(command))
            }
            "shell" => self.string(entry).map(Check::Shell),
            _ if matches!(entry.value, Assigned::Flag | Assigned::Value(Node { form: Form::Bool(true), .. })) => {
                Some(Check::None)
            }
            _ => {
                self.report(entry.span, "`none` takes no value", "write `health(none)`");
                None
            }
        }
    }
}
