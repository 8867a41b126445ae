//! The HTML that leaves this crate. Whatever is put into it is escaped by the template; what cannot be seen, or turns the
//! direction of the text around it, becomes `�`.

#[expect(clippy::disallowed_types, reason = "what is not escaped is made here alone")]
use maud::PreEscaped;
use maud::{DOCTYPE, Markup, Render as _, html};
use serde::Serialize;

use crate::facts::{Frame, Theme};
use crate::style::Styles;

/// The most characters of a text that are shown at once, and of a name; the whole is in its `title`.
pub const TEXT_MAX: usize = 200;
/// See [`TEXT_MAX`].
pub const NAME_MAX: usize = 80;

/// The most characters of anybody else's words in a confirmation.
pub const QUOTE_MAX: usize = 120;

/// The most characters of a `title`: the longest reason that a request may give. The rest is in the record.
const TITLE_MAX: usize = 500;

/// The paper of a document, with the margins of a letter (CSS Paged Media, `@page`).
const PAPER: &str = "@page{size:A4;margin:16mm 15mm 18mm}";

/// What is around a page of a site: nothing of its own, in the colours of the browser.
const SITE: &str = "html{color-scheme:light dark}body{margin:0}";

/// A whole page, as a custom widget returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// The page of a frame: its styles, its region with a label, and what is in it.
    pub fn page(frame: &Frame, styles: &[Styles], label: &str, content: &Markup) -> Self {
        let theme = frame.viewer.theme;
        let class = match theme {
            Theme::Light => "wk light",
            Theme::Dark => "wk dark",
            Theme::Unknown => "wk",
        };
        let page = html! {
            style { (as_it_is(&Styles::of(styles, theme, frame.viewer.width))) }
            div class="cwdb-no-default-styles" {}
            div class=(class) role="region" aria-label=(label) { (content) }
        };
        Self(page.into_string().chars().map(shown).collect())
    }

    /// A document of its own, for paper: it needs nothing from outside, runs nothing, and fits A4.
    pub fn document(title: &str, styles: &[Styles], content: &Markup) -> Self {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    title { (title) }
                    style { (as_it_is(&(Styles::of(styles, Theme::Light, None) + PAPER))) }
                }
                body { main class="wk light rep" { (content) } }
            }
        };
        Self(page.into_string().chars().map(shown).collect())
    }

    /// A page of a site of its own, for any screen: it needs nothing from outside and runs nothing. The browser asks anew by itself
    /// after so many seconds, where it is told to.
    pub fn site(title: &str, refresh: Option<u32>, styles: &[Styles], content: &Markup) -> Self {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    meta name="robots" content="noindex";
                    @if let Some(seconds) = refresh { meta http-equiv="refresh" content=(seconds); }
                    // So that no browser asks for an icon besides.
                    link rel="icon" href="data:,";
                    title { (title) }
                    style { (as_it_is(&(Styles::of(styles, Theme::Unknown, None) + SITE))) }
                }
                body { main class="wk wake" { (content) } }
            }
        };
        Self(page.into_string().chars().map(shown).collect())
    }

    /// The page as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Html> for String {
    fn from(html: Html) -> Self {
        html.0
    }
}

/// Control characters and noncharacters are not shown, nor what overrides the direction of a text (Unicode Standard Annex 9, explicit
/// directional embeddings, overrides and isolates).
fn shown(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() || is_noncharacter(c) => '\u{fffd}',
        c => c,
    }
}

/// A code point that is never a character (HTML standard, "noncharacter").
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// Somebody else's text, cut.
pub(crate) fn text(text: &str) -> Markup {
    cut(text, TEXT_MAX)
}

/// Somebody else's text, all of it.
pub(crate) fn whole(text: &str) -> Markup {
    text.render()
}

/// Somebody else's name, cut.
pub(crate) fn name(text: &str) -> Markup {
    cut(text, NAME_MAX)
}

fn cut(text: &str, most: usize) -> Markup {
    if text.chars().nth(most).is_none() {
        return text.render();
    }
    let title: String = text.chars().take(TITLE_MAX).collect();
    html! { span title=(title) { (shortened(text, most)) } }
}

/// The first characters of a text, with an ellipsis where there are more.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Somebody else's words in a confirmation: in quotation marks, and cut.
pub(crate) fn quoted(text: &str) -> String {
    format!("“{}”", shortened(text, QUOTE_MAX))
}

/// A value as JSON within HTML: what HTML would read is written as JSON's own escapes.
pub(crate) fn json(value: &impl Serialize) -> Markup {
    // Structs of names and numbers: there is no map whose keys could not be written.
    let text = serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned());
    as_it_is(&text.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e"))
}

/// The only two things that are not escaped by the template: our own styles, and JSON that is escaped in its own way.
fn as_it_is(text: &str) -> Markup {
    PreEscaped(text.to_owned())
}
