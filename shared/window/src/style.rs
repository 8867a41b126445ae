//! The styles of the pages, scoped under `.wk`: the console's own are switched off.

use crate::facts::Theme;

/// A sheet of styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Styles {
    /// What every page has.
    Base,
    /// The window.
    Window,
    /// The window with a line for each environment.
    Many,
    /// Every other page.
    Page,
    /// The page of a pair.
    Failover,
    /// The page of backups.
    Backups,
}

impl Styles {
    const fn sheet(self) -> &'static str {
        match self {
            Self::Base => include_str!("style/base.css"),
            Self::Window => include_str!("style/window.css"),
            Self::Many => include_str!("style/many.css"),
            Self::Page => include_str!("style/page.css"),
            Self::Failover => include_str!("style/failover.css"),
            Self::Backups => include_str!("style/backups.css"),
        }
    }

    /// These sheets after the base, in the colours of a theme.
    pub(crate) fn of(sheets: &[Self], theme: Theme) -> String {
        let all: String = std::iter::once(&Self::Base).chain(sheets).map(|it| it.sheet()).collect();
        let all: String = all.lines().map(str::trim).collect();
        match theme {
            Theme::Light => coloured(&all, 0),
            Theme::Dark => coloured(&all, 1),
            Theme::Unknown => all,
        }
    }
}

/// The sheet with one of the two colours of each `light-dark(LIGHT,DARK)`, which the browser chooses where nobody else can.
fn coloured(sheet: &str, which: usize) -> String {
    let mut parts = sheet.split("light-dark(");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (colours, rest) = part.split_once(')').unwrap_or((part, ""));
        out.push_str(colours.split(',').nth(which).unwrap_or(colours));
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Styles; 5] = [Styles::Window, Styles::Many, Styles::Page, Styles::Failover, Styles::Backups];

    #[test]
    fn a_known_theme_has_its_own_colours_and_leaves_the_browser_no_choice() {
        let (light, dark) = (Styles::of(&ALL, Theme::Light), Styles::of(&ALL, Theme::Dark));
        assert!(light.contains("--bg:#fff;") && dark.contains("--bg:#141b24;"));
        assert!(!light.contains("light-dark") && !dark.contains("light-dark"));
        assert!(Styles::of(&ALL, Theme::Unknown).contains("--bg:light-dark(#fff,#141b24);"));
    }

    #[test]
    fn every_rule_is_scoped_and_nothing_comes_from_outside() {
        let all = Styles::of(&ALL, Theme::Unknown);
        let rules = all.split('}').filter_map(|rule| rule.rsplit_once('{').map(|(selectors, _)| selectors));
        for selectors in rules {
            let selectors = selectors.rsplit('{').next().unwrap_or_default();
            for selector in selectors.split(",.").filter(|it| !it.is_empty()) {
                assert!(selector.trim_start_matches('.').starts_with("wk"), "{selector:?} is not below .wk");
            }
        }
        assert!(!all.contains("url(") && !all.contains("@import") && !all.contains("</"));
    }
}
