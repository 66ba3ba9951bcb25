//! The body in which a record arrives exactly as it was sent.
//!
//! A rejected record is any bytes: an array, half an object, a page of HTML, several lines. Posted
//! again it must be cut out of its body as the same record, or it would be another record with
//! another `p_row_id`. So the receiver's own splitter is asked: a body is used only where it gives
//! exactly the records that it was made of. One kind of record has no such body: a line behind broken
//! structure that begins with a whole array or object and goes on, such as `{},`.

use chrono::{DateTime, Utc};

pub use auth0_log_lake::batch::split;
use auth0_log_lake::{auth::Source, batch::Record, partition, reject::Reason, row::Arrival};

/// One record to be posted again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// The bytes as sent.
    pub bytes: Vec<u8>,
    /// Why cutting rejects it, where it does.
    pub rejected: Option<Reason>,
}

impl Raw {
    /// Takes a record that splitting lets pass.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), rejected: None }
    }

    fn is(&self, record: &Record<'_>) -> bool {
        *self.bytes == *record.bytes() && self.rejected == record.rejected()
    }

    /// Whether the record keeps its shape as an element of an array, whatever stands beside it.
    pub fn is_element(&self) -> bool {
        // Neighbours on both sides: "]" alone would end an array that is empty.
        let beside = Self::new("{}");
        let elements = [&beside, self, &beside];
        self.rejected.is_none() && gives(&array(&elements), &elements)
    }
}

/// Makes one body of records, each of which [`Raw::is_element`]; none where they would arrive as others.
pub fn together(raws: &[Raw]) -> Option<Vec<u8>> {
    let raws: Vec<&Raw> = raws.iter().collect();
    Some(array(&raws)).filter(|body| gives(body, &raws))
}

/// Makes a body of one record; none where it would arrive as another or as several.
///
/// Text goes as it is, a broken element of an array behind the bracket without whose end it was sent.
pub fn alone(raw: &Raw) -> Option<Vec<u8>> {
    let forms = [raw.bytes.clone(), array(&[raw]), [b"[".as_slice(), &raw.bytes].concat()];
    forms.into_iter().find(|body| gives(body, &[raw]))
}

/// Cuts the rest of a body into records: the beginning it lost is the one with which most of it are events.
pub fn split_rest(rest: &[u8]) -> Vec<Raw> {
    let forms = [b"".as_slice(), b"[", b"{\"logs\":["].map(|beginning| [beginning, rest].concat());
    let best = forms.iter().max_by_key(|body| {
        let (accepted, rejected) = tally(body);
        // Of equals the shortest, which is the one as it was kept.
        (accepted, std::cmp::Reverse(rejected), std::cmp::Reverse(body.len()))
    });
    let raw = |record: Record<'_>| Raw { bytes: record.bytes().to_vec(), rejected: record.rejected() };
    best.map(|body| split(body).into_iter().map(raw).collect()).unwrap_or_default()
}

fn array(raws: &[&Raw]) -> Vec<u8> {
    let elements: Vec<&[u8]> = raws.iter().map(|raw| raw.bytes.as_slice()).collect();
    [b"[", elements.join(&b","[..]).as_slice(), b"]"].concat()
}

fn gives(body: &[u8], raws: &[&Raw]) -> bool {
    let records = split(body);
    records.len() == raws.len() && records.iter().zip(raws).all(|(record, raw)| raw.is(record))
}

/// Counts the events and the rejects that a body would give.
fn tally(body: &[u8]) -> (usize, usize) {
    // At the epoch every date is in the future, so that all rows are of one hour and none is past the most.
    Source::parse("replay").map_or((0, 0), |source| {
        let arrival = Arrival::new(&source, "replay", DateTime::<Utc>::UNIX_EPOCH);
        let tally = partition::normalize(&arrival, body, Vec::new()).tally;
        (tally.accepted, tally.rejected)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_record_is_posted_in_the_form_in_which_it_arrives_as_it_was() {
        for (record, body) in [
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("words, and more", "words, and more"),
            ("[1,2]", "[[1,2]]"),
            ("a\nb", "[a\nb]"),
            ("{\"a\":\"x\ny\"},{\"b\":2}]", "[{\"a\":\"x\ny\"},{\"b\":2}]"),
            ("\u{feff}x", "[\u{feff}x]"),
        ] {
            let body = body.as_bytes().to_vec();
            assert_eq!(alone(&Raw::new(record)), Some(body), "{record}");
        }
    }

    #[test]
    fn a_line_that_begins_with_a_whole_object_has_no_body() {
        assert_eq!(split(b"{\"\n{},").last().map(|record| record.bytes().to_vec()), Some(b"{},".to_vec()));
        assert_eq!(alone(&Raw::new("{},")), None);
    }

    #[test]
    fn only_what_is_whole_goes_together() {
        for (record, whole) in
            [("{\"a\":1}", true), ("NaN", true), ("{'a':1}", true), ("{\"a\":1", false), ("a,b", false), ("\"a", false), ("]", false)]
        {
            assert_eq!(Raw::new(record).is_element(), whole, "{record}");
        }
        assert_eq!(together(&[Raw::new("{}"), Raw::new("NaN")]), Some(b"[{},NaN]".to_vec()));
    }

    #[test]
    fn what_stood_beside_logs_is_rejected_as_such_again() {
        let raw = Raw { bytes: br#"{"logs":[],"more":1}"#.to_vec(), rejected: Some(Reason::WrapperMembers) };
        assert!(!raw.is_element());
        assert_eq!(alone(&raw), Some(raw.bytes.clone()));
    }

    #[test]
    fn the_rest_of_a_body_is_cut_as_the_body_was() {
        let event = r#"{"log_id":"1","data":{}}"#;
        for rest in [event.to_owned(), format!("{event}\n{event}"), format!("{event},{event}]"), format!("{event},{event}],\"more\":1}}")] {
            let raws = split_rest(rest.as_bytes());
            let events = raws.iter().filter(|raw| raw.bytes == event.as_bytes()).count();
            assert_eq!(events, rest.matches("log_id").count(), "{rest}");
        }
    }

    proptest! {
        #[test]
        fn prop_every_record_but_a_line_that_starts_with_a_bracket_can_be_posted_again_as_it_was(
            body in "[\\[\\]{},:\"\\\\\n\t alogs1é]{0,40}",
        ) {
            for record in split(body.as_bytes()) {
                let raw = Raw { bytes: record.bytes().to_vec(), rejected: record.rejected() };
                let bracketed_line = matches!(raw.bytes[0], b'[' | b'{') && !raw.bytes.contains(&b'\n');
                prop_assert!(alone(&raw).is_some() || bracketed_line, "{:?}", String::from_utf8_lossy(&raw.bytes));
            }
        }

        #[test]
        fn prop_elements_stay_themselves_beside_any_others(texts in proptest::collection::vec("[\\[\\]{},:\"\\\\\n a1]{1,8}", 0..9)) {
            let raws: Vec<Raw> = texts.into_iter().map(Raw::new).filter(Raw::is_element).collect();
            prop_assert!(together(&raws).is_some());
        }
    }
}
