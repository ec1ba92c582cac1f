//! Reports from the airing log: what was due, what was heard and for how long, what is owed. Nothing here knows HTTP.

mod airings;
pub mod airtime;
mod form;
mod sheet;
mod words;

pub use airings::airings;
pub use airtime::{Airtime, By, Figure, Line, Period, Sums, Wanted};
pub use form::{Heading, STYLE, form, form_alone};
pub use sheet::{MOST_ROWS, Sheet, airtime as airtime_sheet};
pub use words::{Tongue, clock, table};
