//! Days that are not like others.
