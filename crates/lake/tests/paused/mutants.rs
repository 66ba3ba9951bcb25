//! The checks of the world can fail: each fault that is put into it is found, and by the right one.

use crate::world::{Wrong, run};

/// Worlds in which a fault may hide before it is found.
const SEEDS: u64 = 25;

/// A fault between the parts, from the moment at which the fill begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// The fill goes on behind the page after each.
    SkipsAPage,
    /// The fill takes the third page for the last.
    EndsEarly,
    /// A run goes on further than where the one before stopped.
    GoesOnTooFar,
    /// A post is counted as stored, and is not.
    ForgetsAPost,
    /// Some of a post is posted again, in another batch.
    PostsAgain,
}

impl Mutant {
    const ALL: [Self; 5] = [Self::SkipsAPage, Self::EndsEarly, Self::GoesOnTooFar, Self::ForgetsAPost, Self::PostsAgain];

    /// What is seen of it.
    fn sign(self) -> Wrong {
        match self {
            Self::SkipsAPage | Self::GoesOnTooFar | Self::ForgetsAPost => Wrong::Missing,
            // The comparison sees by itself that the log ends early, and never says that nothing is missing.
            Self::EndsEarly => Wrong::Stuck,
            Self::PostsAgain => Wrong::Twice,
        }
    }
}

#[test]
fn every_fault_is_found() {
    for mutant in Mutant::ALL {
        let found = (0..SEEDS).find_map(|seed| run(seed, Some(mutant)).err().map(|wrong| (seed, wrong)));
        let Some((seed, wrong)) = found else { panic!("{mutant:?} is not found in {SEEDS} worlds") };
        assert_eq!(wrong, mutant.sign(), "{mutant:?} is taken for something else in seed {seed}");
    }
}
