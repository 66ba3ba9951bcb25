//! AWS profiles of every kind, as an engineer's configuration file has them.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::{GOOD, Said, command, gzip, reject_key, row, s3, said};

const CONFIG: &str = "\
[profile process]
credential_process = FOLDER/process
region = eu-central-1
[profile broken]
credential_process = FOLDER/none
region = eu-central-1
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = reader
region = eu-central-1
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-central-1
sso_registration_scopes = sso:account:access
[profile login]
login_session = arn:aws:iam::111122223333:user/somebody
region = eu-central-1
";

/// Reads a bucket with a profile; neither the machine's own files nor its metadata service are asked.
fn with_profile(folder: &Path, endpoint: &str, profile: &str) -> Said {
    let config = folder.join("config");
    fs::write(&config, CONFIG.replace("FOLDER", &folder.display().to_string())).expect("a file");
    let mut command = command(&["replay", "--from", "s3://bucket/auth0", "--dry-run"], None);
    command.env("AWS_CONFIG_FILE", config).env("AWS_SHARED_CREDENTIALS_FILE", folder.join("none")).env("HOME", folder);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"] {
        command.env_remove(name);
    }
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "eu-central-1").env("AWS_ENDPOINT_URL_S3", endpoint);
    command.envs((!profile.is_empty()).then_some(("AWS_PROFILE", profile)));
    tokio::task::block_in_place(|| said(command.output().expect("the command")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_with_a_credential_process_reads_a_bucket() {
    let (folder, root) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let process = folder.path().join("process");
    fs::write(&process, "#!/bin/sh\necho '{\"Version\": 1, \"AccessKeyId\": \"key\", \"SecretAccessKey\": \"secret\"}'\n")
        .expect("a script");
    fs::set_permissions(&process, fs::Permissions::from_mode(0o755)).expect("a script");
    let endpoint = s3(root.path()).await;
    let path = root.path().join("bucket/auth0").join(reject_key("2026-07-01"));
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, gzip(&row("missing_data", "eu", GOOD))).expect("an object");
    let said = with_profile(folder.path(), &endpoint, "process");
    assert!(said.good && said.has_line("Found 1 reject"), "{}{}", said.out, said.error);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_gives_no_credentials_is_a_sentence_that_says_what_to_do() {
    let (folder, root) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let endpoint = s3(root.path()).await;
    for (profile, why) in [
        ("", "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("sso", "failed to load the cached SSO token); where they need a sign-in: aws sso login, or aws login."),
        ("login", ".aws/login/cache/"),
        ("broken", "external process exited with code exit status: 127."),
    ] {
        let said = with_profile(folder.path(), &endpoint, profile);
        assert!(!said.good && said.error.contains(why), "{profile}: {}", said.error);
        assert!(
            said.error.starts_with("lake: rejects/* of s3://bucket/auth0/ cannot be read: ") && said.error.lines().count() == 1,
            "{}",
            said.error
        );
        for debug in ["{", "feature", "Error("] {
            assert!(!said.error.contains(debug), "{profile}: {}", said.error);
        }
    }
}

#[cfg(feature = "aws")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_without_credentials_says_so_in_sentences() {
    let folder = crate::Lake::new();
    let receiver = crate::RunningReceiver::start(&folder.url(), &[]);
    let home = tempfile::tempdir().expect("a folder");
    let mut command = command(&["doctor", "--url", &receiver.url, "--lake", "s3://bucket", "--workgroup", "group"], Some(crate::TOKEN));
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"] {
        command.env_remove(name);
    }
    command.env("HOME", home.path()).env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "eu-central-1");
    let said = tokio::task::block_in_place(|| said(command.output().expect("the command")));
    assert!(!said.good && said.has("found in the lake FAILED events/dt="), "{}", said.out);
    assert!(
        said.has("found in the table FAILED Athena did not take the call: no AWS credentials were found; set AWS_PROFILE"),
        "{}",
        said.out
    );
    assert!(said.out.matches("no AWS credentials were found").count() == 2 && !said.out.contains('{'), "{}", said.out);
}
