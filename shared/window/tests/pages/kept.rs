//! Kept copies of every page and state. `UPDATE_PAGES=1` writes them anew; look at what has changed before you keep it.

use std::path::{Path, PathBuf};

use watchkeeper_window::html::Html;
use watchkeeper_window::page::BYTES_MAX;

use crate::shown::all;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/kept")
}

/// Each element begins a line, so that a difference shows where it is.
fn lines(html: &Html) -> String {
    html.as_str().replace("><", ">\n<") + "\n"
}

#[expect(clippy::disallowed_methods, reason = "a switch for whoever runs this by hand")]
fn is_update() -> bool {
    std::env::var_os("UPDATE_PAGES").is_some()
}

#[test]
fn every_page_is_as_it_was_kept() {
    let update = is_update();
    for (name, html) in all() {
        let path = folder().join(format!("{name}.html"));
        let now = lines(&html);
        if update {
            std::fs::write(&path, &now).unwrap();
        }
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = before.lines().zip(now.lines()).enumerate().find(|(_, (before, now))| before != now);
        if let Some((line, (before, now))) = differs {
            panic!(
                "{name}.html, line {}:\n  kept: {before}\n  now:  {now}\nUPDATE_PAGES=1 keeps what is now",
                line + 1
            );
        }
        assert_eq!(before.lines().count(), now.lines().count(), "{name}.html; UPDATE_PAGES=1 keeps what is now");
    }
}

#[test]
fn no_page_is_kept_that_is_not_made_any_more() {
    let made: Vec<String> = all().into_iter().map(|(name, _)| format!("{name}.html")).collect();
    for kept in std::fs::read_dir(folder()).unwrap() {
        let name = kept.unwrap().file_name().into_string().unwrap();
        assert!(made.contains(&name), "{name}");
    }
}

#[test]
fn every_page_fits() {
    for (name, html) in all() {
        assert!(html.as_str().len() <= BYTES_MAX, "{name}: {} bytes", html.as_str().len());
    }
}
