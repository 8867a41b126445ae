//! The estate documents, their schema, and the command that checks them.
