//! When something recurs.

use crate::Invalid;

text_type! {
    /// A cron expression of five fields (`0 3 * * *`), or one of the macros Kubernetes knows
    /// (`@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`).
    ///
    /// Source: the Kubernetes documentation of `CronJob`, "Schedule syntax".
    pub struct CronSchedule : "a cron schedule"
        => r"^(@[a-z]+|[^ ]+( [^ ]+){4})$"
}

const MACROS: [&str; 7] = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];
const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

struct Field {
    name: &'static str,
    min: u8,
    max: u8,
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", min: 0, max: 59, words: &[] },
    Field { name: "hour", min: 0, max: 23, words: &[] },
    Field { name: "day of the month", min: 1, max: 31, words: &[] },
    Field { name: "month", min: 1, max: 12, words: MONTHS },
    Field { name: "day of the week", min: 0, max: 6, words: DAYS },
];

impl CronSchedule {
    fn check(text: &str) -> Result<(), Invalid> {
        let invalid =
            |why: String| Invalid::new(format!("{} is not a cron schedule: {why}", crate::invalid::quoted(text)));
        if text.starts_with('@') {
            return if MACROS.contains(&text) {
                Ok(())
            } else {
                Err(invalid("unknown macro".into()).help(crate::did_you_mean(text, &MACROS)))
            };
        }
        let fields: Vec<&str> = text.split(' ').collect();
        if fields.len() != FIELDS.len() {
            return Err(invalid(format!("it has {} instead of 5 fields", fields.len()))
                .help("five fields with one space between them: minute, hour, day of the month, month, day of the week, such as `0 3 * * *`"));
        }
        for (field, text) in FIELDS.iter().zip(fields) {
            if !text.split(',').all(|item| field.accepts(item)) {
                return Err(invalid(format!("`{text}` is not a {}", field.name))
                    .help(format!("`*`, or numbers {} to {} with `,`, `-` and `/`", field.min, field.max)));
            }
        }
        Ok(())
    }
}

prints_as_text!(CronSchedule);

impl Field {
    fn accepts(&self, item: &str) -> bool {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        if step.is_some_and(|step| !matches!(digits(step), Some(n) if n > 0 && n <= self.max)) {
            return false;
        }
        if range == "*" {
            return true;
        }
        match range.split_once('-') {
            Some((low, high)) => matches!((self.number(low), self.number(high)), (Some(l), Some(h)) if l <= h),
            None => self.number(range).is_some(),
        }
    }

    fn number(&self, text: &str) -> Option<u8> {
        let word = self.words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let number = match word {
            Some(index) => u8::try_from(index).ok()? + self.min,
            None => digits(text)?,
        };
        (self.min..=self.max).contains(&number).then_some(number)
    }
}

fn digits(text: &str) -> Option<u8> {
    text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse().ok())?
}
