//! What a stack says of itself: its outputs, so that nobody retypes them.

use auth0_log_lake::config::LakeUrl;

use crate::outcome::Failure;

/// Where everything of a stack is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Its lake: the output Bucket, below the parameter LakePrefix.
    pub lake: LakeUrl,
    /// URL of its receiver: the output ReceiverUrl.
    pub url: String,
    /// Glue database of its tables: the output Database.
    pub database: String,
    /// Athena workgroup: the output Workgroup.
    pub workgroup: String,
}

/// A stack that cannot be used, as a sentence.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The stack cannot be read.
    #[error("the stack {name} cannot be read: {why}")]
    Unread {
        /// Its name.
        name: String,
        /// Why not.
        why: String,
    },
    /// The stack lacks an output.
    #[error("the stack {name} has no {missing}: is it a stack of auth0-log-lake, and is its first deployment done?")]
    Other {
        /// Its name.
        name: String,
        /// What it lacks.
        missing: String,
    },
    /// This program cannot ask AWS.
    #[cfg(not(feature = "aws"))]
    #[error("--stack asks AWS, and this lake was built without feature aws")]
    WithoutAws,
}

impl Stack {
    /// Reads a stack's outputs with the credentials and region of the environment, as the AWS CLI does.
    ///
    /// # Errors
    /// The stack cannot be read, or lacks an output.
    #[cfg(feature = "aws")]
    pub fn read(name: &str) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let described = runtime.block_on(described::read(name)).map_err(|why| StackError::Unread { name: name.to_owned(), why })?;
        let found = |kind: &str, key: &str, pairs: &[(String, String)]| {
            let value = pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
            value.ok_or_else(|| StackError::Other { name: name.to_owned(), missing: format!("{kind} {key}") })
        };
        let output = |key: &str| found("output", key, &described.outputs);
        let prefix = found("parameter", "LakePrefix", &described.parameters)?;
        let (lake, url) = (format!("s3://{}/{prefix}", output("Bucket")?).parse()?, output("ReceiverUrl")?);
        Ok(Self { lake, url, database: output("Database")?, workgroup: output("Workgroup")? })
    }

    /// Says that this program cannot ask AWS.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "aws"))]
    pub fn read(_: &str) -> Result<Self, Failure> {
        Err(StackError::WithoutAws.into())
    }
}

/// The only part that names a type of the SDK.
#[cfg(feature = "aws")]
mod described {
    use aws_config::BehaviorVersion;
    use aws_sdk_cloudformation::{Client, error::ProvideErrorMetadata};

    use crate::credentials;

    /// Names and values of a stack.
    pub struct Described {
        pub outputs: Vec<(String, String)>,
        pub parameters: Vec<(String, String)>,
    }

    /// Reads them; the error is a sentence.
    pub async fn read(name: &str) -> Result<Described, String> {
        let shared = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let Some(region) = shared.region() else {
            return Err("no AWS region is set; set AWS_REGION, or AWS_PROFILE to a profile with a region".to_owned());
        };
        let answer = Client::new(&shared).describe_stacks().stack_name(name).send().await.map_err(|error| {
            let said = error.message().map(|message| format!("{message} (region {region})"));
            credentials::missing(&error).or(said).unwrap_or_else(|| credentials::chain(&error))
        })?;
        let stack = answer.stacks().first().ok_or("AWS described no stack of this name")?;
        let pair = |key: Option<&str>, value: Option<&str>| Some((key?.to_owned(), value?.to_owned()));
        Ok(Described {
            outputs: stack.outputs().iter().filter_map(|output| pair(output.output_key(), output.output_value())).collect(),
            parameters: stack.parameters().iter().filter_map(|one| pair(one.parameter_key(), one.parameter_value())).collect(),
        })
    }
}
