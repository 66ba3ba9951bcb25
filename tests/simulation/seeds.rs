//! Worlds of many seeds.
//!
//! `cargo test --test simulation many_seeds` runs a fixed few hundred. More of them, with
//! progress: `SEEDS=10000 cargo test --release --test simulation -- --nocapture many_seeds`. One
//! of them, told aloud: `SEED=17 cargo test --test simulation -- --nocapture one_seed`.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use crate::world::{Summary, Violation, Voice, run};

/// Worlds of an everyday run.
const SEEDS: u64 = 300;
/// Worlds that run side by side.
const THREADS: usize = 2;

/// A number from the environment, if it is set.
#[expect(clippy::disallowed_methods, reason = "how many worlds, and which, is for whoever starts the test to say")]
fn asked_for(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().unwrap_or_else(|_| panic!("{name} must be a number; got {number:?}")))
}

/// Runs the world of a seed; if a promise is broken, says how to run it again.
fn live(seed: u64) -> Result<Summary, String> {
    let command = format!("SEED={seed} cargo test --test simulation -- --nocapture one_seed");
    let violation = |Violation { wrong, place }| format!("seed {seed} breaks a promise: {wrong:?} at {place}\nreplay it: {command}");
    match std::panic::catch_unwind(|| run(seed, None, Voice::Silent)) {
        Ok(lived) => lived.map_err(violation),
        Err(_) => Err(format!("seed {seed} panics\nreplay it: {command}")),
    }
}

#[test]
fn many_seeds_break_no_promise() {
    let seeds = asked_for("SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let work = || {
        let mut sum = Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return Ok(sum);
            }
            add(&mut sum, live(seed)?);
            if (seed + 1).is_multiple_of((seeds / 20).max(1)) {
                println!("{} of {seeds} worlds", seed + 1);
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
    println!("{seeds} worlds: {total:?}");
    assert!(total.killed > 0 && total.failed > 0 && total.unheard > 0 && total.faults > 0, "the worlds are too kind: {total:?}");
}

#[test]
fn one_seed_told_aloud() {
    let seed = asked_for("SEED").unwrap_or_default();
    let summary = run(seed, None, Voice::Aloud).unwrap_or_else(|violation| panic!("seed {seed}: {violation:?}"));
    println!("seed {seed}: {summary:?}");
}

#[test]
fn a_seed_always_tells_the_same_story() {
    for seed in 0..5 {
        assert_eq!(run(seed, None, Voice::Silent), run(seed, None, Voice::Silent), "seed {seed}");
    }
    assert_ne!(run(0, None, Voice::Silent), run(1, None, Voice::Silent));
}

fn add(sum: &mut Summary, world: Summary) {
    sum.requests += world.requests;
    sum.stored += world.stored;
    sum.failed += world.failed;
    sum.killed += world.killed;
    sum.unheard += world.unheard;
    sum.puts += world.puts;
    sum.faults += world.faults;
    sum.objects += world.objects;
    sum.rows += world.rows;
}
