//! The members of rows that we name ourselves: what stands around `data`, and all of a reject row.

/// A member of a row.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its key.
    pub name: &'static str,
    /// The type of its column, as Athena spells it; `struct` for an object that has a table of its own.
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

/// Makes a module of constants, one for each member, and `ALL` of them in the order of a row.
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
    /// What `data` holds after the columns of [`DATA`](super::DATA); no sender can name it.
    data {
        UNMAPPED "unmapped" "string";
    }
}

members! {
    /// What `ingest` holds.
    ingest {
        REQUEST_ID "request_id" "string";
        TIME_SOURCE "time_source" "string";
        DRIFT "drift" "array<string>";
    }
}

members! {
    /// A reject row; of the last two it has one.
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
