//! What campaigns owe, and what they want of each day.

mod book;

pub(crate) use book::{Book, Opened, Want};
