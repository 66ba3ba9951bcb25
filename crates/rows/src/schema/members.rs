//! The members of rows with our own names: those around `data`, and all of a reject row.

/// A member of a row.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its key.
    pub name: &'static str,
    /// The type of its column in Athena; `struct` for an object with its own table here.
    pub kind: &'static str,
    /// A comma, the key in quotes and a colon.
    start: &'static str,
}

impl Member {
    /// Writes a comma, the key and a colon.
    pub(crate) fn write_key(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.start.as_bytes());
    }

    /// Opens an object, and writes the key and a colon.
    pub(crate) fn write_first_key(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        out.extend_from_slice(&self.start.as_bytes()[1..]);
    }
}

/// Makes a module with a constant for each member, and `ALL` members in the order of a row.
macro_rules! members {
    ($(#[$doc:meta])* $module:ident { $($constant:ident $name:literal $kind:literal;)* }) => {
        $(#[$doc])*
        pub mod $module {
            use super::Member;
            $(
                #[doc = concat!("`", $name, "`")]
                pub const $constant: Member = Member { name: $name, kind: $kind, start: concat!(",\"", $name, "\":") };
            )*
            /// Every member, in the order of a row.
            pub const ALL: &[Member] = &[$($constant),*];
        }
    };
}

members! {
    /// An event row.
    event_row {
        P_LOG_TYPE "p_log_type" "string";
        P_SCHEMA_VERSION "p_schema_version" "int";
        P_EVENT_TIME "p_event_time" "timestamp";
        P_PARSE_TIME "p_parse_time" "timestamp";
        P_ROW_ID "p_row_id" "string";
        P_SOURCE_LABEL "p_source_label" "string";
        P_ANY_IP_ADDRESSES "p_any_ip_addresses" "array<string>";
        P_ANY_USERNAMES "p_any_usernames" "array<string>";
        LOG_ID "log_id" "string";
        DATA "data" "struct";
        INGEST "ingest" "struct";
    }
}

members! {
    /// The member of `data` after the columns of [`DATA`](super::DATA); no sender can name it.
    data {
        UNMAPPED "unmapped" "string";
    }
}

members! {
    /// The members of `ingest`.
    ingest {
        REQUEST_ID "request_id" "string";
        TIME_SOURCE "time_source" "string";
        DRIFT "drift" "array<string>";
    }
}

members! {
    /// A reject row; exactly one of `raw` and `raw_base64` is set.
    reject_row {
        RECEIVED_AT "received_at" "timestamp";
        REASON "reason" "string";
        DETAIL "detail" "string";
        INDEX "index" "int";
        SOURCE "source" "string";
        REQUEST_ID "request_id" "string";
        P_ROW_ID "p_row_id" "string";
        RAW "raw" "string";
        RAW_BASE64 "raw_base64" "string";
    }
}
