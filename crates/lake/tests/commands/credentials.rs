//! AWS profiles of every kind, as an engineer's configuration file has them.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use support::{
    files::folder,
    s3::{BUCKET, KEY, S3, SECRET},
};

use crate::{
    GOOD,
    folder::{reject, row},
    program::{Said, command, run},
};

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
    let mut command = command(&["replay", "--lake", &format!("s3://{BUCKET}/auth0"), "--dry-run"], None);
    command.env("AWS_CONFIG_FILE", config).env("AWS_SHARED_CREDENTIALS_FILE", folder.join("none")).env("HOME", folder);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"] {
        command.env_remove(name);
    }
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "eu-central-1").env("AWS_ENDPOINT_URL_S3", endpoint);
    command.envs((!profile.is_empty()).then_some(("AWS_PROFILE", profile)));
    run(&mut command)
}

#[test]
fn a_profile_with_a_credential_process_reads_a_bucket() {
    let (folder, s3) = (folder(), S3::start());
    let process = folder.path().join("process");
    fs::write(&process, format!("#!/bin/sh\necho '{{\"Version\": 1, \"AccessKeyId\": \"{KEY}\", \"SecretAccessKey\": \"{SECRET}\"}}'\n"))
        .expect("a script");
    fs::set_permissions(&process, fs::Permissions::from_mode(0o755)).expect("a script");
    reject(&s3.bucket().join("auth0"), "2026-07-01", &row("missing_data", "eu", GOOD));
    let said = with_profile(folder.path(), &s3.server.endpoint, "process");
    assert!(said.good && said.has_line("Found 1 reject"), "{}{}", said.out, said.error);
}

#[test]
fn a_profile_that_gives_no_credentials_is_a_sentence_that_says_what_to_do() {
    let (folder, s3) = (folder(), S3::start());
    for (profile, why) in [
        ("", "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("sso", "failed to load the cached SSO token); where they need a sign-in: aws sso login, or aws login."),
        ("login", ".aws/login/cache/"),
        ("broken", "external process exited with code exit status: 127."),
    ] {
        let said = with_profile(folder.path(), &s3.server.endpoint, profile);
        assert!(!said.good && said.error.contains(why), "{profile}: {}", said.error);
        assert!(
            said.error.starts_with(&format!("lake: rejects/* of s3://{BUCKET}/auth0/ cannot be read: ")) && said.error.lines().count() == 1,
            "{}",
            said.error
        );
        for debug in ["{", "feature", "Error("] {
            assert!(!said.error.contains(debug), "{profile}: {}", said.error);
        }
    }
}

#[cfg(feature = "aws")]
#[test]
fn the_doctor_without_credentials_says_so_in_sentences() {
    let lake = crate::folder::Lake::new();
    let receiver = crate::receiver::RunningReceiver::start(&lake.url(), &[]);
    let home = folder();
    let mut command = command(&["doctor", "--url", &receiver.url, "--lake", "s3://bucket", "--workgroup", "group"], Some(crate::TOKEN));
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"] {
        command.env_remove(name);
    }
    command.env("HOME", home.path()).env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", "eu-central-1");
    let said = run(&mut command);
    assert!(said.code == 2 && said.has("found in the lake ? events/dt="), "{}", said.out);
    assert!(said.has("found in the table ? Athena did not take the call: no AWS credentials were found; set AWS_PROFILE"), "{}", said.out);
    assert!(said.out.matches("no AWS credentials were found").count() == 2 && !said.out.contains('{'), "{}", said.out);
}
