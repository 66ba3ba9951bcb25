//! The members of one object, and which of them a later one of the same name displaces.

use std::borrow::Cow;

use crate::{
    json::{Type, Value},
    schema::{DATA_COLUMNS, Lookup, Sent},
};

/// Most members compared pair by pair; more are sorted, so that no record costs quadratic time.
const FEW: usize = 16;

/// One member of an object, as it was sent.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    /// The name, escapes resolved.
    pub name: Cow<'a, str>,
    pub value: Value<'a>,
    /// The column that the name belongs to.
    pub sent: Option<Sent>,
    /// A later member has the same name.
    pub displaced: bool,
    /// An earlier member has the same name.
    displaces: bool,
    /// A member with a preferred name of the same column stands there.
    outranked: bool,
}

/// What becomes of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is kept as a duplicate.
    Displaced,
    /// It is kept as unmapped.
    NoColumn,
    /// It stands in a column's place and holds nothing.
    Null,
    /// The column takes it if it fits.
    Column(usize),
}

impl Member<'_> {
    #[inline(always)]
    pub fn fate(&self) -> Fate {
        match self.sent {
            _ if self.displaced => Fate::Displaced,
            Some(_) if self.outranked => Fate::NoColumn,
            Some(_) if self.value.kind == Type::Null => Fate::Null,
            Some(sent) => Fate::Column(usize::from(sent.column)),
            None => Fate::NoColumn,
        }
    }

    /// Says whether this is the last of several members with the name of a column.
    pub fn is_repeated_column(&self) -> bool {
        self.displaces && !self.displaced && self.sent.is_some()
    }
}

/// The members of one object in the order sent; reused from record to record.
#[derive(Debug, Default)]
pub(crate) struct Members<'a> {
    members: Vec<Member<'a>>,
    unknown: Vec<usize>,
}

impl<'a> Members<'a> {
    pub fn clear(&mut self) {
        self.members.clear();
    }

    #[inline(always)]
    pub fn push(&mut self, name: Value<'a>, value: Value<'a>) {
        self.members.push(Member { name: name.decoded(), value, sent: None, displaced: false, displaces: false, outranked: false });
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Member<'a>> {
        self.members.iter()
    }

    pub fn at(&self, index: usize) -> &Member<'a> {
        &self.members[index]
    }

    /// Gives the value of the last member of a name.
    pub fn last(&self, name: &str) -> Option<&Value<'a>> {
        self.members.iter().rev().find(|member| member.name == name).map(|member| &member.value)
    }

    /// Finds each member's column, and marks those that another member displaces or outranks.
    pub fn look_up(&mut self, lookup: &Lookup) {
        for member in &mut self.members {
            member.sent = lookup.find(&member.name);
        }
        self.mark();
    }

    /// Marks each member that another one displaces or outranks.
    pub fn mark(&mut self) {
        self.unknown.clear();
        let mut last = [[None::<u32>; 2]; DATA_COLUMNS];
        let mut other_names = false;
        for at in 0..self.members.len() {
            let Some(sent) = self.members[at].sent else {
                self.unknown.push(at);
                continue;
            };
            other_names |= sent.preference > 0;
            let slot = &mut last[usize::from(sent.column)][usize::from(sent.preference)];
            if let Some(earlier) = slot.replace(at as u32) {
                self.members[earlier as usize].displaced = true;
                self.members[at].displaces = true;
            }
        }
        if other_names {
            for other in last.iter().filter_map(|&[preferred, other]| preferred.and(other)) {
                self.members[other as usize].outranked = true;
            }
        }
        if self.unknown.len() <= FEW { self.mark_pairwise() } else { self.mark_sorted() }
    }

    fn mark_pairwise(&mut self) {
        for (i, &later) in self.unknown.iter().enumerate().rev() {
            for &earlier in &self.unknown[..i] {
                if self.members[earlier].name == self.members[later].name {
                    self.members[earlier].displaced = true;
                }
            }
        }
    }

    fn mark_sorted(&mut self) {
        self.unknown.sort_unstable_by(|&a, &b| self.members[a].name.cmp(&self.members[b].name).then(a.cmp(&b)));
        for pair in self.unknown.windows(2) {
            if self.members[pair[0]].name == self.members[pair[1]].name {
                self.members[pair[0]].displaced = true;
            }
        }
    }
}
