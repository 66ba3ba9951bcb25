//! The settings: read once at the start, from a lookup that a caller gives.
//!
//! An optional setting that is unset or empty has its documented default; one that is set wrong
//! stops the start with a sentence that names the setting, what it needs and what it got. There is
//! no silent fallback. What a setting got is shown, save for that of tokens: it may be a token in the wrong place.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use http::Uri;
use ipnet::IpNet;

use crate::{
    auth::{Source, Sources, TokenDigest},
    object::Compression,
};

/// One setting, as the table in docs/OPERATING.md has it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Name of the environment variable.
    pub name: &'static str,
    /// What a value must be.
    pub needs: &'static str,
    /// What holds where it is unset; `None` where it is required.
    pub default: Option<&'static str>,
}

/// Where objects are stored.
pub const LAKE_URL: Setting = Setting { name: "LAKE_URL", needs: "s3://bucket[/prefix] or file://dir", default: None };
/// Who may send, and the digests of their tokens.
pub const TOKEN_DIGESTS: Setting = Setting {
    name: "TOKEN_DIGESTS",
    needs: "source=<SHA-256 of its token, 64 hexadecimal digits>, comma-separated, a source of 1 to 32 of a-z, 0-9 and -",
    default: None,
};
/// How objects are compressed.
pub const COMPRESSION: Setting = Setting { name: "COMPRESSION", needs: "gzip, zstd or none", default: Some("gzip") };
/// Where the local receiver listens.
pub const PORT: Setting = Setting { name: "PORT", needs: "a port from 1 to 65535", default: Some("9000") };
/// From which addresses senders may come.
pub const SOURCE_CIDRS: Setting =
    Setting { name: "SOURCE_CIDRS", needs: "address ranges such as 192.0.2.0/24, comma-separated", default: Some("(every address)") };
/// What becomes of other addresses.
pub const SOURCE_CIDRS_MODE: Setting = Setting { name: "SOURCE_CIDRS_MODE", needs: "refuse or count", default: Some("refuse") };

/// Which stack the metrics are of.
pub const STACK_NAME: Setting = Setting { name: "STACK_NAME", needs: "a name of 1 to 128 of A-Z, a-z, 0-9 and -", default: Some("(none)") };

/// How long requests wait for each other to share their objects.
pub const GROUP_WAIT_MS: Setting = Setting { name: "GROUP_WAIT_MS", needs: "milliseconds from 0 to 1000", default: Some("2") };
/// Where batches wait in the buffered mode.
pub const QUEUE_URL: Setting = Setting { name: "QUEUE_URL", needs: "the URL of an SQS queue", default: Some("(none)") };
/// How S3 encrypts objects, which each put then says.
pub const S3_SSE: Setting = Setting { name: "S3_SSE", needs: "AES256 or aws:kms", default: Some("(as the bucket is set up)") };
/// The key with which S3 encrypts objects.
pub const S3_SSE_KMS_KEY_ID: Setting =
    Setting { name: "S3_SSE_KMS_KEY_ID", needs: "the ARN of a KMS key, with S3_SSE=aws:kms", default: Some("(the key aws/s3)") };
/// Whose bucket it must be.
pub const S3_BUCKET_OWNER: Setting = Setting { name: "S3_BUCKET_OWNER", needs: "an AWS account of 12 digits", default: Some("(anybody)") };

/// Every setting, in the order of the table in docs/OPERATING.md.
pub const SETTINGS: [Setting; 12] = [
    LAKE_URL,
    TOKEN_DIGESTS,
    COMPRESSION,
    PORT,
    SOURCE_CIDRS,
    SOURCE_CIDRS_MODE,
    STACK_NAME,
    GROUP_WAIT_MS,
    QUEUE_URL,
    S3_SSE,
    S3_SSE_KMS_KEY_ID,
    S3_BUCKET_OWNER,
];

/// Digest of `local-development-token`, which the documentation publishes.
const DEVELOPMENT_DIGEST: &str = "ccee612f8893b4f3cb54856a9473e1a832fb452187aa6ed7caa6d68ce4a1ffc2";

/// What the receiver is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where objects are stored.
    pub lake: LakeUrl,
    /// Who may send.
    pub sources: Sources,
    /// How objects are compressed.
    pub compression: Compression,
    /// Port of the local receiver.
    pub port: u16,
    /// From where senders may come.
    pub addresses: Addresses,
    /// Name of the stack, a dimension of every metric.
    pub stack: Option<String>,
    /// How long requests wait for each other to share their objects.
    pub group_wait: Duration,
    /// URL of the queue of the buffered mode.
    pub queue: Option<String>,
    /// What each put says to S3 besides.
    pub puts: PutSettings,
    /// Which function of the stack this is.
    pub function: Function,
}

