//! Options that mean the same in every command.
//!
//! A command flattens those that it needs, reads the stack once with [`StackOption::read`], and passes it to the others:
//! what the operator types goes before what the stack says.

use std::path::PathBuf;

use auth0_log_lake::{auth::Source, config::LakeUrl};

use crate::{outcome::Failure, stack::Stack};

/// The lake that a command works on.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct LakeOption {
    /// Lake: a folder, file://folder or s3://bucket[/prefix] [default: the lake of --stack, or ./lake]
    #[arg(long, value_name = "LAKE", value_parser = lake)]
    lake: Option<LakeUrl>,
}

impl LakeOption {
    /// Returns the lake that was given, or that of the stack.
    pub fn given(&self, stack: Option<&Stack>) -> Option<LakeUrl> {
        self.lake.clone().or_else(|| Some(stack?.lake.clone()))
    }

    /// Returns the lake that was given, or that of the stack, or `./lake`.
    pub fn or_local(&self, stack: Option<&Stack>) -> LakeUrl {
        self.given(stack).unwrap_or_else(|| LakeUrl::File(PathBuf::from("lake")))
    }
}

/// The receiver that a command posts to.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct UrlOption {
    /// URL of the receiver [default: the receiver of --stack]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl UrlOption {
    /// Returns the URL that was given, or that of the stack.
    ///
    /// # Errors
    /// There is neither.
    pub fn of(&self, stack: Option<&Stack>) -> Result<String, Failure> {
        self.url.clone().or_else(|| Some(stack?.url.clone())).ok_or(Failure::MissingUrl)
    }
}

/// The stack that says where everything is.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct StackOption {
    /// Stack whose outputs fill in the lake, URL, database and workgroup that are not given
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
}

impl StackOption {
    /// Reads the outputs of the stack, if one is named.
    ///
    /// # Errors
    /// The stack cannot be read, or is not a stack of this project.
    pub fn read(&self) -> Result<Option<Stack>, Failure> {
        self.stack.as_deref().map(Stack::read).transpose()
    }
}

/// The tables in Athena.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct TablesOption {
    /// Athena workgroup [default: the workgroup of --stack]
    #[arg(long, value_name = "NAME")]
    workgroup: Option<String>,
    /// Glue database [default: the database of --stack, or auth0_log_lake]
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
}

impl TablesOption {
    /// Returns the workgroup that was given, or that of the stack.
    pub fn workgroup(&self, stack: Option<&Stack>) -> Option<String> {
        self.workgroup.clone().or_else(|| Some(stack?.workgroup.clone()))
    }

    /// Returns the database that was given, or that of the stack, or the template's default.
    pub fn database(&self, stack: Option<&Stack>) -> String {
        let given = self.database.clone().or_else(|| Some(stack?.database.clone()));
        given.unwrap_or_else(|| "auth0_log_lake".to_owned())
    }
}

/// How a command prints its rows.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Columns for a person
    #[default]
    Table,
    /// One row a line, with a line of names first
    Csv,
    /// One object a line
    Json,
}

/// The choice of a format.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct FormatOption {
    /// How to print
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: Format,
}

/// Consent to a change that is only shown without it.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct YesOption {
    /// Make the change; without it, the command only says what it would do
    #[arg(long)]
    pub yes: bool,
}

/// Reads a lake: a folder as it stands, or a URL.
///
/// # Errors
/// A URL of another kind, as a sentence.
pub fn lake(text: &str) -> Result<LakeUrl, String> {
    if text.is_empty() || text.contains("://") {
        return text.parse().map_err(|_| "a lake is a folder, file://folder or s3://bucket[/prefix]".to_owned());
    }
    Ok(LakeUrl::File(PathBuf::from(text)))
}

/// Reads the name of a source.
///
/// # Errors
/// Text that is no name, as a sentence.
pub fn source(name: &str) -> Result<Source, &'static str> {
    Source::parse(name).ok_or("a source is 1 to 32 of a-z, 0-9 and \"-\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack() -> Stack {
        Stack {
            lake: "s3://bucket/auth0".parse().expect("a lake"),
            url: "https://receiver.example/".to_owned(),
            database: "logs".to_owned(),
            workgroup: "auth0".to_owned(),
        }
    }

    #[test]
    fn a_lake_is_a_folder_as_it_stands_or_a_url() {
        for (text, read) in [
            ("lake", "file://lake"),
            ("./a b [prod]?", "file://./a b [prod]?"),
            ("/lake", "file:///lake"),
            ("file://lake", "file://lake"),
            ("s3://bucket", "s3://bucket/"),
            ("s3://bucket/auth0/", "s3://bucket/auth0/"),
        ] {
            assert_eq!(lake(text).expect(text).to_string(), read);
        }
        for wrong in ["", "http://host/", "S3://bucket", "s3://", "file://"] {
            assert!(lake(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_typed_goes_before_what_the_stack_says() {
        let stack = stack();
        let typed = LakeOption { lake: Some(lake("here").expect("a lake")) };
        assert_eq!(typed.or_local(Some(&stack)).to_string(), "file://here");
        assert_eq!(LakeOption::default().or_local(Some(&stack)).to_string(), "s3://bucket/auth0/");
        assert_eq!((LakeOption::default().given(None), LakeOption::default().or_local(None).to_string()), (None, "file://lake".to_owned()));
        assert_eq!(UrlOption::default().of(Some(&stack)).expect("a URL"), stack.url);
        assert_eq!(UrlOption { url: Some("x".to_owned()) }.of(Some(&stack)).expect("a URL"), "x");
        assert!(matches!(UrlOption::default().of(None), Err(Failure::MissingUrl)));
        let tables = TablesOption::default();
        assert_eq!((tables.workgroup(Some(&stack)), tables.database(Some(&stack))), (Some(stack.workgroup.clone()), stack.database));
        assert_eq!((tables.workgroup(None), tables.database(None)), (None, "auth0_log_lake".to_owned()));
    }
}
