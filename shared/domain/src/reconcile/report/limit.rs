//! The longest text that crosses a state of a machine: 256 KiB is the most that a state carries (Step Functions quotas), in
//! JSON and with what else is in it.

/// The longest text, in bytes as JSON.
pub const TEXT_MAX: usize = 200 * 1024;

/// How many bytes of a text's end say what is missing.
const ROOM: usize = 80;

/// The text itself, or as many whole lines of it as a state carries, and how many more there are.
pub fn fitting(text: String) -> String {
    if escaped(&text) <= TEXT_MAX {
        return text;
    }
    let lines: Vec<&str> = text.lines().collect();
    let (mut kept, mut bytes) = (0, 0);
    for line in &lines {
        bytes += escaped(line) + 2;
        if bytes > TEXT_MAX - ROOM {
            break;
        }
        kept += 1;
    }
    if kept == 0 {
        // One line that is longer than everything may be: each character takes at most six bytes as JSON.
        let short: String = text.chars().take((TEXT_MAX - ROOM) / 6).collect();
        return format!("{short}…");
    }
    format!(
        "{}\n… and {} lines more, which no state of a machine can carry\n",
        lines[..kept].join("\n"),
        lines.len() - kept
    )
}

/// How long a text is as JSON, without its quotes.
fn escaped(text: &str) -> usize {
    let long = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        c if c.is_control() => 6,
        c => c.len_utf8(),
    };
    text.chars().map(long).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn as_json(text: &str) -> usize {
        serde_json::to_string(text).unwrap().len()
    }

    #[test]
    fn a_text_that_fits_stays_as_it_is() {
        let text = "one\ntwo \"three\"\n".to_owned();
        assert_eq!(fitting(text.clone()), text);
    }

    #[test]
    fn a_long_one_ends_after_a_line_and_says_how_many_more_there_were() {
        for line in ["[refused] below-floor: service:c/s: \"0\" tasks", "ä\\\"", "x"] {
            let text = (0..200_000).fold(String::new(), |text, n| text + line + &format!(" {n}\n"));
            let cut = fitting(text);
            assert!(as_json(&cut) <= TEXT_MAX && as_json(&cut) > TEXT_MAX - 200, "{}", as_json(&cut));
            let kept = cut.lines().count() - 1;
            assert!(
                cut.ends_with(&format!("… and {} lines more, which no state of a machine can carry\n", 200_000 - kept))
            );
            assert!(cut.starts_with(line) && cut.contains(&format!("{line} {}\n", kept - 1)));
        }
    }

    #[test]
    fn a_line_without_an_end_is_cut_too() {
        for c in ["x", "\u{1}", "ä", "\""] {
            let cut = fitting(c.repeat(300_000));
            assert!(cut.ends_with('…') && as_json(&cut) <= TEXT_MAX, "{c:?}: {}", as_json(&cut));
        }
    }
}
