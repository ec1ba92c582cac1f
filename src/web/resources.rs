//! The kinds of documents that are planned with over HTTP: how each is read, checked and let go.

use super::App;
use super::bodies::{CampaignBody, HolidayBody, ProgrammeBody, Show, UnitBody, WindowBody, ZoneBody};
use super::read;
use crate::error::{Error, ErrorKind, Result};
use crate::planning::{self, Notice, Planned};
use loaxa_schedules::{
    Campaign, CampaignId, Holiday, HolidayId, Programme, ProgrammeId, Unit, UnitId, Window, WindowId, Zone,
    ZoneId,
};
use uuid::Uuid;

/// A document that is planned with over HTTP.
pub(super) trait Resource: Planned + Show {
    /// Last part of its path.
    const PATH: &'static str;
    /// Reads a body.
    fn draft(id: Uuid, body: &[u8]) -> Result<Self>;
    /// Checks it against its own rules and the station: everything that it names must exist. With it comes what the
    /// person should know.
    fn check(self, app: &App) -> Result<(Self, Vec<Notice>)>;
    /// Says why it cannot go while others name it.
    fn may_go(_id: Uuid, _app: &App) -> Result<()> {
        Ok(())
    }
}

impl Resource for Zone {
    const PATH: &'static str = "zones";

    fn draft(id: Uuid, body: &[u8]) -> Result<Self> {
        read::<ZoneBody>(body)?.zone(ZoneId(id))
    }

    fn check(self, app: &App) -> Result<(Self, Vec<Notice>)> {
        Zone::check(&self).map_err(|error| planning::refused(&error))?;
        let others = app.store.all_documents::<Zone>()?;
        if others.iter().any(|other| other.id != self.id && other.name == self.name) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "name_taken",
                format!("a zone named {:?} exists already; choose another name", self.name),
            ));
        }
        Ok((self, Vec::new()))
    }

    fn may_go(id: Uuid, app: &App) -> Result<()> {
        planning::require_unused_zone(&app.store, ZoneId(id))
    }
}

impl Resource for Window {
    const PATH: &'static str = "windows";

    fn draft(id: Uuid, body: &[u8]) -> Result<Self> {
        read::<WindowBody>(body)?.window(WindowId(id))
    }

    fn check(self, app: &App) -> Result<(Self, Vec<Notice>)> {
        planning::check_window(&app.store, &self)?;
        Ok((self, Vec::new()))
    }

    fn may_go(id: Uuid, app: &App) -> Result<()> {
        planning::require_unused_window(&app.store, WindowId(id))
    }
}

impl Resource for Programme {
    const PATH: &'static str = "programmes";

    fn draft(id: Uuid, body: &[u8]) -> Result<Self> {
        read::<ProgrammeBody>(body)?.programme(ProgrammeId(id))
    }

    fn check(self, app: &App) -> Result<(Self, Vec<Notice>)> {
        planning::check_programme(&app.store, &app.site, self, app.clock.now().wall)
    }
}

impl Resource for Campaign {
    const PATH: &'static str = "campaigns";

    fn draft(id: Uuid, body: &[u8]) -> Result<Self> {
        read::<CampaignBody>(body)?.campaign(CampaignId(id))
    }

    fn check(self, app: &App) -> Result<(Self, Vec<Notice>)> {
        planning::check_campaign(&app.store, &app.site, &self, app.clock.now().wall)?;
        Ok((self, Vec::new()))
    }
}

impl Resource for Holiday {
    const PATH: &'static str = "holidays";

    fn draft(id: Uuid, body: &[u8]) -> Result<Self> {
        read::<HolidayBody>(body)?.holiday(HolidayId(id))
    }

    fn check(self, _app: &App) -> Result<(Self, Vec<Notice>)> {
        planning::check_holiday(&self)?;
        Ok((self, Vec::new()))
    }

    fn may_go(id: Uuid, app: &App) -> Result<()> {
        planning::require_unused_holiday(&app.store, HolidayId(id))
    }
}

impl Resource for Unit {
    const PATH: &'static str = "units";

    fn draft(id: Uuid, body: &[u8]) -> Result<Self> {
        read::<UnitBody>(body)?.unit(UnitId(id))
    }

    fn check(self, app: &App) -> Result<(Self, Vec<Notice>)> {
        planning::check_unit(&app.store, &self)?;
        Ok((self, Vec::new()))
    }

    fn may_go(id: Uuid, app: &App) -> Result<()> {
        planning::require_unused_unit(&app.store, UnitId(id))
    }
}
