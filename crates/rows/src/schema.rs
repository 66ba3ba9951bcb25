//! The field table of `Auth0.Events` and the members around it: the single source of a row's columns.
//!
//! The normalizer uses this table to read a record and to write its row. Tests compare the landing table's columns with
//! it, and compare it with the published schema (Panther's `Auth0.Events`: names, types, indicators, required fields,
//! event time). It also has columns for fields that Auth0 sends beyond the published ones. All other fields go to
//! `data.unmapped`.

use std::sync::LazyLock;

mod lookup;
mod members;

pub(crate) use lookup::{Lookup, Sent};
pub use members::{Member, data, event_row, ingest, reject_row};

/// Name of the log type, as published.
pub const LOG_TYPE: &str = "Auth0.Events";

/// Version of a row's shape. It is raised when a column's meaning changes, not when a column is added.
pub const SCHEMA_VERSION: u32 = 1;

/// Deepest nesting in a json column; some engines' JSON readers fail on deeper values.
pub const MAX_DEPTH: u64 = 100;

/// The type of a column, and which JSON values fit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A JSON string, or the text of a boolean or number.
    String,
    /// Like `String`, or an array of strings joined by one space.
    Words,
    /// A JSON string, or the JSON text of any other value.
    Text,
    /// The compact text of any JSON value.
    Json,
    /// `true` or `false`, also as a string in any ASCII case.
    Boolean,
    /// A finite JSON number, also as a string.
    Float,
    /// An RFC 3339 time, written in UTC.
    Time,
    /// An object whose columns are [`LOCATION_INFO`].
    Location,
}

impl ColumnType {
    /// The name in `ingest.drift`.
    pub const fn name(self) -> &'static str {
        match self {
            ColumnType::String | ColumnType::Words => "string",
            ColumnType::Text => "text",
            ColumnType::Json => "json",
            ColumnType::Boolean => "boolean",
            ColumnType::Float => "float",
            ColumnType::Time => "time",
            ColumnType::Location => "object",
        }
    }
}

/// A list of IP addresses or users, collected from a row's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indicator {
    /// Feeds `p_any_ip_addresses`.
    Ip,
    /// Feeds `p_any_usernames`.
    Username,
}

/// One column of `data` or of `data.location_info`.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in the row.
    pub name: &'static str,
    /// Names that senders use for it, the first preferred.
    pub sent_as: &'static [&'static str],
    /// Its type.
    pub kind: ColumnType,
    /// The indicator that it feeds.
    pub indicator: Option<Indicator>,
    /// A comma, its name in quotes and a colon.
    key: &'static str,
}

impl Column {
    /// Writes a comma, the name and a colon.
    pub(crate) fn write_key(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.key.as_bytes());
    }
}

macro_rules! columns {
    ($($name:literal $kind:ident $($indicator:ident)? $(= $($sent:literal)+)?;)*) => {
        &[$(Column {
            name: $name,
            sent_as: columns!(@sent $name $($($sent)+)?),
            kind: ColumnType::$kind,
            indicator: columns!(@indicator $($indicator)?),
            key: concat!(",\"", $name, "\":"),
        }),*]
    };
    (@sent $name:literal) => { &[$name] };
    (@sent $name:literal $($sent:literal)+) => { &[$($sent),+] };
    (@indicator) => { None };
    (@indicator $indicator:ident) => { Some(Indicator::$indicator) };
}

/// The columns of `data` in the order of a row. `unmapped`, which no sender can name, follows them.
pub const DATA: &[Column] = columns! {
    "date" Time;
    "type" String;
    "description" String;
    "connection" String;
    "connection_id" String;
    "client_id" Text;
    "client_name" String;
    "ip" String Ip;
    "client_ip" String Ip;
    "hostname" String;
    "user_id" String Username;
    "user_name" String Username;
    "identity_user_id" String;
    "audience" String;
    "scope" Words;
    "strategy" String;
    "strategy_type" String;
    "organization_id" String;
    "organization_name" String;
    "tenant_name" String;
    "environment_name" String;
    "agent_id" String;
    "external_agent_id" String;
    "session_connection" String;
    "transaction_linking_id" String;
    "tracking_id" String;
    "mtls_thumbprint_sha256" String;
    "log_id" String;
    "is_mobile" Boolean = "is_mobile" "isMobile";
    "user_agent" String;
    "location_info" Location;
    "auth0_client" Json;
    "security_context" Json;
    "references" Json;
    "event_schema" Json = "$event_schema";
    "details" Json;
};

/// The columns of `data.location_info` in the order of a row.
pub const LOCATION_INFO: &[Column] = columns! {
    "country_code" String;
    "country_code3" String;
    "country_name" String;
    "city_name" String;
    "latitude" Float;
    "longitude" Float;
    "time_zone" String;
    "continent_code" String;
};

/// How many columns [`DATA`] has.
pub(crate) const DATA_COLUMNS: usize = DATA.len();
/// How many columns [`LOCATION_INFO`] has.
pub(crate) const LOCATION_COLUMNS: usize = LOCATION_INFO.len();

/// The column of `data` that gives a row its time.
pub(crate) const DATE: usize = position(DATA, "date");
/// The column of `data` that is an object of columns.
pub(crate) const LOCATION: usize = position(DATA, "location_info");

/// The columns of `data` that feed an indicator.
pub(crate) static INDICATORS: [(usize, Indicator); 4] = indicators();

const fn indicators() -> [(usize, Indicator); 4] {
    let mut found = [(0, Indicator::Ip); 4];
    let (mut at, mut count) = (0, 0);
    while at < DATA.len() {
        if let Some(indicator) = DATA[at].indicator {
            found[count] = (at, indicator);
            count += 1;
        }
        at += 1;
    }
    assert!(count == found.len(), "every indicator has its place");
    found
}

const fn position(columns: &[Column], name: &str) -> usize {
    let mut at = 0;
    while !same(columns[at].name.as_bytes(), name.as_bytes()) {
        at += 1;
    }
    at
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Finds columns of `data`.
pub(crate) static DATA_LOOKUP: LazyLock<Lookup> = LazyLock::new(|| Lookup::of(DATA));
/// Finds columns of `data.location_info`.
pub(crate) static LOCATION_LOOKUP: LazyLock<Lookup> = LazyLock::new(|| Lookup::of(LOCATION_INFO));
