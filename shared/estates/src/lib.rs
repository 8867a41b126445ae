//! The estate documents, their schema, and the command that checks them.
//!
//! A document goes through three sieves, and whatever any of them holds back is reported at once: YAML with its lines
//! (`yaml`), the shape that the schema asks for (`shape`), and the meaning that the domain asks for. So that a mistake of
//! shape does not hide one of meaning, a copy of the tree is mended first (`parse`): what is wrong is taken out, what is
//! missing is filled in, and no finding that comes of the mending is shown.

mod compiled;
pub mod draft;
mod load;
mod node;
mod parse;
mod problem;
mod schema;
mod shape;
mod week;
mod yaml;

pub use compiled::{COMPILED, CompileError, compile_dir, load_deployed};
pub use load::load_dir;
pub use parse::parse;
pub use problem::FileProblem;
pub use schema::{schema, schema_text};
pub use watchkeeper_domain::estate::{EstateFolder, UnknownName};
pub use week::{picture_of, week_of};
