//! `device.profile`: a published device under what the scenario says.

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Problem;
use super::overrides::shift;
use super::source::{OriginKind, Sources};
use crate::profile;

/// The profiles that variants have named so far, and where their texts stand in the sources: once,
/// so that what is wrong in several variants is wrong in one place.
#[derive(Debug, Default)]
pub struct Profiles(Vec<(&'static str, usize)>);

impl Profiles {
    /// The entries of the profile that `scenario` names, if it names one. They are whole tables of
    /// a scenario, with spans into the profile's text.
    ///
    /// # Errors
    /// There is no profile of this name.
    pub fn under<'t>(
        &mut self,
        scenario: &DeTable<'_>,
        sources: &mut Sources,
    ) -> Result<Option<DeTable<'t>>, Problem> {
        // What is no table or no text is told by others.
        let device = scenario.get("device").map(Spanned::get_ref);
        let Some(DeValue::Table(device)) = device else {
            return Ok(None);
        };
        let Some(entry) = device.get("profile") else {
            return Ok(None);
        };
        let DeValue::String(name) = entry.get_ref() else {
            return Ok(None);
        };
        let Some(profile) = profile::find(name) else {
            let unknown = profile::Unknown::new(name);
            let accepted = unknown.accepted();
            return Err(Problem::at(entry.span(), unknown.to_string(), accepted));
        };
        let offset = self.offset(profile, sources);
        let table = DeTable::parse(profile.text).expect("a test reads every profile");
        let whole = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
        let DeValue::Table(table) = shift(whole, offset).into_inner() else {
            unreachable!("a table stays one");
        };
        let is_wall = scenario.get("clock").map(Spanned::get_ref);
        let is_wall = matches!(is_wall, Some(DeValue::String(clock)) if clock == "wall");
        let counts = |key: &str| match key {
            // By the wall clock the host's work takes the time that it takes.
            "host" => !is_wall,
            key => profile::SECTIONS.contains(&key),
        };
        let entries = table.into_iter();
        Ok(Some(
            entries.filter(|(key, _)| counts(key.get_ref())).collect(),
        ))
    }

    fn offset(&mut self, profile: &profile::Source, sources: &mut Sources) -> usize {
        if let Some((_, offset)) = self.0.iter().find(|(name, _)| *name == profile.name) {
            return *offset;
        }
        let shown = format!("profile {}", profile.name);
        let offset = sources.push(OriginKind::File(shown), profile.text.to_owned());
        self.0.push((profile.name, offset));
        offset
    }
}
