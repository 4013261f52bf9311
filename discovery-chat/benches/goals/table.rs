//! The table: a goal, a hard limit, and what was measured.

use std::ops::RangeInclusive;

/// Prints the head.
pub(crate) fn head() {
    println!("| measure | goal | hard limit | measured | |");
    println!("|---|---|---|---|---|");
}

/// What a row promises. The goal is held against the median, the limit against the worst.
pub(crate) struct Promise {
    goal: RangeInclusive<f64>,
    limit: Option<f64>,
    unit: &'static str,
}

/// Less is better.
pub(crate) fn at_most(goal: f64, limit: Option<f64>, unit: &'static str) -> Promise {
    Promise { goal: 0.0..=goal, limit, unit }
}

/// More is better.
pub(crate) fn at_least(goal: f64, limit: f64, unit: &'static str) -> Promise {
    Promise { goal: goal..=f64::INFINITY, limit: Some(limit), unit }
}

/// Neither too little nor too much.
pub(crate) fn within(goal: RangeInclusive<f64>, unit: &'static str) -> Promise {
    Promise { goal, limit: None, unit }
}

/// Prints a row, as soon as it is known. No values: that cannot be measured on this system.
pub(crate) fn row(measure: &str, Promise { goal, limit, unit }: Promise, values: &[f64]) {
    let more_is_better = goal.end().is_infinite();
    let bound = |value| match value {
        0.0 => "0".to_owned(),
        _ if more_is_better => format!("≥ {}", with(value, unit)),
        _ => format!("≤ {}", with(value, unit)),
    };
    let goal_text = match (*goal.start(), *goal.end()) {
        (low, high) if more_is_better || low == 0.0 => {
            bound(if more_is_better { low } else { high })
        }
        (low, high) => format!("{low} to {}", with(high, unit)),
    };
    print!("| {measure} | {goal_text} | {} | ", limit.map(bound).unwrap_or_default());
    if values.is_empty() {
        return println!("not here | |");
    }
    let worst = percentile(values, if more_is_better { 0 } else { 100 });
    let keeps_limit =
        limit.is_none_or(|limit| if more_is_better { worst >= limit } else { worst <= limit });
    let verdict = match (keeps_limit, goal.contains(&median(values))) {
        (true, true) => "ok",
        (true, false) => "over the goal",
        (false, _) => "**over the limit**",
    };
    let measured = match values {
        [only] => with(*only, unit),
        _ => format!("{}, worst {}", with(median(values), unit), with(worst, unit)),
    };
    println!("{measured} | {verdict} |");
}

fn with(value: f64, unit: &str) -> String {
    let digits = match value {
        whole if whole.fract() == 0.0 => 0,
        1000.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The value that so many percent of all lie below.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) * percent / 100]
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn number(things: usize) -> f64 {
    things as f64
}