/// What each put to S3 says besides its object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutSettings {
    /// How S3 encrypts the object; otherwise as the bucket is set up.
    pub encryption: Option<Encryption>,
    /// The account that must own the bucket; S3 refuses a put to another's.
    pub bucket_owner: Option<String>,
}

/// How S3 encrypts an object (Amazon S3 User Guide, "Protecting data with server-side encryption").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// With S3's own keys.
    S3,
    /// With a KMS key: this one, or the account's `aws/s3`.
    Kms(Option<String>),
}

/// Which function of the stack this is: Lambda sets `_HANDLER` as the template's `Handler` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `receive`: it answers requests of the Function URL.
    Receive,
    /// `drain`: it stores messages of the queue.
    Drain,
    /// Any other handler, as under an emulator: each event says by its first name what it is.
    Either,
}

/// Where objects are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LakeUrl {
    /// A bucket of S3, and what stands before each key, with a slash at its end unless it is empty.
    S3 {
        /// Name of the bucket.
        bucket: String,
        /// What stands before each key.
        prefix: String,
    },
    /// A folder, absolute or relative to where the receiver runs.
    File(PathBuf),
}

/// The addresses that senders may come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    ranges: Vec<IpNet>,
    /// Other addresses are counted and let in.
    pub only_count: bool,
}

impl Addresses {
    /// Whether a sender comes from somewhere else; an unknown address does.
    pub fn exclude(&self, peer: Option<IpAddr>) -> bool {
        let inside = |address: IpAddr| self.ranges.iter().any(|range| range.contains(&address.to_canonical()));
        !self.ranges.is_empty() && !peer.is_some_and(inside)
    }
}

/// A setting that stops the start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be {needs}; got {got}")]
pub struct ConfigError {
    name: &'static str,
    needs: &'static str,
    got: String,
}

impl Setting {
    fn wrong(self, got: impl Into<String>) -> ConfigError {
        ConfigError { name: self.name, needs: self.needs, got: got.into() }
    }
}

impl Config {
    /// Reads every setting through `lookup`, which gives the value of an environment variable.
    ///
    /// # Errors
    /// The first setting that is missing or wrong.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let get = |setting: Setting| lookup(setting.name).filter(|value| !value.trim().is_empty());
        let required = |setting: Setting| get(setting).ok_or_else(|| setting.wrong("nothing"));
        let lake = lake_url(&required(LAKE_URL)?)?;
        let sources = sources(&required(TOKEN_DIGESTS)?)?;
        if is_on_lambda(&lookup) {
            fit_for_lambda(&lake, &sources)?;
        }
        Ok(Self {
            lake,
            sources,
            compression: get(COMPRESSION).map_or(Ok(Compression::default()), |name| compression(&name))?,
            port: get(PORT).map_or(Ok(9000), |port| port_number(&port))?,
            addresses: Addresses {
                ranges: get(SOURCE_CIDRS).map_or(Ok(Vec::new()), |ranges| address_ranges(&ranges))?,
                only_count: get(SOURCE_CIDRS_MODE).map_or(Ok(false), |mode| only_count(&mode))?,
            },
            stack: get(STACK_NAME).map(stack_name).transpose()?,
            group_wait: get(GROUP_WAIT_MS).map_or(Ok(Duration::from_millis(2)), |wait| group_wait(&wait))?,
            queue: get(QUEUE_URL).map(queue_url).transpose()?,
            puts: PutSettings {
                encryption: encryption(get(S3_SSE).as_deref(), get(S3_SSE_KMS_KEY_ID))?,
                bucket_owner: get(S3_BUCKET_OWNER).map(account).transpose()?,
            },
            function: match lookup("_HANDLER").as_deref() {
                Some("receive") => Function::Receive,
                Some("drain") => Function::Drain,
                _ => Function::Either,
            },
        })
    }
}

/// Whether this is AWS Lambda itself. An emulator sets the first variable as well, but then one of the others too.
fn is_on_lambda(lookup: &impl Fn(&str) -> Option<String>) -> bool {
    lookup("AWS_LAMBDA_INITIALIZATION_TYPE").is_some() && lookup("AWS_SAM_LOCAL").is_none() && lookup("AWS_ENDPOINT_URL").is_none()
}

