//! What could not be read, named: a bounded number of sentences, each once.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use crate::layout::number;

/// Most sentences that are kept.
const MOST: usize = 100;

/// Problems, as sentences without their full stop.
#[derive(Debug, Default)]
pub struct Problems {
    sentences: BTreeSet<String>,
    more: usize,
}

impl Problems {
    /// Adds a problem.
    pub fn add(&mut self, sentence: String) {
        if self.sentences.len() < MOST {
            self.sentences.insert(sentence);
        } else if !self.sentences.contains(&sentence) {
            self.more += 1;
        }
    }

    /// How many there are, of which some may be the same.
    pub fn len(&self) -> usize {
        self.sentences.len() + self.more
    }

    /// Shows them.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        self.sentences.iter().try_for_each(|problem| writeln!(out, "Problem: {problem}."))?;
        if self.more > 0 { writeln!(out, "Problem: and {} more like these.", number(self.more)) } else { Ok(()) }
    }
}
