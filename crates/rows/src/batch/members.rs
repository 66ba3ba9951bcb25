//! The members of one object. A later member displaces an earlier one of the same name.

use std::borrow::Cow;

use crate::{
    json::{JsonType, Value},
    schema::{DATA_COLUMNS, Lookup, Sent},
};

/// Most members compared in pairs; more members are sorted, so that no record takes quadratic time.
const PAIRWISE_LIMIT: usize = 16;

/// One member of an object, as it was sent.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    /// The name, unescaped.
    pub name: Cow<'a, str>,
    pub value: Value<'a>,
    /// The column that the name belongs to.
    pub sent: Option<Sent>,
    /// A later member has the same name.
    pub displaced: bool,
    /// An earlier member has the same name, and the name belongs to a column.
    displaces: bool,
    /// Another member has a preferred name of the same column.
    outranked: bool,
}

/// Where a member goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// It is kept as a duplicate.
    Displaced,
    /// It is kept as unmapped.
    NoColumn,
    /// It has the name of a column and the value null.
    Null,
    /// The column holds it if it fits.
    Column(usize),
}

impl Member<'_> {
    #[inline(always)]
    pub fn placement(&self) -> Placement {
        match self.sent {
            _ if self.displaced => Placement::Displaced,
            Some(_) if self.outranked => Placement::NoColumn,
            Some(_) if self.value.kind == JsonType::Null => Placement::Null,
            Some(sent) => Placement::Column(usize::from(sent.column)),
            None => Placement::NoColumn,
        }
    }

    /// Whether this is the last of several members with the name of a column.
    pub fn is_repeated_column(&self) -> bool {
        self.displaces && !self.displaced
    }
}

/// The members of one object in the order sent; reused for each record.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    lookup: &'static Lookup,
    members: Vec<Member<'a>>,
    /// The members whose name belongs to no column.
    unknown: Vec<usize>,
    /// The columns seen by their preferred names, one bit each, and those seen by their other names.
    met: [u64; 2],
    /// The name of a column appears twice.
    repeated: bool,
}

impl<'a> Members<'a> {
    pub fn new(lookup: &'static Lookup) -> Self {
        Self { lookup, members: Vec::new(), unknown: Vec::new(), met: [0; 2], repeated: false }
    }

    pub fn clear(&mut self) {
        self.members.clear();
        self.unknown.clear();
        (self.met, self.repeated) = ([0; 2], false);
    }

    /// Adds the next member, and finds its column.
    #[inline(always)]
    pub fn push(&mut self, name: Value<'a>, value: Value<'a>) {
        let name = name.decoded();
        let sent = self.lookup.find(&name);
        match sent {
            Some(Sent { column, preference }) => {
                let (met, bit) = (&mut self.met[usize::from(preference)], 1 << column);
                self.repeated |= *met & bit != 0;
                *met |= bit;
            }
            None => self.unknown.push(self.members.len()),
        }
        self.members.push(Member { name, value, sent, displaced: false, displaces: false, outranked: false });
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Member<'a>> {
        self.members.iter()
    }

    pub fn at(&self, index: usize) -> &Member<'a> {
        &self.members[index]
    }

    /// Returns the value of the last member with a name.
    pub fn last(&self, name: &str) -> Option<&Value<'a>> {
        self.members.iter().rev().find(|member| member.name == name).map(|member| &member.value)
    }

    /// Marks each member that another member displaces or outranks.
    pub fn mark(&mut self) {
        if self.repeated || self.met[0] & self.met[1] != 0 {
            self.mark_columns();
        }
        if self.unknown.len() <= PAIRWISE_LIMIT { self.mark_pairwise() } else { self.mark_sorted() }
    }

    #[cold]
    fn mark_columns(&mut self) {
        let mut last = [[None::<usize>; 2]; DATA_COLUMNS];
        for at in 0..self.members.len() {
            let Some(sent) = self.members[at].sent else { continue };
            let slot = &mut last[usize::from(sent.column)][usize::from(sent.preference)];
            if let Some(earlier) = slot.replace(at) {
                self.members[earlier].displaced = true;
                self.members[at].displaces = true;
            }
        }
        for other in last.iter().filter_map(|&[preferred, other]| preferred.and(other)) {
            self.members[other].outranked = true;
        }
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
