//! What is said about an application's health.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

/// The media type of a report: `draft-inadarei-api-health-check-06`.
pub const CONTENT_TYPE: &str = "application/health+json";

/// How well something is, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All is there.
    Healthy,
    /// Something is away that it can do without.
    Degraded,
    /// Something is away that it cannot do without.
    Unhealthy,
}

impl Status {
    /// As the draft calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "pass",
            Self::Degraded => "warn",
            Self::Unhealthy => "fail",
        }
    }

    /// The HTTP status to answer with: 200, or 503 where it is unhealthy.
    pub fn http(self) -> u16 {
        if self == Self::Unhealthy { 503 } else { 200 }
    }
}

/// What one contributor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) status: Status,
    pub(super) reason: Option<String>,
    pub(super) took: Duration,
    pub(super) time: SystemTime,
}

impl Contribution {
    /// Who says it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How well it is.
    pub fn status(&self) -> Status {
        self.status
    }

    /// How long the check took.
    pub fn took(&self) -> Duration {
        self.took
    }

    /// Why it is not healthy.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

/// What a view of an application's health says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    service: String,
    is_ending: bool,
    contributions: Vec<Contribution>,
}

impl Report {
    pub(super) fn new(service: &str, contributions: Vec<Contribution>) -> Self {
        Self { service: service.to_owned(), is_ending: false, contributions }
    }

    pub(super) fn ending(service: &str) -> Self {
        Self { is_ending: true, ..Self::new(service, Vec::new()) }
    }

    /// How well the application is: as its worst contributor.
    pub fn status(&self) -> Status {
        let worst = self.contributions.iter().map(|contribution| contribution.status).max();
        if self.is_ending { Status::Unhealthy } else { worst.unwrap_or(Status::Healthy) }
    }

    /// What each contributor says.
    pub fn contributions(&self) -> &[Contribution] {
        &self.contributions
    }

    /// Who is not healthy, and why.
    pub fn reasons(&self) -> impl Iterator<Item = (&str, &str)> {
        self.contributions.iter().filter_map(|entry| Some((entry.name.as_str(), entry.reason.as_deref()?)))
    }

    /// The report in the format of `draft-inadarei-api-health-check-06`.
    pub fn to_json(&self) -> String {
        let mut report = Map::new();
        report.insert("status".to_owned(), self.status().as_str().into());
        if !self.service.is_empty() {
            report.insert("serviceId".to_owned(), self.service.as_str().into());
        }
        if self.is_ending {
            report.insert("output".to_owned(), "it is about to end".into());
        }
        let checks: Map<String, Value> = self
            .contributions
            .iter()
            .map(|entry| (format!("{}:responseTime", entry.name), json!([check(entry)])))
            .collect();
        if !checks.is_empty() {
            report.insert("checks".to_owned(), checks.into());
        }
        Value::from(report).to_string()
    }
}

fn check(entry: &Contribution) -> Value {
    let mut check = json!({
        "componentId": entry.name,
        "componentType": entry.kind,
        "status": entry.status.as_str(),
        "observedValue": u64::try_from(entry.took.as_millis()).unwrap_or(u64::MAX),
        "observedUnit": "ms",
        "time": iso_8601(entry.time),
    });
    if let (Some(reason), Some(check)) = (&entry.reason, check.as_object_mut()) {
        check.insert("output".to_owned(), reason.as_str().into());
    }
    check
}

/// A point in time as `2026-01-31T23:59:59Z`.
fn iso_8601(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days since the first of March of the year 0, so that the leap day is the last of a year; 146 097
    // days are 400 years.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_time() {
        // As `date -u -d @SECONDS +%FT%TZ` has it.
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(iso_8601(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
