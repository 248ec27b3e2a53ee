//! A project's own rules, in front of all others: bounded, validated data.

use std::fmt;

use crate::channel::Channel;
use crate::host;

/// The most rules a project may have.
pub const MAX_RULES: usize = 100;
/// The most own hosts a project may name.
pub const MAX_HOSTS: usize = 100;
/// The longest text in a rule, in bytes.
pub const MAX_TEXT: usize = 256;

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Field {
    /// The referrer's host: the pattern is a host and covers what stands below it.
    ReferrerHost,
    /// `utm_source`: the pattern is compared without regard to case, `*` at its beginning or end
    /// stands for anything.
    UtmSource,
    /// `utm_medium`, as `utm_source`.
    UtmMedium,
    /// `utm_campaign`, as `utm_source`.
    UtmCampaign,
}

/// A rule as a project writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct ProjectRule {
    /// The name that [`crate::Attribution::rule_id`] takes.
    pub id: String,
    /// What is looked at.
    pub field: Field,
    /// What it must be; see [`Field`].
    pub pattern: String,
    /// The source to answer with.
    pub source: String,
    /// The medium to answer with.
    pub medium: String,
    /// The channel's GA4 name; absent: computed from source and medium.
    #[cfg_attr(feature = "serde", serde(default))]
    pub channel: Option<String>,
}

/// Why a project's rules were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RulesError {
    /// More than [`MAX_RULES`] rules.
    TooManyRules,
    /// More than [`MAX_HOSTS`] hosts.
    TooManyHosts,
    /// A text of the rule at this place is empty, longer than [`MAX_TEXT`] or has control characters.
    BadText(usize),
    /// The pattern of the rule at this place is no host, or has a `*` in its middle.
    BadPattern(usize),
    /// The channel of the rule at this place is none of GA4's.
    UnknownChannel(usize),
    /// The own host at this place is no host.
    BadHost(usize),
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRules => write!(f, "more than {MAX_RULES} rules"),
            Self::TooManyHosts => write!(f, "more than {MAX_HOSTS} hosts"),
            Self::BadText(at) => {
                write!(f, "rule {at}: texts are 1 to {MAX_TEXT} bytes long, without control characters")
            }
            Self::BadPattern(at) => {
                write!(f, "rule {at}: the pattern is a host, or a text with * at either end")
            }
            Self::UnknownChannel(at) => write!(f, "rule {at}: unknown channel"),
            Self::BadHost(at) => write!(f, "host {at} is not a host name"),
        }
    }
}

impl std::error::Error for RulesError {}

/// A project's own rules and own hosts. Empty by default.
#[derive(Clone, Debug, Default)]
pub struct ProjectRules {
    rules: Vec<Compiled>,
    hosts: Vec<String>,
}

#[derive(Clone, Debug)]
struct Compiled {
    id: String,
    field: Field,
    pattern: Pattern,
    source: String,
    medium: String,
    channel: Option<Channel>,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// Lower case, without its stars.
    text: String,
    open_start: bool,
    open_end: bool,
}

/// What a project's rule answers.
pub(crate) struct Answer<'a> {
    pub(crate) id: &'a str,
    pub(crate) source: &'a str,
    pub(crate) medium: &'a str,
    pub(crate) channel: Option<Channel>,
}

impl ProjectRules {
    /// Checks and compiles a project's rules; the first that fits wins. `own_hosts` are hosts that
    /// count as the same site (a shop or a help desk on another domain), with all below them.
    ///
    /// # Errors
    /// Says which rule or host cannot be taken, and why.
    pub fn new(
        rules: impl IntoIterator<Item = ProjectRule>,
        own_hosts: impl IntoIterator<Item = String>,
    ) -> Result<Self, RulesError> {
        let mut all = Self::default();
        for (at, rule) in rules.into_iter().enumerate() {
            if at == MAX_RULES {
                return Err(RulesError::TooManyRules);
            }
            all.rules.push(Compiled::check(&rule, at)?);
        }
        for (at, host) in own_hosts.into_iter().enumerate() {
            if at == MAX_HOSTS {
                return Err(RulesError::TooManyHosts);
            }
            let host = host::normalize(host.trim()).ok_or(RulesError::BadHost(at))?;
            all.hosts.push(host.into_owned());
        }
        Ok(all)
    }

