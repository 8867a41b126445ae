//! What messages and remarks call the things that were found.

use super::facts::{
    AlarmFacts, DatabaseFacts, Found, LeftOut, PlainFacts, QueueFacts, ServiceFacts, StreamFacts, TableFacts,
};

/// Something with a name.
pub(crate) trait Called {
    /// Its name.
    fn name(&self) -> &str;

    /// What it is, with its name.
    fn called(&self) -> String;
}

impl<T> Found<T> {
    /// A word on why it is not in the document.
    pub(crate) fn left_out(&self, why: impl Into<String>) -> LeftOut
    where
        T: Called,
    {
        LeftOut { what: format!("{} in {}", self.item.called(), self.region), why: why.into() }
    }
}

impl Called for ServiceFacts {
    fn name(&self) -> &str {
        self.name.as_str()
    }
    fn called(&self) -> String {
        format!("service {} of cluster {}", self.name, self.cluster)
    }
}

impl Called for DatabaseFacts {
    fn name(&self) -> &str {
        self.id.name().as_str()
    }
    fn called(&self) -> String {
        format!("database {}", self.id.name())
    }
}

impl Called for PlainFacts {
    fn name(&self) -> &str {
        self.name.as_str()
    }
    fn called(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}

macro_rules! called {
    ($($facts:ty = $kind:literal;)*) => {$(
        impl Called for $facts {
            fn name(&self) -> &str {
                self.name.as_str()
            }
            fn called(&self) -> String {
                format!("{} {}", $kind, self.name)
            }
        }
    )*};
}

called! {
    AlarmFacts = "alarm";
    TableFacts = "table";
    QueueFacts = "queue";
    StreamFacts = "stream";
}
