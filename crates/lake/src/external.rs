//! Programs that `lake` starts in its own place, as cargo and git start theirs: arguments pass as they are, and so does the end.

use std::{
    env,
    ffi::OsString,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
};

use crate::outcome::Failure;

/// Commands whose program is Python's, `lake-<name>`.
pub const ANALYSES: [&str; 3] = ["query", "detect", "report"];

/// Arguments that another program reads.
#[derive(clap::Args, Clone, Debug)]
pub struct Passed {
    /// Options of the program; --help lists them
    #[arg(value_name = "ARGUMENTS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// Becomes `lake-<name>`: of the PATH, or beside this program, or from the clone.
///
/// # Errors
/// It is in none of these places, or cannot be started. Otherwise this does not return.
pub fn analysis(name: &str, arguments: &[OsString], lookup: &dyn Fn(&str) -> Option<String>) -> Failure {
    let program = format!("lake-{name}");
    let folders: Vec<PathBuf> = lookup("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    let installed = folders.iter().map(|folder| folder.join(&program)).chain(beside(&program)).find(|path| is_program(path));
    let mut command = match (installed, in_clone("analysis/run", lookup)) {
        (Some(installed), _) => Command::new(installed),
        (None, Some(run)) => {
            let mut command = Command::new(run);
            command.arg(name);
            command
        }
        (None, None) => return Failure::NoProgram { program, from: "the wheel of the release (pip install), or a clone (cargo lake)" },
    };
    Failure::Start { program, source: command.args(arguments).exec() }
}

/// Returns a file of the clone: that of cargo, which starts this program, or the one in which it was built.
pub fn in_clone(path: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let of_cargo = lookup("CARGO_MANIFEST_DIR").and_then(|package| Path::new(&package).ancestors().nth(2).map(Path::to_owned));
    let built = env::current_exe().unwrap_or_default();
    let roots = of_cargo.into_iter().chain(built.ancestors().skip(1).map(Path::to_owned));
    roots.filter(|root| root.join("crates/lake").is_dir()).map(|root| root.join(path)).find(|found| found.exists())
}

/// Returns the file of this name beside this program, as in the bundle of a release.
pub fn beside(name: &str) -> Option<PathBuf> {
    Some(env::current_exe().ok()?.with_file_name(name))
}

/// Whether this is a file that can be started.
pub fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
