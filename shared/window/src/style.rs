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
    /// A report, which is printed.
    Report,
    /// The page of an environment that sleeps.
    Wake,
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
            Self::Report => include_str!("style/report.css"),
            Self::Wake => include_str!("style/wake.css"),
        }
    }

    /// Whether its page takes the place of the widget, whose width the console tells. Others open over it, in a width of their
    /// own.
    const fn is_of_widget(self) -> bool {
        matches!(self, Self::Window | Self::Backups | Self::Failover)
    }

    /// These sheets after the base, in the colours of a theme, and for a width in pixels where it is known.
    pub(crate) fn of(sheets: &[Self], theme: Theme, width: Option<u32>) -> String {
        let all: String = std::iter::once(&Self::Base).chain(sheets).map(|it| it.sheet()).collect();
        let all: String = all.lines().map(str::trim).collect();
        let all = match width.filter(|_| sheets.iter().any(|it| it.is_of_widget())) {
            Some(width) => fitted(&all, width),
            None => all,
        };
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

/// The sheet without its container queries: the rules of those that hold for a width stay, the others go.
fn fitted(sheet: &str, width: u32) -> String {
    const QUERY: &str = "@container (max-width:";
    let Some((before, query)) = sheet.split_once(QUERY) else { return sheet.to_owned() };
    let (most, rules) = query.split_once("px){").unwrap_or((query, ""));
    // Rules do not lie in each other, so two braces beside each other end a query.
    let (rules, rest) = rules.split_once("}}").unwrap_or((rules, ""));
    let kept = if most.parse().is_ok_and(|most: u32| width <= most) { format!("{rules}}}") } else { String::new() };
    format!("{before}{kept}{}", fitted(rest, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Styles; 7] =
        [Styles::Window, Styles::Many, Styles::Page, Styles::Failover, Styles::Backups, Styles::Report, Styles::Wake];

    #[test]
    fn a_known_theme_has_its_own_colours_and_leaves_the_browser_no_choice() {
        let (light, dark) = (Styles::of(&ALL, Theme::Light, None), Styles::of(&ALL, Theme::Dark, None));
        assert!(light.contains("--bg:#fff;") && dark.contains("--bg:#141b24;"));
        assert!(!light.contains("light-dark") && !dark.contains("light-dark"));
        assert!(Styles::of(&ALL, Theme::Unknown, None).contains("--bg:light-dark(#fff,#141b24);"));
    }

    #[test]
    fn a_known_width_has_its_own_rules_and_leaves_the_container_no_question() {
        let at = |width| Styles::of(&[Styles::Window], Theme::Light, Some(width));
        let (medium, narrow) = (".wk .own{display:none}", ".wk .sum{margin-left:0}");
        for (width, is_medium, is_narrow) in
            [(1200, false, false), (1080, true, false), (701, true, false), (700, true, true)]
        {
            let sheet = at(width);
            assert_eq!((sheet.contains(medium), sheet.contains(narrow)), (is_medium, is_narrow), "{width}");
            assert!(!sheet.contains("@container"));
            assert_eq!(sheet.matches('{').count(), sheet.matches('}').count(), "{width}");
        }
        let popup = Styles::of(&[Styles::Page], Theme::Light, Some(1200));
        assert!(popup.contains("@container"), "a page over the widget has a width of its own");
    }

    #[test]
    fn every_rule_is_scoped_and_nothing_comes_from_outside() {
        let all = Styles::of(&ALL, Theme::Unknown, None);
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
