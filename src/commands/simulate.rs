//! `loaxa simulate`: the whole station on a virtual clock.

use super::print_line;
use crate::cli::SimulateArguments;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::planning;
use crate::store::Store;
use jiff::{SignedDuration, Timestamp};
use loaxa_schedules::simulation::{FaultKind, Faults, Simulation, Violation, standard_station};
use loaxa_schedules::{Outcome, Snapshot};
use serde_json::json;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many rows ended how.
type Outcomes = BTreeMap<(Outcome, Option<String>), u64>;

/// What the seeds brought.
#[derive(Default)]
struct Report {
    outcomes: Outcomes,
    /// By seed.
    violations: BTreeMap<u64, Vec<Violation>>,
}

/// `loaxa simulate`: 0 when nothing happened that must never happen, else 1.
pub fn simulate(arguments: &SimulateArguments) -> Result<ExitCode> {
    let faults = faults(&arguments.faults)?;
    let config = arguments.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
    let site = config.site();
    let (first, snapshot) = match &arguments.data {
        Some(data) if !data.is_dir() => {
            return Err(Error::unacceptable(
                "no_station",
                format!(
                    "{}: there is no station; name the data folder of one, or leave --data out",
                    data.display()
                ),
            ));
        }
        Some(data) => {
            let now = SystemClock::new(config.clock.trust).now().wall;
            let today = planning::day_of(now, &site.timezone);
            let snapshot = planning::snapshot(&Store::open(data, now)?, &site, now)?;
            (arguments.from.unwrap_or(today), snapshot)
        }
        None => {
            let first = arguments.from.unwrap_or(jiff::civil::date(2026, 1, 1));
            (first, standard_station(site.timezone.clone(), first))
        }
    };
    let began = first.to_zoned(site.timezone).map_err(|_| {
        Error::new(
            ErrorKind::Malformed,
            "bad_parameter",
            "--from lies outside the calendar; name another day",
        )
    })?;
    let began = began.timestamp();
    let arguments = &SimulateArguments { from: Some(first), ..arguments.clone() };
    let report = run(&snapshot, began, arguments, &faults);
    if arguments.json {
        print_json(arguments, &faults, &report)?
    } else {
        print(arguments, &faults, &report)?
    }
    Ok(if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The kinds of trouble by their names.
fn faults(names: &[String]) -> Result<Vec<FaultKind>> {
    if names.is_empty() {
        return Ok(FaultKind::ALL.to_vec());
    }
    let named = names.iter().filter(|name| name.as_str() != "none");
    named
        .map(|name| {
            name.parse::<FaultKind>().map_err(|why| Error::new(ErrorKind::Malformed, "bad_fault", why))
        })
        .collect()
}

/// Every seed, on every core. Each begins with an empty log.
fn run(snapshot: &Snapshot, began: Timestamp, arguments: &SimulateArguments, kinds: &[FaultKind]) -> Report {
    let mut snapshot = snapshot.clone();
    snapshot.history.clear();
    snapshot.busy = None;
    let length = SignedDuration::from_hours(24 * arguments.days);
    let next = AtomicU64::new(0);
    let work = || {
        let mut report = Report::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= arguments.seeds {
                break report;
            }
            let seed = arguments.seed.saturating_add(number);
            let mut simulation = Simulation::new(snapshot.clone(), began, seed, Faults::weekly(kinds));
            simulation.run_for(length);
            report.add(seed, &simulation);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            // A worker that panicked has said so on standard error; its seeds are missing, which is an answer of no.
            all.merge(other.join().unwrap_or_else(|_| Report::panicked(began)));
        }
        all
    })
}

impl Report {
    fn panicked(began: Timestamp) -> Report {
        let what = "the simulation itself failed; its message is above".to_owned();
        Report { violations: [(u64::MAX, vec![Violation { at: began, what }])].into(), ..Report::default() }
    }

    fn add(&mut self, seed: u64, simulation: &Simulation) {
        for (how, count) in simulation.outcomes() {
            *self.outcomes.entry(how.clone()).or_default() += count;
        }
        if !simulation.violations().is_empty() {
            self.violations.insert(seed, simulation.violations().to_vec());
        }
    }

    fn merge(&mut self, other: Report) {
        for (how, count) in other.outcomes {
            *self.outcomes.entry(how).or_default() += count;
        }
        self.violations.extend(other.violations);
    }
}

/// The command that runs one seed again.
fn replay(arguments: &SimulateArguments, kinds: &[FaultKind], seed: u64) -> String {
    let mut command = format!("loaxa simulate --days {} --seed {seed}", arguments.days);
    if let Some(from) = arguments.from {
        command.push_str(&format!(" --from {from}"));
    }
    if kinds.is_empty() {
        command.push_str(" --fault none");
    } else if kinds != FaultKind::ALL {
        for kind in kinds {
            command.push_str(&format!(" --fault {kind}"));
        }
    }
    for (flag, path) in [("--config", &arguments.config), ("--data", &arguments.data)] {
        if let Some(path) = path {
            command.push_str(&format!(" {flag} {}", path.display()));
        }
    }
    command
}

fn print(arguments: &SimulateArguments, kinds: &[FaultKind], report: &Report) -> Result<()> {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    let trouble = if names.is_empty() { "nothing goes wrong".to_owned() } else { names.join(", ") };
    let last = arguments.seed.saturating_add(arguments.seeds - 1);
    print_line(&format!("{} days, seeds {} to {last}: {trouble}", arguments.days, arguments.seed))?;
    for ((outcome, code), count) in &report.outcomes {
        print_line(&format!("  {count:>9}  {outcome:<10}  {}", code.as_deref().unwrap_or("")))?;
    }
    if report.violations.is_empty() {
        return print_line("0 violations");
    }
    for (seed, violations) in &report.violations {
        print_line(&format!("seed {seed}: {}", replay(arguments, kinds, *seed)))?;
        for violation in violations {
            print_line(&format!("  {violation}"))?;
        }
    }
    let count: usize = report.violations.values().map(Vec::len).sum();
    print_line(&format!("{count} violations in {} seeds", report.violations.len()))
}

fn print_json(arguments: &SimulateArguments, kinds: &[FaultKind], report: &Report) -> Result<()> {
    let outcomes = report.outcomes.iter().map(
        |((outcome, code), count)| json!({ "outcome": outcome.as_str(), "reason": code, "count": count }),
    );
    let violations = report.violations.iter().flat_map(|(seed, violations)| {
        violations.iter().map(move |violation| {
            json!({
                "seed": seed,
                "at": violation.at.to_string(),
                "what": violation.what,
                "replay": replay(arguments, kinds, *seed),
            })
        })
    });
    let answer = json!({
        "days": arguments.days,
        "seed": arguments.seed,
        "seeds": arguments.seeds,
        "faults": kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
        "outcomes": outcomes.collect::<Vec<_>>(),
        "violations": violations.collect::<Vec<_>>(),
    });
    print_line(&answer.to_string())
}
