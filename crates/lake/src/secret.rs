//! Reads a secret of Secrets Manager. It needs `secretsmanager:GetSecretValue` on that secret.

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::{Client, error::ProvideErrorMetadata, operation::get_secret_value::GetSecretValueError};

use crate::credentials;

/// Secrets Manager.
#[derive(Debug)]
pub struct Secrets(Client);

impl Secrets {
    /// Opens it with the credentials and settings of the environment; nothing is read yet.
    pub async fn open() -> Self {
        Self(Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await))
    }

    /// Reads the text of a secret's current version.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence. It shows nothing of a secret.
    pub async fn read(&self, arn: &str) -> Result<String, String> {
        let why = match self.0.get_secret_value().secret_id(arn).send().await {
            Ok(secret) => match secret.secret_string() {
                Some(text) => return Ok(text.to_owned()),
                None => "it holds bytes, not text".to_owned(),
            },
            Err(error) => match error.as_service_error() {
                Some(service) => meaning(service),
                None => credentials::missing(&error).unwrap_or_else(|| credentials::chain(&error)),
            },
        };
        Err(format!("the secret {arn} cannot be read: {why}"))
    }
}

fn meaning(error: &GetSecretValueError) -> String {
    let code = error.code().unwrap_or_default();
    let sentence = match code {
        "ResourceNotFoundException" => "there is none of this name, or it has no value",
        "AccessDeniedException" => {
            "access is denied; it takes secretsmanager:GetSecretValue, and kms:Decrypt where a key of yours encrypts it"
        }
        "DecryptionFailure" => "its KMS key cannot be used",
        "InvalidRequestException" => "it is about to be deleted",
        _ => "Secrets Manager failed",
    };
    format!("{sentence} ({code})")
}