    pub(crate) fn is_own_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| host::is_within(host, own))
    }

    /// The first rule that fits. `utm` are source, medium and campaign as sent.
    pub(crate) fn answer(&self, referrer_host: &str, utm: [&str; 3]) -> Option<Answer<'_>> {
        let [source, medium, campaign] = utm;
        let rule = self.rules.iter().find(|rule| match rule.field {
            Field::ReferrerHost => host::is_within(referrer_host, &rule.pattern.text),
            Field::UtmSource => rule.pattern.fits(source),
            Field::UtmMedium => rule.pattern.fits(medium),
            Field::UtmCampaign => rule.pattern.fits(campaign),
        })?;
        Some(Answer { id: &rule.id, source: &rule.source, medium: &rule.medium, channel: rule.channel })
    }
}

impl Compiled {
    fn check(rule: &ProjectRule, at: usize) -> Result<Self, RulesError> {
        for text in [&rule.id, &rule.pattern, &rule.source, &rule.medium] {
            let sound = !text.trim().is_empty() && text.len() <= MAX_TEXT && !text.chars().any(char::is_control);
            if !sound {
                return Err(RulesError::BadText(at));
            }
        }
        let channel = match rule.channel.as_deref() {
            None => None,
            Some(name) => Some(Channel::from_name(name).ok_or(RulesError::UnknownChannel(at))?),
        };
        let pattern = Pattern::compile(rule.field, rule.pattern.trim()).ok_or(RulesError::BadPattern(at))?;
        Ok(Self {
            id: rule.id.trim().to_owned(),
            field: rule.field,
            pattern,
            source: rule.source.trim().to_lowercase(),
            medium: rule.medium.trim().to_lowercase(),
            channel,
        })
    }
}

impl Pattern {
    fn compile(field: Field, pattern: &str) -> Option<Self> {
        if field == Field::ReferrerHost {
            let host = pattern.strip_prefix("*.").unwrap_or(pattern);
            let text = host::normalize(host)?.into_owned();
            return Some(Self { text, open_start: false, open_end: false });
        }
        let text = pattern.strip_prefix('*');
        let (open_start, text) = (text.is_some(), text.unwrap_or(pattern));
        let inner = text.strip_suffix('*');
        let (open_end, text) = (inner.is_some(), inner.unwrap_or(text));
        (!text.is_empty() && !text.contains('*')).then(|| Self { text: text.to_lowercase(), open_start, open_end })
    }

    fn fits(&self, value: &str) -> bool {
        if value.is_empty() {
            return false;
        }
        let value = value.to_lowercase();
        match (self.open_start, self.open_end) {
            (false, false) => value == self.text,
            (true, false) => value.ends_with(&self.text),
            (false, true) => value.starts_with(&self.text),
            (true, true) => value.contains(&self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, MAX_RULES, ProjectRule, ProjectRules, RulesError};

    fn rule(field: Field, pattern: &str) -> ProjectRule {
        ProjectRule {
            id: "own".into(),
            field,
            pattern: pattern.into(),
            source: "Partner".into(),
            medium: "Affiliate".into(),
            channel: None,
        }
    }

    #[test]
    fn refuses_what_it_cannot_take_and_says_where() {
        let new = |rule: ProjectRule| ProjectRules::new([rule], []).map(|_| ());
        assert_eq!(new(rule(Field::UtmSource, "a*b")), Err(RulesError::BadPattern(0)));
        assert_eq!(new(rule(Field::UtmSource, "*")), Err(RulesError::BadPattern(0)));
        assert_eq!(new(rule(Field::ReferrerHost, "no host")), Err(RulesError::BadPattern(0)));
        assert_eq!(new(rule(Field::UtmSource, " ")), Err(RulesError::BadText(0)));
        assert_eq!(new(rule(Field::UtmSource, &"x".repeat(257))), Err(RulesError::BadText(0)));
        let named = ProjectRule { channel: Some("Nonsense".into()), ..rule(Field::UtmSource, "x") };
        assert_eq!(new(named), Err(RulesError::UnknownChannel(0)));
        let many = vec![rule(Field::UtmSource, "x"); MAX_RULES + 1];
        assert_eq!(ProjectRules::new(many, []).map(|_| ()), Err(RulesError::TooManyRules));
        let host = ProjectRules::new([], ["a b".to_owned()]).map(|_| ());
        assert_eq!(host, Err(RulesError::BadHost(0)));
    }

    #[test]
    fn stars_stand_at_either_end() {
        let rules = ProjectRules::new([rule(Field::UtmCampaign, "spring*")], []).unwrap();
        assert!(rules.answer("", ["", "", "Spring-2026"]).is_some());
        assert!(rules.answer("", ["", "", "early spring"]).is_none());
        let rules = ProjectRules::new([rule(Field::ReferrerHost, "partner.example")], []).unwrap();
        assert!(rules.answer("www.partner.example", ["", "", ""]).is_some());
        assert!(rules.answer("notpartner.example", ["", "", ""]).is_none());
    }
}
