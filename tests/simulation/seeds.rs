//! Worlds of many seeds.
//!
//! `cargo test --test simulation many_seeds` runs a fixed few hundred. More of them, with
//! progress: `SEEDS=10000 cargo test --release --test simulation -- --nocapture many_seeds`. One
//! of them, told aloud: `SEED=17 MODE=Buffered cargo test --test simulation -- --nocapture one_seed`.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use crate::world::{Mode, Summary, Violation, Voice, run};

/// Worlds of an everyday run, in each mode.
const SEEDS: u64 = 150;
/// Worlds that run side by side.
const THREADS: usize = 2;

/// A variable of the environment, if it is set.
#[expect(clippy::disallowed_methods, reason = "how many worlds, and which, is for whoever starts the test to say")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A number from the environment, if it is set.
fn asked_for(name: &str) -> Option<u64> {
    variable(name).map(|number| number.parse().unwrap_or_else(|_| panic!("{name} must be a number; got {number:?}")))
}

/// The mode that the environment names, or the first.
fn mode_asked_for() -> Mode {
    let named = |name: String| Mode::ALL.into_iter().find(|mode| format!("{mode:?}") == name).unwrap_or_else(|| panic!("no MODE {name:?}"));
    variable("MODE").map_or(Mode::Direct, named)
}

/// Runs the world of a seed; if a promise is broken, says how to run it again.
fn live(seed: u64, mode: Mode) -> Result<Summary, String> {
    let command = format!("SEED={seed} MODE={mode:?} cargo test --test simulation -- --nocapture one_seed");
    let violation = |Violation { wrong, place }| format!("seed {seed} breaks a promise: {wrong:?} at {place}\nreplay it: {command}");
    match std::panic::catch_unwind(|| run(seed, mode, None, Voice::Silent)) {
        Ok(lived) => lived.map_err(violation),
        Err(_) => Err(format!("seed {seed} panics\nreplay it: {command}")),
    }
}

#[test]
fn many_seeds_break_no_promise_in_any_mode() {
    let seeds = asked_for("SEEDS").unwrap_or(SEEDS);
    for mode in Mode::ALL {
        let total = live_all(seeds, mode);
        println!("{seeds} worlds, {mode:?}: {total:?}");
        assert!(mode != Mode::Grouped || total.shared > total.stored / 50, "few share an object: {total:?}");
        assert!(total.killed > 0 && total.failed > 0 && total.unheard > 0 && total.faults > 0, "the worlds are too kind: {total:?}");
    }
}

/// Runs the worlds of the first seeds, and adds up what happened.
fn live_all(seeds: u64, mode: Mode) -> Summary {
    let next = AtomicU64::new(0);
    let work = || {
        let mut sum = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return Ok(sum);
            }
            add(&mut sum, live(seed, mode)?);
            if (seed + 1).is_multiple_of((seeds / 20).max(1)) {
                println!("{} of {seeds} worlds, {mode:?}", seed + 1);
            }
        }
    };
    let sums: Vec<Result<Summary, String>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that does not panic")).collect()
    });
    let mut total = Summary::default();
    for sum in sums {
        add(&mut total, sum.unwrap_or_else(|failure| panic!("{failure}")));
    }
    total
}

#[test]
fn one_seed_told_aloud() {
    let seed = asked_for("SEED").unwrap_or_default();
    let summary = run(seed, mode_asked_for(), None, Voice::Aloud).unwrap_or_else(|violation| panic!("seed {seed}: {violation:?}"));
    println!("seed {seed}: {summary:?}");
}

#[test]
fn a_seed_always_tells_the_same_story() {
    for mode in Mode::ALL {
        let tell = |seed| run(seed, mode, None, Voice::Silent);
        assert!((0..5).all(|seed| tell(seed) == tell(seed)), "{mode:?}");
        assert_ne!(tell(0), tell(1), "{mode:?}");
    }
}

fn add(sum: &mut Summary, world: Summary) {
    sum.requests += world.requests;
    sum.stored += world.stored;
    sum.shared += world.shared;
    sum.failed += world.failed;
    sum.killed += world.killed;
    sum.unheard += world.unheard;
    sum.puts += world.puts;
    sum.faults += world.faults;
    sum.objects += world.objects;
    sum.rows += world.rows;
}