/// Refuses what is right on a laptop alone: a disk that ends with the instance, and a token that everybody can read.
fn fit_for_lambda(lake: &LakeUrl, sources: &Sources) -> Result<(), ConfigError> {
    if let LakeUrl::File(_) = lake {
        let needs = "s3://bucket[/prefix] on AWS Lambda, whose disk is lost with each instance";
        return Err(ConfigError { name: LAKE_URL.name, needs, got: format!("{:?}", lake.to_string()) });
    }
    if TokenDigest::parse(DEVELOPMENT_DIGEST).is_some_and(|digest| sources.hold(&digest)) {
        let needs = "digests of tokens that nobody else knows";
        return Err(ConfigError { name: TOKEN_DIGESTS.name, needs, got: "the digest of the published development token".to_owned() });
    }
    Ok(())
}

/// The form of a stack's name (AWS CloudFormation User Guide, "Stacks").
fn stack_name(name: String) -> Result<String, ConfigError> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (1..=128).contains(&name.len()) && name.bytes().all(known) { Ok(name) } else { Err(STACK_NAME.wrong(format!("{name:?}"))) }
}

/// Reads a lake's URL, as `LAKE_URL` holds it.
impl FromStr for LakeUrl {
    type Err = ConfigError;

    fn from_str(url: &str) -> Result<Self, ConfigError> {
        lake_url(url)
    }
}

/// Writes a lake's URL as it is read.
impl fmt::Display for LakeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Self::File(folder) => write!(f, "file://{}", folder.display()),
        }
    }
}

fn lake_url(url: &str) -> Result<LakeUrl, ConfigError> {
    let wrong = || LAKE_URL.wrong(format!("{url:?}"));
    if let Some(folder) = url.strip_prefix("file://") {
        return if folder.is_empty() || folder.contains(char::REPLACEMENT_CHARACTER) {
            Err(wrong())
        } else {
            Ok(LakeUrl::File(PathBuf::from(folder)))
        };
    }
    let path = url.strip_prefix("s3://").ok_or_else(wrong)?;
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    if !is_bucket_name(bucket) || !is_prefix(prefix) {
        return Err(wrong());
    }
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    Ok(LakeUrl::S3 { bucket: bucket.to_owned(), prefix })
}

/// The form of a bucket's name (Amazon S3 User Guide, "General purpose bucket naming rules").
fn is_bucket_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    (3..=63).contains(&name.len()) && name.bytes().all(known) && edge(name.bytes().next()) && edge(name.bytes().last())
}

/// A prefix of segments that no S3 client changes; a key has at most 1,024 bytes, of which ours need about 120.
fn is_prefix(prefix: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"!-_.*'()=".contains(&byte);
    let segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(safe);
    prefix.is_empty() || prefix.len() <= 900 && prefix.split('/').all(segment)
}

fn sources(list: &str) -> Result<Sources, ConfigError> {
    let mut sources: Vec<(Source, TokenDigest)> = Vec::new();
    for (i, entry) in list.split(',').enumerate() {
        let wrong = |what: &str| TOKEN_DIGESTS.wrong(format!("{what} in entry {}", i + 1));
        let (name, digest) = entry.trim().split_once('=').ok_or_else(|| wrong("no equals sign"))?;
        let source = Source::parse(name).ok_or_else(|| wrong("something else than a source's name"))?;
        let digest = TokenDigest::parse(digest).ok_or_else(|| wrong("something else than 64 hexadecimal digits"))?;
        let other = sources.iter().find(|(other, known)| *known == digest && *other != source);
        if let Some((other, _)) = other {
            return Err(wrong(&format!("the digest of {} again", other.as_str())));
        }
        sources.push((source, digest));
    }
    Ok(Sources::new(sources))
}

fn compression(name: &str) -> Result<Compression, ConfigError> {
    Compression::ALL.into_iter().find(|known| known.name() == name).ok_or_else(|| COMPRESSION.wrong(format!("{name:?}")))
}

fn port_number(port: &str) -> Result<u16, ConfigError> {
    port.parse().ok().filter(|port| *port > 0).ok_or_else(|| PORT.wrong(format!("{port:?}")))
}

fn address_ranges(list: &str) -> Result<Vec<IpNet>, ConfigError> {
    list.split(',').map(address_range).collect()
}

/// Reads one range. An IPv4-mapped one (`::ffff:192.0.2.0/120`) would match nobody: senders are compared by their IPv4 address.
fn address_range(text: &str) -> Result<IpNet, ConfigError> {
    let wrong = || SOURCE_CIDRS.wrong(format!("{text:?}"));
    let range: IpNet = text.trim().parse().map_err(|_| wrong())?;
    if range.addr().to_canonical() == range.addr() { Ok(range) } else { Err(wrong()) }
}

