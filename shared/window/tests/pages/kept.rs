//! Kept copies of every page and state. `UPDATE_PAGES=1` writes them anew; look at what has changed before you keep it.

use std::path::{Path, PathBuf};

use watchkeeper_window::html::Html;
use watchkeeper_window::page::{Selection, window};

use crate::moment::{everything, frame, hundred, over, quiet};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/kept")
}

/// Holds a page against its kept copy. Each element begins a line, so that a difference shows where it is.
fn kept(name: &str, html: &Html) {
    let path = folder().join(format!("{name}.html"));
    let lines = html.as_str().replace("><", ">\n<") + "\n";
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, &lines).unwrap();
    }
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = before.lines().zip(lines.lines()).enumerate().find(|(_, (before, now))| before != now);
    if let Some((line, (before, now))) = differs {
        panic!("{name}.html, line {}:\n  kept: {before}\n  now:  {now}\nUPDATE_PAGES=1 keeps what is now", line + 1);
    }
    assert_eq!(before.lines().count(), lines.lines().count(), "{name}.html; UPDATE_PAGES=1 keeps what is now");
}

#[test]
fn the_window() {
    kept("window", &window(&frame(), &over(everything()), &Selection::default()));
    kept("window-quiet", &window(&frame(), &over(quiet()), &Selection::default()));
    kept("window-100", &window(&frame(), &over(hundred()), &Selection::default()));
}
