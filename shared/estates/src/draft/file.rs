//! A draft and the document of its name: written where there is none yet, and compared with one that is there.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::Draft;
use super::write::counted;

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// What to tell, in lines.
    pub text: String,
    /// Whether the document has what was found: it was written now, or agrees.
    pub agrees: bool,
}

impl Draft {
    /// Writes a document that is not there; of one that is, which is never written to, what it differs in is told.
    ///
    /// # Errors
    /// Every problem: a file that cannot be written or read, or a document that is not in order.
    pub fn deliver(&self, out: &Path) -> Result<Delivered, Vec<String>> {
        let failed =
            |error: &io::Error| vec![format!("{}: found {error}, expected a file that can be written", out.display())];
        match File::create_new(out) {
            Ok(mut file) => {
                if let Err(error) = file.write_all(self.text().as_bytes()).and_then(|()| file.sync_all()) {
                    // Half a document is worse than none.
                    let _ = fs::remove_file(out);
                    return Err(failed(&error));
                }
                Ok(Delivered { text: format!("wrote {}: {}\n", out.display(), self.summary()), agrees: true })
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.compare(out),
            Err(error) => Err(failed(&error)),
        }
    }

    fn compare(&self, out: &Path) -> Result<Delivered, Vec<String>> {
        let name = out.display().to_string();
        let text = fs::read_to_string(out)
            .map_err(|error| vec![format!("{name}: found {error}, expected a document that can be read")])?;
        let differences = self.differences(&name, &text);
        let differences = differences.map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        if differences.is_empty() {
            let text = format!("{name} has what was found; nothing was written\n");
            return Ok(Delivered { text, agrees: true });
        }
        let mut lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
        lines.push(format!("{name} differs in {}; nothing was written\n", counted(lines.len(), "place")));
        Ok(Delivered { text: lines.join("\n"), agrees: false })
    }
}