fn group_wait(milliseconds: &str) -> Result<Duration, ConfigError> {
    let read = milliseconds.parse().ok().filter(|&milliseconds| milliseconds <= 1_000);
    read.map(Duration::from_millis).ok_or_else(|| GROUP_WAIT_MS.wrong(format!("{milliseconds:?}")))
}

fn queue_url(url: String) -> Result<String, ConfigError> {
    let uri: Option<Uri> = url.parse().ok();
    let is_url = uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.path().len() > 1);
    if is_url { Ok(url) } else { Err(QUEUE_URL.wrong(format!("{url:?}"))) }
}

fn encryption(mode: Option<&str>, key: Option<String>) -> Result<Option<Encryption>, ConfigError> {
    match (mode, key) {
        (Some("aws:kms"), key) if key.as_ref().is_none_or(|key| is_key_arn(key)) => Ok(Some(Encryption::Kms(key))),
        (None | Some("AES256" | "aws:kms"), Some(key)) => Err(S3_SSE_KMS_KEY_ID.wrong(format!("{key:?}"))),
        (Some("AES256"), None) => Ok(Some(Encryption::S3)),
        (None, None) => Ok(None),
        (Some(mode), _) => Err(S3_SSE.wrong(format!("{mode:?}"))),
    }
}

/// The form of a key's ARN (AWS Key Management Service Developer Guide, "Key identifiers").
fn is_key_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, "kms", _, _, key] if key.starts_with("key/") || key.starts_with("alias/"))
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn account(digits: String) -> Result<String, ConfigError> {
    let is_account = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(digits) } else { Err(S3_BUCKET_OWNER.wrong(format!("{digits:?}"))) }
}

