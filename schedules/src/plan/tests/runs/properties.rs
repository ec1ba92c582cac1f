//! What holds of every plan on the way, and of every run.

use super::forward::Run;
use super::stations::any_full_station;
use super::*;
use std::collections::BTreeSet;

/// Asks of what lies ahead what must hold of it, given what has happened.
pub(super) fn judge(run: &mut Run, ahead: &[Entry]) {
    let mut wrong = Vec::new();
    let free = run.snapshot.busy.map_or(run.now(), |busy| busy.until);
    let mut sounds_until = free;
    let mut keys = BTreeSet::new();
    for entry in ahead {
        if !keys.insert(entry.key()) {
            wrong.push(format!("{} is planned twice", entry.key()));
        }
        if run.closed(entry.key()) {
            wrong.push(format!("{} has its outcome, and is planned at {}", entry.key(), entry.start()));
        }
        let Entry::Slot(slot) = entry else { continue };
        if slot.start < sounds_until {
            wrong.push(format!("{} starts before the air is free", slot.key));
        }
        sounds_until = slot.end();
        if let Some(last) = run.last.get(slot.key.attempt().0) {
            wrong.extend(again(run, slot, last).map(|what| format!("{}: {what} after {last:?}", slot.key)));
        }
    }
    wrong.extend(super::heard::too_much_ahead(run, ahead));
    let now = run.now();
    run.wrong.extend(wrong.into_iter().map(|what| format!("at {now}: {what}")));
}

/// What is wrong with a further attempt at something whose last attempt has its outcome.
fn again(run: &Run, slot: &Slot, last: &PastAiring) -> Option<String> {
    if last.outcome == Outcome::Aired {
        return Some("it airs again".into());
    }
    // The next whole ten seconds, ten seconds from now.
    let now = run.now().as_second() + i64::from(run.now().subsec_nanosecond() > 0);
    let soonest = (now + 10 + 9).div_euclid(10) * 10;
    // What was cut as planned goes on as planned, as soon as the air is free.
    let planned = last.reason.as_deref() == Some("yielded");
    if !planned && slot.start.as_second() < soonest {
        return Some(format!("{} is too soon", slot.start));
    }
    let programme = slot.origin.programme()?;
    let programme = run.snapshot.programmes.iter().find(|other| other.id == programme)?;
    let attempt = slot.key.attempt().1;
    let first = &run.firsts[slot.key.attempt().0];
    let since = |row: &PastAiring| slot.start.duration_since(row.planned_start);
    // A second chance may be cut itself, as planned: what then comes is told by the plan, not by the log.
    if attempt > last.key.attempt().1 + 1 {
        return None;
    }
    if last.outcome == Outcome::Preempted {
        let then = match programme.class {
            Class::Priority => run.snapshot.after_preemption.priority,
            _ => run.snapshot.after_preemption.normal,
        };
        let offset = match then {
            Resumption::Drop => return Some("it was to be dropped".into()),
            Resumption::Restart => SignedDuration::ZERO,
            Resumption::Continue => last.offset + last.played,
        };
        return (slot.offset != offset).then(|| format!("it goes on at {:?}", slot.offset));
    }
    let by_will = matches!(last.reason.as_deref(), Some("local_stop" | "plan_changed"));
    if by_will || last.outcome == Outcome::Suppressed {
        return Some("it was meant".into());
    }
    if attempt > 3 || !slot.offset.is_zero() {
        return Some(format!("attempt {attempt} at {:?}", slot.offset));
    }
    let kept = match programme.missed {
        MissedRule::Skip => false,
        MissedRule::Within { minutes } => since(first) <= SignedDuration::from_mins(i64::from(minutes)),
        MissedRule::NextSession => since(last) > SignedDuration::ZERO,
        MissedRule::MakeGood => since(first) <= SignedDuration::from_hours(7 * 24),
    };
    (!kept).then(|| format!("{:?} does not place it at {}", programme.missed, slot.start))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_run_keeps_every_promise(snapshot in any_full_station(), seed in any::<u64>()) {
        let mut run = Run::new(snapshot, seed);
        for step in 0..40 {
            run.step();
            if step % 8 == 0 {
                let wrong = super::campaigns::complaints(&run);
                run.wrong.extend(wrong);
            }
        }
        let mut wrong = std::mem::take(&mut run.wrong);
        wrong.extend(super::heard::complaints(&run));
        prop_assert!(wrong.is_empty(), "{:#?}", wrong);
    }
}
