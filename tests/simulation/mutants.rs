//! The checks of the simulated world can fail: each fault that is put into it is found, and by the right one.

use crate::world::{Mode, Voice, Wrong, mutant::Mutant, run};

/// Worlds in which a fault may hide before it is found.
const SEEDS: u64 = 25;

/// What may be seen first of a fault.
fn signs(mutant: Mutant) -> &'static [Wrong] {
    match mutant {
        Mutant::LosesWrites | Mutant::AnswersEarly | Mutant::SwallowsErrors | Mutant::ForgetsRejects | Mutant::MixesKeys => {
            &[Wrong::NotStoredWhenAnswered]
        }
        Mutant::RefusesRejects => &[Wrong::Status],
        Mutant::Replaces => &[Wrong::Replaced],
        Mutant::StoresHalf | Mutant::DropsTheLastLineFeed => &[Wrong::NotWhole],
        // A row that is left out may have given the object its time.
        Mutant::DropsARow => &[Wrong::NotStoredWhenAnswered, Wrong::Hour],
        Mutant::MovesHours => &[Wrong::Hour],
        Mutant::AltersRows => &[Wrong::TwoEventsOneId],
        Mutant::ForgetsTheSource => &[Wrong::RowId],
        // Each tenant's events appear to be the other's.
        Mutant::SwapsSources => &[Wrong::NotStoredWhenAnswered],
        Mutant::IgnoresTheDeadline => &[Wrong::Late],
        Mutant::GivesUp | Mutant::DeletesTheFailed => &[Wrong::Lost],
        Mutant::QueueLoses => &[Wrong::NotStoredWhenAnswered],
        Mutant::BuriesTheLiving => &[Wrong::Dead, Wrong::Lost],
    }
}

#[test]
fn every_fault_is_found() {
    let of = |mode, mutants: &[Mutant]| mutants.iter().map(move |mutant| (mode, *mutant)).collect::<Vec<_>>();
    let all = [of(Mode::Direct, &Mutant::ALL), of(Mode::Grouped, &Mutant::ALL), of(Mode::Buffered, &Mutant::OF_QUEUES)];
    for (mode, mutant) in all.concat() {
        let found = (0..SEEDS).find_map(|seed| run(seed, mode, Some(mutant), Voice::Silent).err().map(|violation| (seed, violation)));
        let Some((seed, violation)) = found else { panic!("{mutant:?} is not found in {SEEDS} worlds, {mode:?}") };
        assert!(signs(mutant).contains(&violation.wrong), "{mutant:?} is taken for something else in seed {seed}, {mode:?}: {violation:?}");
    }
}