fn only_count(mode: &str) -> Result<bool, ConfigError> {
    match mode {
        "refuse" => Ok(false),
        "count" => Ok(true),
        _ => Err(SOURCE_CIDRS_MODE.wrong(format!("{mode:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let digest = format!("eu={}", "0".repeat(64));
        let defaults = [("LAKE_URL", "file://lake"), ("TOKEN_DIGESTS", digest.as_str())];
        Config::from_lookup(|name| {
            let find = |list: &[(&str, &str)]| list.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            find(settings).or_else(|| find(&defaults))
        })
    }

    #[test]
    fn unset_and_empty_settings_have_their_defaults() {
        for settings in [&[][..], &[("COMPRESSION", ""), ("PORT", " "), ("SOURCE_CIDRS", ""), ("SOURCE_CIDRS_MODE", "")]] {
            let config = read(settings).expect("the defaults");
            assert_eq!((config.compression, config.port), (Compression::Gzip, 9000));
            assert!(!config.addresses.exclude(None));
        }
    }

    #[test]
    fn lakes_are_buckets_or_folders() {
        let s3 = |bucket: &str, prefix: &str| LakeUrl::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() };
        for (url, lake) in [
            ("s3://my-bucket", s3("my-bucket", "")),
            ("s3://my-bucket/", s3("my-bucket", "")),
            ("s3://my.bucket/auth0/raw/", s3("my.bucket", "auth0/raw/")),
            ("file:///var/lake", LakeUrl::File("/var/lake".into())),
            ("file://lake", LakeUrl::File("lake".into())),
        ] {
            assert_eq!(read(&[("LAKE_URL", url)]).map(|config| config.lake), Ok(lake), "{url}");
        }
    }

    #[test]
    fn a_wrong_setting_is_a_sentence_that_names_it_and_never_a_digest() {
        let digest = "ab".repeat(32);
        let twice = format!("eu={digest},us={digest}");
        let cut = format!("eu={}", &digest[1..]);
        for (name, value, got) in [
            ("LAKE_URL", " ", "got nothing"),
            ("LAKE_URL", "lake", "got \"lake\""),
            ("LAKE_URL", "file://", "got \"file://\""),
            ("LAKE_URL", "s3://No", "got \"s3://No\""),
            ("LAKE_URL", "s3://bucket/a//b", "got \"s3://bucket/a//b\""),
            ("LAKE_URL", "s3://bucket/../b", "got \"s3://bucket/../b\""),
            ("TOKEN_DIGESTS", "", "got nothing"),
            ("TOKEN_DIGESTS", "eu", "got no equals sign in entry 1"),
            ("TOKEN_DIGESTS", "E U=00", "got something else than a source's name in entry 1"),
            ("TOKEN_DIGESTS", &cut, "got something else than 64 hexadecimal digits in entry 1"),
            ("TOKEN_DIGESTS", &twice, "got the digest of eu again in entry 2"),
            ("COMPRESSION", "GZIP", "got \"GZIP\""),
            ("PORT", "0", "got \"0\""),
            ("PORT", "70000", "got \"70000\""),
            ("SOURCE_CIDRS", "192.0.2.0/24,x", "got \"x\""),
            ("SOURCE_CIDRS", "::ffff:192.0.2.0/120", "got \"::ffff:192.0.2.0/120\""),
            ("STACK_NAME", "a b", "got \"a b\""),
            ("SOURCE_CIDRS_MODE", "warn", "got \"warn\""),
            ("GROUP_WAIT_MS", "1001", "got \"1001\""),
            ("GROUP_WAIT_MS", "-1", "got \"-1\""),
            ("QUEUE_URL", "acme-queue", "got \"acme-queue\""),
            ("QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com", "got \"https://sqs.eu-central-1.amazonaws.com\""),
            ("S3_SSE", "aes256", "got \"aes256\""),
            ("S3_SSE_KMS_KEY_ID", "arn:aws:kms:eu-central-1:123456789012:key/a", "got \"arn:aws:kms:eu-central-1:123456789012:key/a\""),
            ("S3_BUCKET_OWNER", "12345678901", "got \"12345678901\""),
        ] {
            let error = read(&[(name, value)]).expect_err(name).to_string();
            assert!(error.starts_with(&format!("{name} must be ")) && error.ends_with(got), "{error}");
            assert!(!error.contains(&digest[1..]), "{error}");
        }
    }

    #[test]
    fn on_lambda_a_folder_and_the_published_token_stop_the_start_and_under_an_emulator_they_do_not() {
        let published = format!("eu={},us={DEVELOPMENT_DIGEST}", "0".repeat(64));
        for (name, value, got) in [
            ("LAKE_URL", "file://lake", "got \"file://lake\""),
            ("TOKEN_DIGESTS", published.as_str(), "got the digest of the published development token"),
        ] {
            let on_lambda = [("LAKE_URL", "s3://bucket"), ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")];
            let error = read(&[&[(name, value)], &on_lambda[..]].concat()).expect_err(name).to_string();
            assert!(error.starts_with(&format!("{name} must be ")) && error.ends_with(got), "{error}");
            assert!(read(&[&[(name, value)], &on_lambda[..1]].concat()).is_ok(), "{name} elsewhere");
            for emulator in ["AWS_SAM_LOCAL", "AWS_ENDPOINT_URL"] {
                assert!(read(&[&[(name, value), (emulator, "true")], &on_lambda[..]].concat()).is_ok(), "{name} under {emulator}");
            }
        }
    }

    #[test]
    fn puts_are_encrypted_as_the_settings_say() {
        const KEY: &str = "arn:aws-cn:kms:cn-north-1:123456789012:key/0-a";
        let kms = |key: Option<&str>| Some(Encryption::Kms(key.map(str::to_owned)));
        for (mode, key, encryption) in [
            ("", "", Some(None)),
            ("AES256", "", Some(Some(Encryption::S3))),
            ("aws:kms", "", Some(kms(None))),
            ("aws:kms", KEY, Some(kms(Some(KEY)))),
            ("aws:kms", "0-a", None),
            ("AES256", KEY, None),
            ("", KEY, None),
        ] {
            let read = read(&[("S3_SSE", mode), ("S3_SSE_KMS_KEY_ID", key)]);
            assert_eq!(read.ok().map(|config| config.puts.encryption), encryption, "{mode} {key}");
        }
    }

    #[test]
    fn the_handler_says_which_function_it_is() {
        let function = |handler| read(&[("_HANDLER", handler)]).map(|config| config.function);
        for (handler, expected) in [("receive", Function::Receive), ("drain", Function::Drain), ("bootstrap", Function::Either)] {
            assert_eq!(function(handler), Ok(expected), "{handler}");
        }
    }

    #[test]
    fn a_source_may_have_two_digests_and_every_digest_one_source() {
        let list = format!("eu={0},eu={1}, us={2},eu={0}", "0".repeat(64), "1".repeat(64), "2".repeat(64));
        assert!(read(&[("TOKEN_DIGESTS", &list)]).is_ok());
    }

    #[test]
    fn addresses_outside_the_ranges_are_excluded() {
        let config = read(&[("SOURCE_CIDRS", "192.0.2.0/24, 2001:db8::/32"), ("SOURCE_CIDRS_MODE", "count")]).expect("ranges");
        assert!(config.addresses.only_count);
        for (address, excluded) in
            [("192.0.2.9", false), ("::ffff:192.0.2.9", false), ("2001:db8::1", false), ("198.51.100.1", true), ("2001:db9::1", true)]
        {
            assert_eq!(config.addresses.exclude(address.parse().ok()), excluded, "{address}");
        }
        assert!(config.addresses.exclude(None));
    }
}
