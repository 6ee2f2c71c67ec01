//! How much a workload may use.

use super::keys::{RESOURCES_KEYS, SCALE_KEYS};
use super::{Args, Entry, Form, Mark, Reader};
use crate::Quantity;
use crate::model::{Resources, Scale, Ulimit, Workload};

impl Reader<'_> {
    pub(super) fn ulimit(&mut self, entry: &Entry, workload: &mut Workload) {
        let limits = self.map(entry, |reader, node| {
            let numbers: Vec<u64> = match &node.form {
                Form::List(nodes) => {
                    nodes.iter().map(|node| reader.node_number(node, "a number")).collect::<Option<_>>()?
                }
                _ => vec![reader.node_number(node, "a number or `[soft, hard]`")?],
            };
            let (Some(&soft), Some(&hard), 1..=2) = (numbers.first(), numbers.last(), numbers.len()) else {
                reader.report(node.span, "a limit has one or two numbers", "write `1024` or `[1024, 2048]`");
                return None;
            };
            if soft > hard {
                reader.report(
                    node.span,
                    format!("the soft limit {soft} is above the hard limit {hard}"),
                    "write `[soft, hard]`",
                );
                return None;
            }
            if i64::try_from(hard).is_err() {
                reader.report(node.span, format!("`{hard}` is too large for a limit"), "at most 2^63 - 1");
                return None;
            }
            Some(Ulimit { soft, hard })
        });
        workload.ulimits.extend(limits);
    }

    pub(super) fn resources(&mut self, args: &Args) -> Resources {
        self.no_positional(args, "`resources(…)`");
        self.duplicates(&args.entries, &[]);
        let mut resources = Resources::default();
        for entry in &args.entries {
            match entry.key.as_str() {
                "cpu" => resources.cpu = self.amount(entry),
                "memory" => resources.memory = self.amount(entry),
                "cpu_limit" => resources.cpu_limit = self.amount(entry),
                "memory_limit" => resources.memory_limit = self.amount(entry),
                "gpu" => resources.gpu = self.number(entry, 1, 64),
                _ => {
                    self.unknown(entry, "`resources(…)`", RESOURCES_KEYS);
                }
            }
        }
        let pairs =
            [("cpu", &resources.cpu, &resources.cpu_limit), ("memory", &resources.memory, &resources.memory_limit)];
        for (name, request, limit) in pairs {
            if let (Some(request), Some(limit)) = (request, limit)
                && request.nanos() > limit.nanos()
            {
                self.report(
                    args.span,
                    format!("`{name} = \"{request}\"` is above `{name}_limit = \"{limit}\"`"),
                    "a request is at most its limit",
                );
            }
        }
        resources
    }

    fn amount(&mut self, entry: &Entry) -> Option<Quantity> {
        let quantity: Quantity = self.parsed(entry)?;
        if quantity.nanos() == 0 {
            self.report(entry.span, format!("`{}` cannot be zero", entry.key), "leave it out for no request or limit");
            return None;
        }
        Some(quantity)
    }

    pub(super) fn scale(&mut self, args: &Args) -> Option<Scale> {
        self.no_positional(args, "`scale(…)`");
        self.duplicates(&args.entries, &[]);
        let (mut min, mut max, mut cpu) = (Some(1), None, None);
        for entry in &args.entries {
            match entry.key.as_str() {
                "min" => min = self.number(entry, 1, 1_000),
                "max" => max = Some(self.number(entry, 1, 1_000)),
                "cpu" => cpu = self.number(entry, 1, 100),
                _ => self.unknown(entry, "`scale(…)`", SCALE_KEYS),
            }
        }
        self.require(args, "max", SCALE_KEYS, "`scale(…)` has no `max`", "write `max = 10`");
        let scale = Scale { min: min?, max: max??, cpu };
        if scale.min > scale.max {
            self.report(
                span(args, "min"),
                format!("`min = {}` is above `max = {}`", scale.min, scale.max),
                "swap them",
            );
            return None;
        }
        Some(scale)
    }
}

/// Where a key is.
fn span(args: &Args, key: &str) -> Mark {
    args.entries.iter().find(|entry| entry.key == key).map_or(args.span, |entry| entry.span)
}
