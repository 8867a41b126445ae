//! The shapes that stand beside words. Their colour only repeats what word and shape say.

use maud::{Markup, html};

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr)]
pub enum Tone {
    /// Awake.
    #[strum(serialize = "t-run")]
    Awake,
    /// Nothing to say: asleep, not known.
    #[strum(serialize = "t-mut")]
    Grey,
    /// An emergency, or a person should look.
    #[strum(serialize = "t-hot")]
    Amber,
    /// Away from home.
    #[strum(serialize = "t-away")]
    Violet,
    /// Halted.
    #[strum(serialize = "t-ink")]
    Ink,
    /// Needs a person.
    #[strum(serialize = "t-bad")]
    Red,
    /// Proved.
    #[strum(serialize = "t-good")]
    Green,
}

impl Tone {
    /// The class of its colour.
    pub(crate) fn class(self) -> &'static str {
        self.into()
    }
}

/// A shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// A dashed circle: cannot be read.
    Dashed,
    /// A diamond with a question mark: asks.
    Diamond,
    /// Two arrow heads: moving.
    Arrows,
    /// A square: halted.
    Square,
    /// A bar in a disc: refused.
    Bar,
    /// A cross: failed, unverified.
    Cross,
    /// Two waves: drift.
    Waves,
    /// Two bars: serves away from home.
    Bars,
    /// Two hollow bars: stands by.
    HollowBars,
    /// A triangle: an emergency.
    Triangle,
    /// A crescent: asleep.
    Crescent,
    /// A disc: awake.
    Disc,
    /// A tick: good.
    Tick,
    /// A clock: a backup is too old.
    Clock,
    /// A triangle with an exclamation mark: degraded, or somebody is needed.
    Warning,
    /// The letter i: a note.
    Note,
}

/// The hook of the question mark and its dot, in a diamond.
const DIAMOND: &str = "M8 .6 15.4 8 8 15.4.6 8zM5.6 6.7h1.7c0-.5.3-.8.8-.8.4 0 .7.3.7.6 0 .9-1.7 1-1.7 2.7h1.6c0-1 1.8-1.2 \
                       1.8-2.8C10.5 5.1 9.5 4.4 8.1 4.4c-1.5 0-2.5.9-2.5 2.3zm1.5 3.3h1.7v1.7H7.1z";
const WAVES: &str = "M1.5 6.6c2-3 4.4-2.6 6.5-1s4 1.6 6-1v2.6c-2 2.6-4.1 2.4-6.2.8s-4.2-1.6-6.3 1zm0 5c2-3 4.4-2.6 \
                     6.5-1s4 1.6 6-1v2.6c-2 2.6-4.1 2.4-6.2.8s-4.2-1.6-6.3 1z";

impl Shape {
    /// Its outline in a field of 16 by 16, filled by the even-odd rule.
    fn path(self) -> &'static str {
        match self {
            Self::Dashed | Self::Disc => "",
            Self::Diamond => DIAMOND,
            Self::Arrows => "M2 3.5 7.5 8 2 12.5zM8.5 3.5 14 8l-5.5 4.5z",
            Self::Square => "M2.5 2.5h11v11h-11z",
            Self::Bar => "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM4 6.8v2.4h8V6.8z",
            Self::Cross => "M3.4 2 8 6.6 12.6 2 14 3.4 9.4 8l4.6 4.6-1.4 1.4L8 9.4 3.4 14 2 12.6 6.6 8 2 3.4z",
            Self::Waves => WAVES,
            Self::Bars => "M2.5 2h4.6v12H2.5zM9 2h4.6v12H9z",
            Self::HollowBars => "M2.5 2h4.6v12H2.5zM4 3.5v9h1.6v-9zM9 2h4.6v12H9zM10.5 3.5v9h1.6v-9z",
            Self::Triangle => "M8 1.8 14.6 14H1.4z",
            Self::Crescent => "M6.2 2a6.3 6.3 0 1 0 7.6 8.6A5.4 5.4 0 0 1 6.2 2z",
            Self::Tick => "m2.2 8.5 1.7-1.6 2.9 2.9 5.5-6 1.7 1.6-7.2 7.7z",
            Self::Clock => "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM7.1 4v4.7l3.6 2 .8-1.4-2.7-1.6V4z",
            Self::Warning => "M8 1.5 15 14H1zM7.2 6v4h1.6V6zm0 5v1.6h1.6V11z",
            Self::Note => "M7 6.5h2V13H7zM7 3h2v2H7z",
        }
    }

    /// What is drawn, within an `svg`.
    pub(crate) fn drawn(self) -> Markup {
        html! {
            @if self == Self::Dashed {
                circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.8" stroke-dasharray="2.3 2" {}
            } @else if self == Self::Disc {
                circle cx="8" cy="8" r="5.5" {}
            } @else {
                path d=(self.path()) {}
            }
        }
    }

    /// The shape beside its words, in the colour around it.
    pub(crate) fn plain(self) -> Markup {
        html! { svg class="sh" viewBox="0 0 16 16" aria-hidden="true" { (self.drawn()) } }
    }

    /// The shape beside its words, in a tone.
    pub(crate) fn beside(self, tone: Tone) -> Markup {
        html! { svg class={ "sh " (tone.class()) } viewBox="0 0 16 16" aria-hidden="true" { (self.drawn()) } }
    }
}
