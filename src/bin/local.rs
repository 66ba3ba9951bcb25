//! The same receiver as a small HTTP server, for a laptop.

use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
};

use auth0_log_lake::{
    config::{Config, SETTINGS},
    receive::Receiver,
    serve::{self, local},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

#[tokio::main]
async fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => {}
        Some("--help" | "-h") => {
            print!("{}", help());
            return ExitCode::SUCCESS;
        }
        Some(unknown) => {
            eprintln!("local takes no options, and got {unknown:?}; it reads variables, which local --help lists");
            return ExitCode::from(2);
        }
    }
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let line = |setting: &auth0_log_lake::config::Setting| {
        format!("  {:18} {} [default: {}]\n", setting.name, setting.needs, setting.default.unwrap_or("none, required"))
    };
    let settings: String = SETTINGS.iter().map(line).collect();
    format!(
        "Receives Auth0 log streams on 127.0.0.1 and writes them to a lake. It takes no options; it reads these variables:\n\n{settings}"
    )
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config: Config = serve::settings()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, config.port));
    let listener = TcpListener::bind(address).await.map_err(|error| format!("PORT {} cannot be listened on: {error}", config.port))?;
    Ok(local::run(listener, Receiver::open(config).await, serve::to_stdout, ended()).await?)
}

/// Waits for Ctrl-C or a request to terminate.
async fn ended() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
