//! A project's own rules and hosts. They take precedence over the built-in rules; their number and size are limited.

use std::fmt;

use crate::channel::Channel;
use crate::host;

/// Most rules of a project.
pub const MAX_RULES: usize = 100;
/// Most own hosts of a project.
pub const MAX_HOSTS: usize = 100;
/// Most bytes of each text in a rule.
pub const MAX_TEXT: usize = 256;

/// The field that a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Field {
    /// The referrer's host. The pattern is a host; its subdomains match too.
    ReferrerHost,
    /// `utm_source`. The pattern ignores case; `*` at its beginning or end matches any text.
    UtmSource,
    /// `utm_medium`, matched like `utm_source`.
    UtmMedium,
    /// `utm_campaign`, matched like `utm_source`.
    UtmCampaign,
}

/// A rule as a project defines it. It goes before the rules of the classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(rename = "ClassifierRule"))]
pub struct ProjectRule {
    /// Its id: the `rule_id` of what it classifies.
    #[cfg_attr(feature = "documented", schemars(length(min = 1, max = MAX_TEXT)))]
    pub id: String,
    /// The field that it matches.
    pub field: Field,
    /// What the field must be: a host, or a text that can begin or end with `*`.
    #[cfg_attr(feature = "documented", schemars(length(min = 1, max = MAX_TEXT)))]
    pub pattern: String,
    /// The source of visits that match.
    #[cfg_attr(feature = "documented", schemars(length(min = 1, max = MAX_TEXT)))]
    pub source: String,
    /// The medium of visits that match.
    #[cfg_attr(feature = "documented", schemars(length(min = 1, max = MAX_TEXT)))]
    pub medium: String,
    /// The channel of visits that match, by its GA4 name; if absent, it is computed from source and medium.
    #[cfg_attr(feature = "serde", serde(default))]
    #[cfg_attr(feature = "documented", schemars(length(min = 1, max = MAX_TEXT)))]
    pub channel: Option<String>,
}

/// Why a project's rules are invalid. Numbers are indexes from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RulesError {
    /// More than [`MAX_RULES`] rules.
    TooManyRules,
    /// More than [`MAX_HOSTS`] hosts.
    TooManyHosts,
    /// A text of this rule is empty, longer than [`MAX_TEXT`] or contains control characters.
    BadText(usize),
    /// The pattern of this rule is not a host, consists of `*` alone or has a `*` in its middle.
    BadPattern(usize),
    /// The channel of this rule is not one of [`Channel::ALL`].
    UnknownChannel(usize),
    /// This own host is not a host.
    BadHost(usize),
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRules => write!(f, "too many rules: at most {MAX_RULES} are allowed"),
            Self::TooManyHosts => write!(f, "too many hosts: at most {MAX_HOSTS} are allowed"),
            Self::BadText(at) => write!(
                f,
                "rules[{at}]: id, pattern, source and medium must each be 1 to {MAX_TEXT} bytes long, without control \
                 characters"
            ),
            Self::BadPattern(at) => write!(
                f,
                "rules[{at}].pattern: must be a host such as partner.example for referrer_host, or a text with * at its \
                 beginning or end such as spring* for utm_source, utm_medium and utm_campaign"
            ),
            Self::UnknownChannel(at) => {
                write!(f, "rules[{at}].channel: unknown channel; allowed: ")?;
                for (index, channel) in Channel::ALL.iter().enumerate() {
                    write!(f, "{}{}", if index == 0 { "" } else { ", " }, channel.as_str())?;
                }
                Ok(())
            }
            Self::BadHost(at) => write!(f, "hosts[{at}]: must be a host such as shop.example.com"),
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
    /// The pattern in lower case, without `*`.
    text: String,
    open_start: bool,
    open_end: bool,
}

/// The result of a project's rule.
pub(crate) struct Answer<'a> {
    pub(crate) id: &'a str,
    pub(crate) source: &'a str,
    pub(crate) medium: &'a str,
    pub(crate) channel: Option<Channel>,
}

impl ProjectRules {
    /// Validates and compiles a project's rules; the first that matches decides. `own_hosts` are hosts that count as the
    /// same site, such as a shop or a help desk on another domain; so do their subdomains.
    ///
    /// # Errors
    /// The first invalid rule or host, and why it is invalid.
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

    /// The result of the first rule that matches. `utm` is source, medium and campaign as sent.
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
    fn invalid_rules_are_refused_and_the_message_says_which() {
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
        for (error, text) in [
            (RulesError::TooManyRules, "too many rules: at most 100 are allowed"),
            (RulesError::BadText(2), "rules[2]: id, pattern, source and medium must each be 1 to 256 bytes long"),
            (RulesError::BadPattern(0), "rules[0].pattern: must be a host such as partner.example for referrer_host"),
            (
                RulesError::UnknownChannel(1),
                "rules[1].channel: unknown channel; allowed: Internal, Direct, AI Assistant, ",
            ),
            (RulesError::BadHost(3), "hosts[3]: must be a host such as shop.example.com"),
        ] {
            assert!(error.to_string().starts_with(text), "{error}");
        }
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
