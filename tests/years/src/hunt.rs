//! Do the checks catch anything? Deliberate bugs are built into a copy of the sources, and for each of them the histories of the
//! fixed set are played until one goes wrong.
#![allow(clippy::print_stdout, reason = "a command speaks to its user")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use watchkeeper_years::bugs::{DeliberateBug, deliberate_bugs, planted};
use watchkeeper_years::history::FIXED_SET;

/// What the copy consists of.
const SOURCES: [&str; 7] =
    ["Cargo.toml", "Cargo.lock", "shared", "functions", "statemachines", "tests", "template.yaml"];

/// The program of the copy; it lies beside this one.
const PROGRAM: &str = "years-with-bugs";

/// The version of all packages of the copy: cargo tells them from ours by it, in the same target folder.
const VERSION: &str = "0.0.0-bugs";

/// Plays with each of the bugs of these names, or with all, and tells which were found.
pub(crate) fn hunt(names: &[String]) -> ExitCode {
    match hunted(names) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn hunted(names: &[String]) -> Result<bool, String> {
    let bugs = deliberate_bugs()?;
    if let Some(name) = names.iter().find(|name| !bugs.iter().any(|bug| bug.bug == **name)) {
        let known: Vec<&str> = bugs.iter().map(|bug| bug.bug.as_str()).collect();
        return Err(format!("--bugs: found {name}, expected some of {}", known.join(", ")));
    }
    println!("building a copy with {} bugs, each with a switch …", bugs.len());
    let program = built(&bugs)?;
    if let Some(line) = first_found(&program, "none")? {
        return Err(format!("without a bug nothing may be found: {line}"));
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["bug", "what it does", "found"]);
    let mut all_found = true;
    for bug in bugs.iter().filter(|bug| names.is_empty() || names.contains(&bug.bug)) {
        let line = first_found(&program, &bug.bug)?;
        let expected = |line: &String| bug.breaks.iter().any(|name| line.split(' ').next() == Some(name));
        all_found &= line.as_ref().is_some_and(expected);
        let found = match line {
            Some(line) if expected(&line) => line,
            Some(line) => format!("{line}, and not as {}", bug.breaks.join(" or ")),
            None => format!("not found: {}", bug.breaks.join(" or ")),
        };
        println!("{}: {found}", bug.bug);
        table.add_row([&bug.bug, &bug.what, &found]);
    }
    println!("{table}");
    Ok(all_found)
}

/// Builds the copy; what cargo has compiled of others' packages serves it, too.
fn built(bugs: &[DeliberateBug]) -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = here.ancestors().nth(2).ok_or("this program has no target folder")?;
    let (root, tree) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), target.join("bugs"));
    let failed = |error: std::io::Error| format!("{}: {error}", tree.display());
    for source in SOURCES {
        copy(&root.join(source), &tree.join(source)).map_err(failed)?;
    }
    for (file, text) in planted(bugs, &root)? {
        put(&tree.join(file), text.as_bytes()).map_err(failed)?;
    }
    let own = format!("version = {:?}", env!("CARGO_PKG_VERSION"));
    let changed = [
        ("tests/years/Cargo.toml", "name = \"years\"".to_owned(), format!("name = {PROGRAM:?}")),
        ("Cargo.toml", format!("\n{own}\n"), format!("\nversion = {VERSION:?}\n")),
    ];
    for (file, from, to) in changed {
        let text = std::fs::read_to_string(root.join(file)).map_err(failed)?;
        put(&tree.join(file), text.replace(&from, &to).as_bytes()).map_err(failed)?;
    }
    let mut cargo = Command::new("cargo");
    // The lock file has our versions, and is brought up to date.
    cargo.args(["build", "--quiet", "--offline", "--bin", PROGRAM]).current_dir(&tree).env("CARGO_TARGET_DIR", target);
    if cargo.status().map_err(failed)?.success() {
        Ok(target.join("debug").join(PROGRAM))
    } else {
        Err("the copy does not compile".to_owned())
    }
}

/// What is found first in the histories of the fixed set, with a bug switched on.
fn first_found(program: &Path, bug: &str) -> Result<Option<String>, String> {
    let (first, histories) = (FIXED_SET.start, FIXED_SET.end - FIXED_SET.start);
    let mut years = Command::new(program);
    years.args(["--first", "--seed", &first.to_string(), "--histories", &histories.to_string()]);
    let played = years.env("DELIBERATE_BUG", bug).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&played.stdout);
    let line = said.lines().rev().find_map(|line| line.strip_prefix("found: "));
    match line {
        None if !played.status.success() => Err(format!("{bug}: {said}")),
        line => Ok(line.map(str::to_owned)),
    }
}

/// A copy of a file or a folder.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if from.is_file() {
        return put(to, &std::fs::read(from)?);
    }
    let entries: Vec<PathBuf> = std::fs::read_dir(from)?.map(|it| Ok(it?.path())).collect::<std::io::Result<_>>()?;
    for path in entries {
        match path.file_name() {
            Some(name) if name != "target" && name != "node_modules" => copy(&path, &to.join(name))?,
            _ => {}
        }
    }
    Ok(())
}

/// A file with this text; one that has it is left alone, so that cargo compiles only what has changed.
fn put(to: &Path, text: &[u8]) -> std::io::Result<()> {
    if std::fs::read(to).is_ok_and(|there| there == text) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(to, text)
}
